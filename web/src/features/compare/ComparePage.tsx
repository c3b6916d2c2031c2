/** What changed between two versions, or between a version and the drawing on the table. */
import { Select, UnstyledButton } from '@mantine/core'
import { IconCircleCheck } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useSearch } from '@tanstack/react-router'
import { lazy, Suspense, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api } from '@/api'
import { versionsQuery } from '@/features/processes/queries'
import { navigateTo } from '@/ui/nav'
import { BlockSkeleton, EmptyState, Page, QueryView } from '@/ui/Page'
import css from './compare.module.css'
import { compare, parse, type Change, type ChangeKind } from './diff'

const CompareView = lazy(() => import('./CompareView'))

interface Version {
  ref: string
  name: string
  /** Counted version; none for a drawing. */
  version: number | null
  xml: string
}

/** `definition:def-7` or `model:model-3`. */
async function readSide(ref: string, signal: AbortSignal): Promise<Version> {
  const [kind, id = ''] = ref.split(':')
  if (kind === 'model') {
    const model = await api.get('/models/{id}', { id, signal })
    return { ref, name: model.name, version: null, xml: model.source }
  }
  const definition = await api.get('/definitions/{id}', { id, signal })
  return { ref, name: definition.name, version: definition.version, xml: definition.bpmn }
}

export default function ComparePage() {
  const { before = '', after = '' } = useSearch({ strict: false }) as { before?: string; after?: string }
  const query = useQuery({
    queryKey: ['compare', before, after],
    // Both are read each time: an answer under way when the drawing is saved must not be taken for the new one.
    queryFn: async ({ signal }) => {
      const [one, other] = await Promise.all([readSide(before, signal), readSide(after, signal)])
      return { before: one, after: other }
    },
    // A drawing changes between two looks: what was found last time is no answer while this one loads.
    gcTime: 0,
  })
  return <QueryView query={query} skeleton={<BlockSkeleton lines={12} />}>{(sides) => <Comparison key={`${before} ${after}`} before={sides.before} after={sides.after} />}</QueryView>
}

function Comparison({ before, after }: { before: Version; after: Version }) {
  const { t } = useTranslation()
  const [selected, setSelected] = useState<string | null>(null)
  const changes = useMemo(() => compare(parse(before.xml), parse(after.xml)), [before.xml, after.xml])
  const title = (side: Version) => (side.version === null ? t('processes.compare.drawing') : t('processes.definition.versionN', { n: side.version }))
  const back = after.ref.startsWith('model:') ? { href: `/designer/${after.ref.slice(6)}`, label: after.name } : { href: `/definitions/${after.ref.split(':')[1] ?? ''}`, label: after.name }
  return (
    <Page title={t('processes.compare.title', { name: after.name })} back={back} flush actions={<OtherVersion before={before} after={after} />}>
      <div className={css.page}>
        <Suspense fallback={<BlockSkeleton lines={8} />}>
          <CompareView before={{ title: title(before), xml: before.xml }} after={{ title: title(after), xml: after.xml }} changes={changes} selected={selected} onSelect={setSelected} />
        </Suspense>
        <aside className={css.list} aria-label={t('processes.compare.changes')} data-testid="changes" data-count={changes.length}>
          {changes.length === 0 && <EmptyState compact icon={IconCircleCheck} title={t('processes.compare.same')} hint={t('processes.compare.sameHint')} />}
          {(['added', 'removed', 'changed', 'moved'] as const).map((kind) => (
            <Group key={kind} kind={kind} changes={changes.filter((change) => change.kind === kind)} selected={selected} onSelect={setSelected} />
          ))}
        </aside>
      </div>
    </Page>
  )
}

/** Another version to compare with. */
function OtherVersion({ before, after }: { before: Version; after: Version }) {
  const { t } = useTranslation()
  const definition = [before, after].find((side) => side.ref.startsWith('definition:'))?.ref.split(':')[1] ?? ''
  const versions = useQuery({ ...versionsQuery(definition), enabled: definition !== '' })
  const options = (versions.data ?? []).map((version) => ({ value: `definition:${version.id}`, label: t('processes.definition.versionN', { n: version.version }) })).filter((option) => option.value !== after.ref)
  return (
    <Select
      size="xs"
      w={190}
      allowDeselect={false}
      aria-label={t('processes.compare.with')}
      value={before.ref}
      data={options}
      onChange={(ref) => ref && navigateTo(`/compare?before=${ref}&after=${after.ref}`)}
    />
  )
}

function Group({ kind, changes, selected, onSelect }: { kind: ChangeKind; changes: Change[]; selected: string | null; onSelect: (id: string | null) => void }) {
  const { t } = useTranslation()
  if (changes.length === 0) return null
  return (
    <>
      <h2 className={css.group}><span className={css.dot} data-kind={kind} aria-hidden /> {t(`processes.compare.${kind}`)} <span className="num">{changes.length}</span></h2>
      {changes.map((change) => (
        <div key={change.id}>
          <UnstyledButton className={css.change} data-selected={selected === change.id || undefined} aria-expanded={selected === change.id} onClick={() => onSelect(selected === change.id ? null : change.id)}>
            {change.name || change.id}<small>{change.name ? t(`instance.type.${change.type}` as 'instance.type.task', { defaultValue: change.type }) : ''}</small>
          </UnstyledButton>
          {selected === change.id && change.properties.length > 0 && (
            <dl className={css.properties}>
              {change.properties.map(({ path, before, after }) => (
                <div key={path}>
                  <dt>{path}</dt>
                  <dd>{before !== null && <del>{before || '∅'}</del>} {after !== null && <ins>{after || '∅'}</ins>}</dd>
                </div>
              ))}
            </dl>
          )}
        </div>
      ))}
    </>
  )
}
