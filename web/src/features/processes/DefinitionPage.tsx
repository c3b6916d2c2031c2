/** One deployed version: diagram, what runs on it, versions, start, export. */
import { ActionIcon, Button, Menu } from '@mantine/core'
import { IconChecklist, IconCopyPlus, IconDots, IconDownload, IconGitCompare, IconListSearch, IconPlayerPlay, IconTrash } from '@tabler/icons-react'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { lazy, Suspense } from 'react'
import { useTranslation } from 'react-i18next'
import { can, catalogsQuery, definitionQuery, queryClient, useMe, type DefinitionDetail, type Diagnostic } from '@/api'
import { confirm } from '@/ui/confirm'
import { CopyAction } from '@/ui/Copy'
import { toastError, toastOk } from '@/ui/errors'
import { Facts } from '@/ui/Facts'
import { Guard } from '@/ui/Guard'
import { useLocale } from '@/ui/hooks'
import { navigateTo } from '@/ui/nav'
import { BlockSkeleton, Page, QueryView } from '@/ui/Page'
import { openStartProcess } from '@/ui/start/StartProcess'
import { useUrlState } from '@/ui/search'
import { ToneBadge } from '@/ui/StateBadge'
import { Time } from '@/ui/Time'
import { downloadText, fileName } from '@/util/files'
import css from './processes.module.css'
import { deleteDefinition, modelFrom, versionsQuery } from './queries'

const BulkDialog = lazy(() => import('./BulkDialog'))
const DiagramView = lazy(() => import('@/ui/diagram/DiagramView'))

export default function DefinitionPage() {
  const { definitionId = '' } = useParams({ strict: false }) as { definitionId?: string }
  const query = useQuery(definitionQuery(definitionId))
  return <QueryView query={query} skeleton={<BlockSkeleton lines={10} />}>{(definition) => <DefinitionView definition={definition} />}</QueryView>
}

function DefinitionView({ definition }: { definition: DefinitionDetail }) {
  const { t } = useTranslation()
  const me = useMe()
  const [search, setSearch] = useUrlState()
  const bulk = can.sendMessages(me)
  const start = () =>
    openStartProcess({
      definition,
      onStarted: (id) => {
        toastOk(t('processes.start.started'))
        navigateTo(`/instances/${id}`)
      },
    })
  const toModel = useMutation({
    mutationFn: () => modelFrom(definition.name, definition.bpmn, definition.catalogId),
    onSuccess: (model) => navigateTo(`/designer/${model.id}`),
    onError: toastError,
  })
  const remove = () =>
    confirm({
      title: t('processes.definition.deleteConfirm'),
      text: t('processes.definition.deleteText', { version: definition.version, name: definition.name }),
      action: t('processes.definition.delete'),
      name: definition.name,
      run: async () => {
        await deleteDefinition(definition.id)
        toastOk(t('processes.definition.deleted'))
        await queryClient.invalidateQueries({ queryKey: ['definition', 'list'] })
        navigateTo('/processes?tab=definitions')
      },
    })
  return (
    <Page
      title={definition.name}
      back={{ href: '/processes?tab=definitions', label: t('processes.tab.definitions') }}
      badge={<ToneBadge tone={definition.deployable === false ? 'waiting' : 'idle'}>{definition.deployable === false ? t('processes.definitions.notDeployable') : t('processes.definition.versionN', { n: definition.version })}</ToneBadge>}
      flush
      actions={
        <>
          <Button variant="default" leftSection={<IconListSearch size={15} />} component="a" href={`/processes?process=${encodeURIComponent(definition.processId)}`}>{t('processes.definition.instances')}</Button>
          <Button leftSection={<IconPlayerPlay size={15} />} disabled={definition.deployable === false} onClick={start}>{t('processes.start.button')}</Button>
          <Menu position="bottom-end">
            <Menu.Target><ActionIcon size="lg" variant="default" aria-label={t('common.action.actions')} data-testid="definition-menu"><IconDots size={17} /></ActionIcon></Menu.Target>
            <Menu.Dropdown>
              <Menu.Item leftSection={<IconDownload size={16} />} onClick={() => downloadText(fileName(definition.name, 'bpmn'), definition.bpmn)}>{t('processes.definition.export')}</Menu.Item>
              <Guard can={can.design(me)}>
                <Menu.Item leftSection={<IconCopyPlus size={16} />} onClick={() => toModel.mutate()}>{t('processes.definition.toModel')}</Menu.Item>
              </Guard>
              <Guard can={bulk}>
                <Menu.Item leftSection={<IconChecklist size={16} />} onClick={() => setSearch({ bulk: '1' })} data-testid="bulk-open">{t('processes.bulk.open')}</Menu.Item>
              </Guard>
              <Menu.Divider />
              <Guard can={can.deleteDefinition(me)}>
                <Menu.Item color="red" leftSection={<IconTrash size={16} />} onClick={remove}>{t('processes.definition.delete')}</Menu.Item>
              </Guard>
            </Menu.Dropdown>
          </Menu>
        </>
      }
    >
      <div className={css.definition}>
        <div className={css.diagram}>
          <Suspense fallback={<BlockSkeleton lines={6} />}>
            <DiagramView xml={definition.bpmn} label={t('processes.definition.diagram')} />
          </Suspense>
        </div>
        <aside className={css.side}>
          <Stats definition={definition} />
          <DefinitionFacts definition={definition} />
          <Parameters definition={definition} />
          <Versions definition={definition} />
          <Problems diagnostics={definition.diagnostics ?? []} />
        </aside>
      </div>
      {search.bulk === '1' && bulk.ok && <Suspense fallback={null}><BulkDialog definition={definition} onClose={() => setSearch({ bulk: undefined })} /></Suspense>}
    </Page>
  )
}

