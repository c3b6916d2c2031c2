/** Tasks of the process, open and done. */
import { IconCheckbox } from '@tabler/icons-react'
import { useTranslation } from 'react-i18next'
import type { Task } from '@/api'
import { DataTable, type Column } from '@/ui/DataTable'
import { EmptyState } from '@/ui/Page'
import { ToneBadge } from '@/ui/StateBadge'
import { Time } from '@/ui/Time'

const OUTCOMES = ['ok', 'yes', 'no', 'cancel'] as const

export function TasksTab({ tasks }: { tasks: Task[] }) {
  const { t } = useTranslation()
  if (tasks.length === 0) return <EmptyState compact icon={IconCheckbox} title={t('instance.tasks.empty')} hint={t('instance.tasks.emptyHint')} />
  const stateText = (task: Task) => {
    if (task.state === 'open') return t('common.instanceState.active')
    if (task.state === 'canceled') return t('common.instanceState.canceled')
    const known = OUTCOMES.find((item) => item === task.outcome)
    return known ? t(`inbox.outcomeDone.${known}`) : (task.outcome ?? '')
  }
  const columns: Column<Task>[] = [
    { key: 'title', header: t('common.field.name'), cell: (task) => task.title },
    { key: 'state', header: t('common.field.state'), cell: (task) => <ToneBadge tone={task.state === 'open' ? 'waiting' : task.state === 'completed' ? 'done' : 'idle'}>{stateText(task)}</ToneBadge>, width: 150 },
    { key: 'people', header: t('inbox.assignees'), cell: (task) => task.assignees.map((person) => person.name).join(', ') || '—' },
    { key: 'created', header: t('inbox.received'), cell: (task) => <Time at={task.createdAt} />, width: 130 },
    { key: 'done', header: t('common.field.finished'), cell: (task) => <Time at={task.completedAt} />, width: 130 },
  ]
  return <DataTable label={t('instance.tab.tasks')} rows={tasks} columns={columns} rowKey={(task) => task.id} href={(task) => `/inbox/${task.id}`} />
}
