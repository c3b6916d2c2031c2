/** Where the process stands: every open run, what it waits for, and what can be done about it. */
import { ActionIcon, Button, Menu } from '@mantine/core'
import { IconArrowMoveRight, IconBan, IconChecks, IconDots, IconListCheck, IconPlayerStop, IconPlus, IconRoute, IconX } from '@tabler/icons-react'
import { useTranslation } from 'react-i18next'
import type { TFunction } from 'i18next'
import { can, queryClient, useMe, type InstanceDetail, type Task } from '@/api'
import { confirm } from '@/ui/confirm'
import { openDialog, closeDialog } from '@/ui/dialogs'
import { toastOk } from '@/ui/errors'
import { Guard } from '@/ui/Guard'
import { useLocale } from '@/ui/hooks'
import { EmptyState } from '@/ui/Page'
import { ToneBadge } from '@/ui/StateBadge'
import { Time } from '@/ui/Time'
import type { FlowNode } from '@/util/bpmn'
import { absoluteTime } from '@/util/time'
import { AddTurnForm, AdHocForm } from './forms'
import css from './instance.module.css'
import { standing, type Live, type Run, type Wait } from './live'
import { cancelTransaction, completeAdHoc, completeTurns, deleteTurn } from './queries'

export interface NowProps {
  instance: InstanceDetail
  live: Live
  nodes: Map<string, FlowNode>
  element: string | null
  onElement: (id: string) => void
  onMove: (run: Run) => void
  onTerminate: (run: Run) => void
}

export function NowTab(props: NowProps) {
  const { t } = useTranslation()
  const { instance, live, nodes, element } = props
  const special = [...live.runs.values()].filter((run) => ['adHocSubProcess', 'transaction'].includes(nodes.get(run.elementId)?.type ?? ''))
  const shown = [...new Set([...special, ...standing(live)])].filter((run) => !element || run.elementId === element).toSorted((a, b) => a.key - b.key)
  if (shown.length === 0) return <EmptyState compact icon={IconRoute} title={t('instance.now.empty')} hint={t(instance.state === 'active' ? 'instance.now.emptyHint' : 'instance.now.ended')} />
  return (
    <ul className={css.runs} data-testid="runs">
      {shown.map((run) => <RunRow key={run.key} run={run} {...props} />)}
    </ul>
  )
}

function RunRow({ run, instance, live, nodes, onElement, onMove, onTerminate }: NowProps & { run: Run }) {
  const { t } = useTranslation()
  const locale = useLocale()
  const node = nodes.get(run.elementId)
  const turns = live.turns.get(run.key)
  const name = run.name || node?.name || run.elementId
  return (
    <li className={css.run} data-testid={`run-${run.elementId}`} data-key={run.key}>
      <div className={css.runText}>
        <button type="button" className={css.entryText} onClick={() => onElement(run.elementId)}>{name}</button>
        <span className={css.dim}>{typeName(node, t)} · <Time at={run.since} /> · {t('instance.now.run', { key: run.key })}</span>
      </div>
      <div className={css.runWaits}>
        {turns && <ToneBadge tone="running">{turnsText(turns, t)}</ToneBadge>}
        {instance.suspended && <ToneBadge tone="suspended">{t('common.instanceState.suspended')}</ToneBadge>}
        {run.waits.map((wait) => <ToneBadge key={`${wait.kind} ${wait.elementId} ${wait.what} ${wait.due}`} tone="waiting">{waitText({ wait, run, nodes, tasks: instance.tasks, when: (iso) => absoluteTime(iso, locale) }, t)}</ToneBadge>)}
      </div>
      {instance.state === 'active' && <RunMenu run={run} instance={instance} nodes={nodes} name={name} onMove={onMove} onTerminate={onTerminate} />}
    </li>
  )
}