function Stats({ definition }: { definition: DefinitionDetail }) {
  const { t } = useTranslation()
  const stats = definition.stats
  if (!stats) return null
  const base = `/processes?definition=${definition.id}`
  const items: [string, number, string, string][] = [
    [t('processes.definitions.running'), stats.active, 'running', `${base}&state=active`],
    [t('processes.definitions.incidents'), stats.incidents, 'broken', `${base}&incident=1`],
    [t('processes.definitions.completed'), stats.completed, 'done', `${base}&state=completed`],
  ]
  return (
    <section>
      <h2>{t('processes.definition.stats')}</h2>
      <div className={css.stats}>
        {items.map(([label, value, tone, href]) => (
          <a key={label} href={href} className={css.stat}>
            <b className="num" style={value > 0 ? { color: `var(--state-${tone})` } : undefined}>{value}</b>
            <span>{label}</span>
          </a>
        ))}
      </div>
    </section>
  )
}

function DefinitionFacts({ definition }: { definition: DefinitionDetail }) {
  const { t } = useTranslation()
  const locale = useLocale()
  const catalogs = useQuery(catalogsQuery)
  const catalog = catalogs.data?.items.find((item) => item.id === definition.catalogId)
  return (
    <section>
      <h2>{t('processes.definition.facts')}</h2>
      <Facts
        items={[
          definition.description ? [t('common.field.description'), definition.description] : null,
          [t('processes.definition.processId'), <span key="p" style={{ display: 'inline-flex', alignItems: 'center', gap: 2 }}><span className="mono">{definition.processId}</span><CopyAction value={definition.processId} /></span>],
          [t('processes.definitions.deployed'), <Time key="t" at={definition.deployedAt} />],
          [t('processes.definition.deployedBy'), definition.deployedBy?.name ?? '—'],
          [t('processes.definition.source'), definition.origin === 'bpt' ? t('processes.definitions.origin.bpt') : t('processes.definitions.origin.bpmn')],
          [t('processes.definition.kept'), <KeptRule key="k" definition={definition} />],
          definition.stats.purged > 0 ? [t('processes.definition.purged'), <span key="g" className="num">{definition.stats.purged.toLocaleString(locale)}</span>] : null,
          catalog ? [t('processes.definition.catalog'), <a key="c" className="link" href={`/catalogs/${catalog.id}`}>{catalog.name}</a>] : null,
        ]}
      />
    </section>
  )
}

/** The rule in force; who may change it finds it by the link. */
function KeptRule({ definition }: { definition: DefinitionDetail }) {
  const { t } = useTranslation()
  const me = useMe()
  const { days, own } = definition.kept
  const rule = own ? t('processes.definition.keptOwn') : t('processes.definition.keptGeneral')
  return (
    <span data-testid="definition-kept">
      {days === null || days === undefined ? t('processes.definition.keptForever') : t('processes.definition.keptDays', { count: days })}
      {' · '}
      {can.seeSystem(me).ok ? <a className="link" style={{ textDecoration: 'underline' }} href={`/settings?tab=retention&process=${encodeURIComponent(definition.processId)}`}>{rule}</a> : rule}
    </span>
  )
}

function Parameters({ definition }: { definition: DefinitionDetail }) {
  const { t } = useTranslation()
  const parameters = definition.parameters ?? []
  if (parameters.length === 0) return null
  return (
    <section>
      <h2>{t('processes.definition.parameters')}</h2>
      <Facts items={parameters.map((p) => [p.name || p.key, <span key={p.key}><span className="mono">{p.key}</span>{p.required ? ' *' : ''}</span>])} />
    </section>
  )
}

function Versions({ definition }: { definition: DefinitionDetail }) {
  const { t } = useTranslation()
  const versions = useQuery(versionsQuery(definition.id))
  return (
    <section>
      <h2>{t('processes.definition.versions')}</h2>
      <QueryView query={versions} compact skeleton={<BlockSkeleton lines={2} />}>
        {(items) => (
          <ul className={css.versions}>
            {items.map((version, index) => (
              <li key={version.id}>
                <a href={`/definitions/${version.id}`} aria-current={version.id === definition.id ? 'page' : undefined}>
                  <span>{t('processes.definition.versionN', { n: version.version })}{index === 0 && <em> {t('processes.definition.current')}</em>}</span>
                  <Time at={version.deployedAt} />
                </a>
                {version.id !== definition.id && (
                  <ActionIcon component="a" size="sm" href={`/compare?before=definition:${version.id}&after=definition:${definition.id}`} title={t('processes.compare.withThis')} aria-label={`${t('processes.compare.withThis')}: ${t('processes.definition.versionN', { n: version.version })}`}><IconGitCompare size={14} /></ActionIcon>
                )}
              </li>
            ))}
          </ul>
        )}
      </QueryView>
    </section>
  )
}

function Problems({ diagnostics }: { diagnostics: Diagnostic[] }) {
  const { t } = useTranslation()
  const locale = useLocale()
  if (diagnostics.length === 0) return null
  return (
    <section>
      <h2>{t('processes.definition.diagnostics')}</h2>
      <ul className={css.problems}>
        {diagnostics.map((item) => (
          <li key={`${item.code}-${item.element}-${item.message}`} data-severity={item.severity}>
            {locale === 'ru' ? (item.messageRu ?? item.message) : item.message} <span className="mono">{item.code}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}
