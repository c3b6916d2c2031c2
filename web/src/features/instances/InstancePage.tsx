/** One process: its diagram alive, and everything known about it below. */
import { Button, Tooltip } from '@mantine/core'
import { IconAlertTriangle, IconX } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { lazy, Suspense, useMemo, useState } from 'react'
import type { TFunction } from 'i18next'
import { useTranslation } from 'react-i18next'
import { can, instanceQuery, useMe, type InstanceDetail } from '@/api'
import { marksOf } from '@/ui/diagram/elements'
import { useLocale } from '@/ui/hooks'
import { BlockSkeleton, Page, QueryView } from '@/ui/Page'
import { useUrlState } from '@/ui/search'
import { InstanceStateBadge } from '@/ui/StateBadge'
import { PageTabs } from '@/ui/Tabs'
import { Duration, Time } from '@/ui/Time'
import { flowNodes, type FlowNode } from '@/util/bpmn'
import { absoluteTime } from '@/util/time'
import { Actions, useResume } from './Actions'
import { CallsTab } from './CallsTab'
import { HistoryTab } from './HistoryTab'
import { IncidentsTab } from './IncidentsTab'
import css from './instance.module.css'
import { liveOf, standing, type Live, type Run } from './live'
import { ModifyPanel, NO_PLAN } from './ModifyPanel'
import { answerBy, NowTab, SuspendedBanner, waitText } from './NowTab'
import { historyQuery, type Plan } from './queries'
import { TasksTab } from './TasksTab'
import { TreeTab } from './TreeTab'
import { VariablesTab } from './VariablesTab'

const DiagramView = lazy(() => import('@/ui/diagram/DiagramView'))

const MigrateDialog = lazy(() => import('./MigrateDialog'))