function RunMenu({ run, instance, nodes, name, onMove, onTerminate }: Omit<NowProps, 'onElement' | 'element' | 'live'> & { run: Run; name: string }) {
  const { t } = useTranslation()
  const me = useMe()
  const permission = can.operateInstance(me, instance.state)
  const type = nodes.get(run.elementId)?.type
  const turns = instance.bodies.some((body) => body.key === run.key && body.multiInstance)
  const turn = instance.bodies.some((body) => body.multiInstance && body.turns.some((one) => one.key === run.key))
  const done = () => {
    toastOk(t('instance.now.done'))
    void queryClient.invalidateQueries({ queryKey: ['instance'] })
  }
  const ask = (title: string, text: string, act: () => Promise<unknown>) => confirm({ title, text, action: title, run: async () => { await act(); done() } })
  const dialog = (title: string, body: (close: () => void) => React.ReactNode) => {
    const id = openDialog({ title, children: body(() => { closeDialog(id); void queryClient.invalidateQueries({ queryKey: ['instance'] }) }) })
  }
  const button = <ActionIcon variant="subtle" color="gray" aria-label={t('instance.now.actions', { name })} data-testid="run-menu"><IconDots size={16} /></ActionIcon>
  if (!permission.ok) return <Guard can={permission}>{button}</Guard>
  return (
    <Menu position="bottom-end">
      <Menu.Target>{button}</Menu.Target>
      <Menu.Dropdown>
        {turns && <Menu.Item leftSection={<IconPlus size={15} />} onClick={() => dialog(t('instance.now.addTurn'), (close) => <AddTurnForm instance={instance.id} runKey={run.key} onDone={close} />)}>{t('instance.now.addTurn')}</Menu.Item>}
        {turns && <Menu.Item leftSection={<IconChecks size={15} />} onClick={() => ask(t('instance.now.completeTurns'), t('instance.now.completeTurnsText'), () => completeTurns(instance.id, run.key))}>{t('instance.now.completeTurns')}</Menu.Item>}
        {turn && <Menu.Item leftSection={<IconX size={15} />} onClick={() => ask(t('instance.now.deleteTurn'), t('instance.now.deleteTurnText'), () => deleteTurn(instance.id, run.key))}>{t('instance.now.deleteTurn')}</Menu.Item>}
        {type === 'adHocSubProcess' && <Menu.Item leftSection={<IconListCheck size={15} />} onClick={() => dialog(t('instance.now.adHoc'), (close) => <AdHocForm instance={instance.id} run={run} nodes={nodes} onDone={close} />)}>{t('instance.now.adHoc')}</Menu.Item>}
        {type === 'adHocSubProcess' && <Menu.Item leftSection={<IconChecks size={15} />} onClick={() => ask(t('instance.now.completeAdHoc'), t('instance.now.completeAdHocText'), () => completeAdHoc(instance.id, run.key))}>{t('instance.now.completeAdHoc')}</Menu.Item>}
        {type === 'transaction' && <Menu.Item color="red" leftSection={<IconBan size={15} />} onClick={() => ask(t('instance.now.cancelTransaction'), t('instance.now.cancelTransactionText'), () => cancelTransaction(instance.id, run.key))}>{t('instance.now.cancelTransaction')}</Menu.Item>}
        <Menu.Item leftSection={<IconArrowMoveRight size={15} />} onClick={() => onMove(run)}>{t('instance.modify.move')}</Menu.Item>
        <Menu.Item leftSection={<IconPlayerStop size={15} />} onClick={() => onTerminate(run)}>{t('instance.modify.terminate')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

export function typeName(node: FlowNode | undefined, t: TFunction): string {
  if (!node) return ''
  if (node.eventSubProcess) return t('instance.type.eventSubProcess')
  const text = t(`instance.type.${node.type}` as 'instance.type.task', { defaultValue: node.type })
  return node.repeated ? `${text}, ${t('instance.type.repeated')}` : text
}

function turnsText(turns: { total: number; started: number; ended: number }, t: TFunction): string {
  return turns.total > 0 ? t('instance.now.turns', { ended: turns.ended, total: turns.total }) : t('instance.now.turnsOpen', { ended: turns.ended, started: turns.started })
}

interface Waiting {
  wait: Wait
  run: Run
  nodes: Map<string, FlowNode>
  tasks: Task[]
  when: (iso: string) => string
}

export function waitText({ wait, run, nodes, tasks, when }: Waiting, t: TFunction): string {
  const task = wait.task ? tasks.find((item) => item.state === 'open' && item.id === wait.task) : undefined
  const what = task ? answerBy(task, t) : t(`instance.wait.${wait.key ? 'messageKey' : wait.kind}`, { what: wait.what, key: wait.key, when: wait.due ? when(wait.due) : '' })
  const text = t('instance.waiting.for', { what })
  if (!wait.elementId || wait.elementId === run.elementId) return text
  return t('instance.wait.at', { name: nodes.get(wait.elementId)?.name || wait.elementId, text })
}

/** Who is to answer, or what is asked when it is nobody's. */
export function answerBy(task: Task, t: TFunction): string {
  const names = task.assignees.map((person) => person.name).join(', ')
  return names ? t('instance.waiting.task', { names }) : t('instance.waiting.unassigned', { title: task.title })
}

export function SuspendedBanner({ onResume, allowed }: { onResume: () => void; allowed: boolean }) {
  const { t } = useTranslation()
  return (
    <div className={css.suspended} role="status">
      <span>{t('instance.suspend.banner')}</span>
      {allowed && <Button size="compact-xs" variant="white" color="grape" onClick={onResume}>{t('instance.suspend.resume')}</Button>}
    </div>
  )
}
