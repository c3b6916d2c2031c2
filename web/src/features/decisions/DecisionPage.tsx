/** One deployed version of a decision: its table, trying it out, its versions. */
import { ActionIcon, Button, Menu } from '@mantine/core'
import { IconCopyPlus, IconDots, IconDownload, IconTrash } from '@tabler/icons-react'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { lazy, Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { can, queryClient, useMe, type DecisionDetails, type DecisionEvaluation } from '@/api'
import { createModel } from '@/features/designer/queries'
import { confirm } from '@/ui/confirm'
import { CopyAction } from '@/ui/Copy'
import { toastError, toastOk } from '@/ui/errors'
import { Facts } from '@/ui/Facts'
import { Guard } from '@/ui/Guard'
import { navigateTo } from '@/ui/nav'
import { BlockSkeleton, Page, QueryView } from '@/ui/Page'
import { ToneBadge } from '@/ui/StateBadge'
import { Time } from '@/ui/Time'
import { downloadText, fileName } from '@/util/files'
import css from './decisions.module.css'
import { decisionQuery, decisionVersionsQuery, withdrawDecision } from './queries'
import { TryOut } from './TryOut'

const DmnCanvas = lazy(() => import('./DmnCanvas'))

export default function DecisionPage() {
  const { decisionId = '' } = useParams({ strict: false }) as { decisionId?: string }
  const query = useQuery(decisionQuery(decisionId))
  return <QueryView query={query} skeleton={<BlockSkeleton lines={10} />}>{(decision) => <Decision key={decision.id} decision={decision} />}</QueryView>
}

function Decision({ decision }: { decision: DecisionDetails }) {
  const { t } = useTranslation()
  const me = useMe()
  const [evaluation, setEvaluation] = useState<DecisionEvaluation | null>(null)
  const versions = useQuery(decisionVersionsQuery(decision.id))
  const toModel = useMutation({
    mutationFn: () => createModel(decision.name, decision.source),
    onSuccess: (model) => navigateTo(`/designer/${model.id}`),
    onError: toastError,
  })
  const withdraw = () =>
    confirm({
      title: t('decisions.withdrawConfirm'),
      text: t('decisions.withdrawText', { name: decision.name, version: decision.version }),
      action: t('decisions.withdraw'),
      name: decision.name,
      run: async () => {
        await withdrawDecision(decision.id)
        toastOk(t('decisions.withdrawn'))
        await queryClient.invalidateQueries({ queryKey: ['decision'] })
        navigateTo('/processes?tab=decisions')
      },
    })
  return (
    <Page
      title={decision.name}
      back={{ href: '/processes?tab=decisions', label: t('processes.tab.decisions') }}
      badge={<ToneBadge tone={decision.withdrawn ? 'waiting' : 'idle'}>{decision.withdrawn ? t('decisions.isWithdrawn') : t('processes.definition.versionN', { n: decision.version })}</ToneBadge>}
      flush
      actions={
        <>
          <Guard can={can.design(me)}>
            <Button variant="default" leftSection={<IconCopyPlus size={15} />} loading={toModel.isPending} onClick={() => toModel.mutate()}>{t('decisions.edit')}</Button>
          </Guard>
          <Menu position="bottom-end">
            <Menu.Target><ActionIcon size="lg" variant="default" aria-label={t('common.action.actions')}><IconDots size={17} /></ActionIcon></Menu.Target>
            <Menu.Dropdown>
              <Menu.Item leftSection={<IconDownload size={16} />} onClick={() => downloadText(fileName(decision.name, 'dmn'), decision.source)}>{t('decisions.export')}</Menu.Item>
              <Menu.Divider />
              <Guard can={can.deleteDefinition(me)}>
                <Menu.Item color="red" leftSection={<IconTrash size={16} />} onClick={withdraw}>{t('decisions.withdraw')}</Menu.Item>
              </Guard>
            </Menu.Dropdown>
          </Menu>
        </>
      }
    >
      <div className={css.page}>
        <Suspense fallback={<BlockSkeleton lines={6} />}>
          <DmnCanvas source={decision.source} editable={false} evaluation={evaluation} />
        </Suspense>
        <aside className={css.side}>
          <section>
            <h2>{t('decisions.tryOut.title')}</h2>
            <TryOut choices={[{ id: decision.decisionId, name: decision.name, inputs: decision.inputs }]} tried={async () => ({ id: decision.id })} onResult={setEvaluation} />
          </section>
          <section>
            <h2>{t('processes.definition.facts')}</h2>
            <Facts
              items={[
                [t('decisions.id'), <span key="i" style={{ display: 'inline-flex', alignItems: 'center', gap: 2 }}><span className="mono">{decision.decisionId}</span><CopyAction value={decision.decisionId} /></span>],
                [t('decisions.requirements'), decision.requirementsName || decision.requirementsId],
                decision.versionTag ? [t('decisions.tag'), decision.versionTag] : null,
                [t('processes.definitions.deployed'), <Time key="t" at={decision.deployedAt} />],
                [t('processes.definition.deployedBy'), decision.deployedBy?.name ?? '—'],
              ]}
            />
          </section>
          <section>
            <h2>{t('processes.definition.versions')}</h2>
            <QueryView query={versions} compact skeleton={<BlockSkeleton lines={2} />}>
              {(items) => (
                <ul className={css.versions}>
                  {items.map((version) => (
                    <li key={version.id}>
                      <a href={`/decisions/${version.id}`} aria-current={version.id === decision.id ? 'page' : undefined}>
                        <span>{t('processes.definition.versionN', { n: version.version })}</span>
                        <Time at={version.deployedAt} />
                      </a>
                    </li>
                  ))}
                </ul>
              )}
            </QueryView>
          </section>
        </aside>
      </div>
    </Page>
  )
}