const TABS = ['now', 'variables', 'history', 'calls', 'tasks', 'tree', 'incidents'] as const
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
  const selected = search.element ?? null
  const selectedName = selected && (instance.elements.find((e) => e.elementId === selected)?.name || selected)
  const history = useQuery(historyQuery(instance.id))
  const live = useMemo(() => liveOf(history.data?.items ?? []), [history.data])
  const marks = useMemo(() => {
    const made = marksOf(instance.elements, instance.incidents.map((incident) => incident.elementId ?? ''))
    for (const [key, turns] of live.turns) {
      const id = live.runs.get(key)?.elementId
      const mark = id ? made.get(id) : undefined
      if (mark) made.set(id!, { ...mark, turns: turns.total > 0 ? `${turns.ended}/${turns.total}` : `${turns.ended}` })
    }
    return made
  }, [instance.elements, instance.incidents, live])
  const nodes = useMemo(() => flowNodes(instance.bpmn), [instance.bpmn])
  const me = useMe()
  const resume = useResume(instance.id)
  const [plan, setPlan] = useState<Plan | null>(null)
  const [moving, setMoving] = useState<Run | null>(null)
  const [migrating, setMigrating] = useState(false)
  const show = (element: string | null) => setSearch({ element: element ?? undefined })
  const select = (element: string | null) => {
    if (moving && element && nodes.has(element)) {
      setPlan({ ...(plan ?? NO_PLAN), moves: [...(plan ?? NO_PLAN).moves, { from: moving.key, to: element }] })
      setMoving(null)
    }
    show(element)
  }
  return (
    <Page
      title={instance.definition.name}
      documentTitle={`${instance.definition.name} ${instance.id}`}
      back={{ href: `/processes?process=${encodeURIComponent(instance.definition.processId ?? '')}`, label: t('processes.title') }}
      badge={<InstanceStateBadge state={instance.state} suspended={instance.suspended} incident={instance.incidents.length > 0} testId="instance-state" />}
      subtitle={<FactLine instance={instance} live={live} nodes={nodes} />}
      actions={<Actions instance={instance} onModify={() => setPlan(NO_PLAN)} onMigrate={() => setMigrating(true)} />}
      flush
    >
      <div className={css.layout}>
        {instance.suspended && instance.state === 'active' && <SuspendedBanner onResume={resume} allowed={can.operateInstance(me, instance.state).ok} />}
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
        {plan && instance.state === 'active' && (
          <div className={css.lower}>
            <ModifyPanel instance={instance} live={live} nodes={nodes} plan={plan} moving={moving} selected={selected} onPlan={setPlan} onMoving={setMoving} onSelect={select} onClose={() => { setPlan(null); setMoving(null) }} />
          </div>
        )}
        <div className={css.lower} hidden={plan !== null && instance.state === 'active'}>
          <div className={css.tabRow}>
            <PageTabs
              label={instance.definition.name}
              value={tab}
              onChange={(next) => setSearch({ tab: next })}
              items={[
                { key: 'now', label: t('instance.tab.now') },
                { key: 'history', label: t('instance.tab.history') },
                { key: 'variables', label: t('instance.tab.variables') },
                { key: 'calls', label: t('instance.tab.calls') },
                { key: 'tasks', label: t('instance.tab.tasks'), count: instance.tasks.length },
                { key: 'tree', label: t('instance.tab.tree'), count: instance.children.length + (instance.parentId ? 1 : 0) },
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
            {tab === 'now' && (
              <NowTab
                instance={instance}
                live={live}
                nodes={nodes}
                element={selected}
                onElement={show}
                onMove={(run) => { setPlan(NO_PLAN); setMoving(run); show(run.elementId) }}
                onTerminate={(run) => { setPlan({ ...NO_PLAN, terminate: [run.key] }); show(run.elementId) }}
              />
            )}
            {tab === 'tree' && <TreeTab instance={instance} />}
            {tab === 'variables' && <VariablesTab instance={instance} element={selected} />}
            {tab === 'history' && <HistoryTab instance={instance} element={selected} onElement={select} />}
            {tab === 'calls' && <CallsTab instance={instance} element={selected} />}
            {tab === 'tasks' && <TasksTab tasks={instance.tasks.filter((task) => !selected || task.elementId === selected)} />}
            {tab === 'incidents' && <IncidentsTab instance={instance} onElement={select} onVariables={() => setSearch({ tab: 'variables' })} />}
          </div>
        </div>
      </div>
      {migrating && <Suspense fallback={null}><MigrateDialog instance={instance} live={live} nodes={nodes} onClose={() => setMigrating(false)} /></Suspense>}
    </Page>
  )
}

function FactLine({ instance, live, nodes }: { instance: InstanceDetail; live: Live; nodes: Map<string, FlowNode> }) {
  const { t } = useTranslation()
  const locale = useLocale()
  const waits = waitsFor(instance, t) ?? firstWait(instance, live, nodes, (iso) => absoluteTime(iso, locale), t)
  return (
    <span className={css.facts}>
      <span className="num">{instance.id}</span>
      <a className="link" href={`/definitions/${instance.definition.id}`}>{t('processes.definition.versionN', { n: instance.definition.version })}</a>
      {instance.parentId && <a className="link" href={`/instances/${instance.parentId}`}>{t('instance.facts.calledBy', { id: instance.parentId })}</a>}
      {instance.document && <a className="link" href={`/records/${instance.document.recordId}`}>{instance.document.title || instance.document.recordId}</a>}
      {instance.startedBy && <span>{t('instance.facts.startedBy')}: {instance.startedBy.name}</span>}
      <span>{t('instance.facts.started')} <Time at={instance.startedAt} /></span>
      <Duration from={instance.startedAt} to={instance.finishedAt} />
      {instance.state === 'active' && <span className={css.waits}>{waits.charAt(0).toUpperCase() + waits.slice(1)}</span>}
      {instance.stateTitle && <span>{instance.stateTitle}</span>}
    </span>
  )
}

/** In one line, why the process stands where it stands. */
function waitsFor(instance: InstanceDetail, t: TFunction): string | null {
  if (instance.incidents.length > 0) return t('instance.waiting.for', { what: t('instance.waiting.incident') })
  const task = instance.tasks.find((item) => item.state === 'open')
  return task ? t('instance.waiting.for', { what: answerBy(task, t) }) : null
}

/** What the run that stands longest waits for. */
function firstWait(instance: InstanceDetail, live: Live, nodes: Map<string, FlowNode>, when: (iso: string) => string, t: TFunction): string {
  const runs = standing(live)
  const run = runs.find((item) => item.waits.length > 0) ?? runs[0]
  if (!run) return t('instance.waiting.nothing')
  const wait = run.waits[0]
  return wait ? waitText({ wait, run, nodes, tasks: instance.tasks, when }, t) : t('instance.waiting.for', { what: t('instance.waiting.element', { name: run.name || run.elementId }) })
}
