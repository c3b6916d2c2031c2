/** One process: its diagram alive, and everything known about it below. */
import { ActionIcon, Button, Menu, Tooltip } from '@mantine/core'
import { IconAlertTriangle, IconBan, IconDots, IconEraser, IconX } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { lazy, Suspense, useMemo } from 'react'
import type { TFunction } from 'i18next'
import { useTranslation } from 'react-i18next'
import { can, instanceQuery, queryClient, useMe, type InstanceDetail } from '@/api'
import { confirm } from '@/ui/confirm'
import { marksOf } from '@/ui/diagram/elements'
import { toastOk } from '@/ui/errors'
import { Guard } from '@/ui/Guard'
import { navigateTo } from '@/ui/nav'
import { BlockSkeleton, Page, QueryView } from '@/ui/Page'
import { useUrlState } from '@/ui/search'
import { InstanceStateBadge } from '@/ui/StateBadge'
import { PageTabs } from '@/ui/Tabs'
import { Duration, Time } from '@/ui/Time'
import { CallsTab } from './CallsTab'
import { HistoryTab } from './HistoryTab'
import { IncidentsTab } from './IncidentsTab'
import css from './instance.module.css'
import { cancelInstance, eraseInstance } from './queries'
import { TasksTab } from './TasksTab'
import { VariablesTab } from './VariablesTab'

const DiagramView = lazy(() => import('@/ui/diagram/DiagramView'))

const TABS = ['variables', 'history', 'calls', 'tasks', 'incidents'] as const
type Tab = (typeof TABS)[number]

export default function InstancePage() {
  const { instanceId = '' } = useParams({ strict: false }) as { instanceId?: string }
  const query = useQuery(instanceQuery(instanceId))
  return <QueryView query={query} skeleton={<BlockSkeleton lines={10} />}>{(instance) => <InstanceView instance={instance} />}</QueryView>
}

function InstanceView({ instance }: { instance: InstanceDetail }) {
  const { t } = useTranslation()
  const [search, setSearch] = useUrlState()
  const tab: Tab = TABS.find((item) => item === search.tab) ?? (instance.incidents.length > 0 ? 'incidents' : 'history')
  const marks = useMemo(
    () => marksOf(instance.elements, instance.incidents.map((incident) => incident.elementId ?? '')),
    [instance.elements, instance.incidents],
  )
  const selected = search.element ?? null
  const selectedName = selected && (instance.elements.find((e) => e.elementId === selected)?.name || selected)
  const select = (element: string | null) => setSearch({ element: element ?? undefined })
  return (
    <Page
      title={instance.definition.name}
      documentTitle={`${instance.definition.name} ${instance.id}`}
      back={{ href: `/processes?process=${encodeURIComponent(instance.definition.processId ?? '')}`, label: t('processes.title') }}
      badge={<InstanceStateBadge state={instance.state} incident={instance.incidents.length > 0} testId="instance-state" />}
      subtitle={<FactLine instance={instance} />}
      actions={<Actions instance={instance} />}
      flush
    >
      <div className={css.layout}>
        <div className={css.diagram}>
          {instance.incidents.length > 0 && (
            <button type="button" className={css.banner} onClick={() => setSearch({ tab: 'incidents', element: undefined })}>
              <IconAlertTriangle size={16} aria-hidden />
              {t('instance.incidents.banner', { count: instance.incidents.length })}
              <u>{t('instance.incidents.look')}</u>
            </button>
          )}
          <Suspense fallback={<BlockSkeleton lines={5} />}>
            <DiagramView xml={instance.bpmn} marks={marks} takenFlows={instance.takenFlows} selected={selected} onSelect={select} label={t('instance.diagram')} />
          </Suspense>
        </div>
        <div className={css.lower}>
          <div className={css.tabRow}>
            <PageTabs
              label={instance.definition.name}
              value={tab}
              onChange={(next) => setSearch({ tab: next })}
              items={[
                { key: 'history', label: t('instance.tab.history') },
                { key: 'variables', label: t('instance.tab.variables') },
                { key: 'calls', label: t('instance.tab.calls') },
                { key: 'tasks', label: t('instance.tab.tasks'), count: instance.tasks.length },
                { key: 'incidents', label: t('instance.tab.incidents'), count: instance.incidents.length, tone: 'broken' },
              ]}
            />
            {selectedName && (
              <Tooltip label={t('instance.clearSelected')}>
                <Button size="compact-xs" variant="light" rightSection={<IconX size={13} />} onClick={() => select(null)} className={css.selected}>
                  {t('instance.selected', { name: selectedName })}
                </Button>
              </Tooltip>
            )}
          </div>
          <div className={css.tabBody} role="tabpanel">
            {tab === 'variables' && <VariablesTab instance={instance} element={selected} />}
            {tab === 'history' && <HistoryTab instance={instance} element={selected} onElement={select} />}
            {tab === 'calls' && <CallsTab instance={instance} element={selected} />}
            {tab === 'tasks' && <TasksTab tasks={instance.tasks.filter((task) => !selected || task.elementId === selected)} />}
            {tab === 'incidents' && <IncidentsTab instance={instance} onElement={select} onVariables={() => setSearch({ tab: 'variables' })} />}
          </div>
        </div>
      </div>
    </Page>
  )
}

function FactLine({ instance }: { instance: InstanceDetail }) {
  const { t } = useTranslation()
  return (
    <span className={css.facts}>
      <span className="num">{instance.id}</span>
      <a className="link" href={`/definitions/${instance.definition.id}`}>{t('processes.definition.versionN', { n: instance.definition.version })}</a>
      {instance.document && <a className="link" href={`/records/${instance.document.recordId}`}>{instance.document.title || instance.document.recordId}</a>}
      {instance.startedBy && <span>{t('instance.facts.startedBy')}: {instance.startedBy.name}</span>}
      <span>{t('instance.facts.started')} <Time at={instance.startedAt} /></span>
      <Duration from={instance.startedAt} to={instance.finishedAt} />
      {instance.state === 'active' && <span className={css.waits}>{t('instance.facts.waiting')}: {waitsFor(instance, t)}</span>}
      {instance.stateTitle && <span>{instance.stateTitle}</span>}
    </span>
  )
}

/** In one line, why the process stands where it stands. */
function waitsFor(instance: InstanceDetail, t: TFunction): string {
  if (instance.incidents.length > 0) return t('instance.waiting.incident')
  const task = instance.tasks.find((item) => item.state === 'open')
  if (task) return t('instance.waiting.task', { names: task.assignees.map((person) => person.name).join(', ') || task.title })
  const element = instance.elements.find((item) => item.state === 'active' && item.kind !== 'process')
  if (element) return t('instance.waiting.element', { name: element.name || element.elementId })
  return t('instance.waiting.nothing')
}

function Actions({ instance }: { instance: InstanceDetail }) {
  const { t } = useTranslation()
  const me = useMe()
  const permission = can.cancelInstance(me, instance.state, instance.startedBy?.id ?? null)
  const cancel = () =>
    confirm({
      title: t('instance.cancelTitle'),
      text: t('instance.cancelText'),
      action: t('instance.cancel'),
      name: instance.definition.name,
      reason: t('instance.cancelReason'),
      run: async (reason) => {
        await cancelInstance(instance.id, reason)
        toastOk(t('instance.cancelled'))
        await queryClient.invalidateQueries({ queryKey: ['instance'] })
      },
    })
  const erase = () =>
    confirm({
      title: t('instance.eraseTitle'),
      text: t('instance.eraseText'),
      action: t('instance.erase'),
      name: instance.id,
      run: async () => {
        await eraseInstance(instance.id)
        toastOk(t('instance.erased'))
        navigateTo('/processes')
        void queryClient.invalidateQueries({ queryKey: ['instance', 'list'] })
      },
    })
  return (
    <>
      {instance.state === 'active' && (
        <Guard can={permission}>
          <Button variant="default" leftSection={<IconBan size={15} />} onClick={cancel}>{t('instance.cancel')}</Button>
        </Guard>
      )}
      <Menu position="bottom-end">
        <Menu.Target><ActionIcon size="lg" variant="default" aria-label={t('common.action.actions')}><IconDots size={17} /></ActionIcon></Menu.Target>
        <Menu.Dropdown>
          <Guard can={can.manageApps(me)}>
            <Menu.Item color="red" leftSection={<IconEraser size={16} />} onClick={erase}>{t('instance.erase')}</Menu.Item>
          </Guard>
        </Menu.Dropdown>
      </Menu>
    </>
  )
}
