/** One task: why it came, its form, the answer. */
import { ActionIcon, Alert, Button, Group, Menu, Text, Textarea } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { IconArrowRight, IconCheck, IconDots, IconMessage, IconUserShare } from '@tabler/icons-react'
import { useMutation, useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { can, instanceQuery, isApiError, queryClient, useMe, type TaskDetail } from '@/api'
import { errorText } from '@/ui/errors'
import { Facts } from '@/ui/Facts'
import type { FormHandle } from '@/ui/form/FormView'
import { Guard } from '@/ui/Guard'
import { JsonValue } from '@/ui/JsonView'
import { BlockSkeleton, QueryView } from '@/ui/Page'
import { ToneBadge } from '@/ui/StateBadge'
import { Time } from '@/ui/Time'
import css from './inbox.module.css'
import { outcomeButtons, type OutcomeButton } from './outcomes'
import { completeTask, taskQuery } from './queries'

const ReassignDialog = lazy(() => import('./ReassignDialog'))
const FormView = lazy(() => import('@/ui/form/FormView'))

interface PaneProps {
  id: string
  nextHref: string | null
  backHref?: string
}

export function TaskPane({ id, ...props }: PaneProps) {
  const query = useQuery(taskQuery(id))
  return <QueryView query={query} skeleton={<BlockSkeleton lines={8} />}>{(task) => <TaskView task={task} {...props} />}</QueryView>
}

const isOpen = (task: TaskDetail) => task.state === 'open'

function TaskView({ task, nextHref, backHref }: { task: TaskDetail } & Omit<PaneProps, 'id'>) {
  const { t } = useTranslation()
  return (
    <article className={css.task} data-testid="task">
      {backHref && <a className={css.back} href={backHref}>← {t('inbox.back')}</a>}
      <header className={css.taskHead}>
        <div style={{ minWidth: 0, flex: 1 }}>
          <h1>{task.title}</h1>
          <WhyLine task={task} />
        </div>
        {isOpen(task) ? <TaskMenu task={task} /> : null}
      </header>
      {task.description && <p className={css.description}>{task.description}</p>}
      {isOpen(task) ? <AnswerForm task={task} /> : <DoneView task={task} nextHref={nextHref} />}
      <TaskFacts task={task} />
    </article>
  )
}

function WhyLine({ task }: { task: TaskDetail }) {
  const { t } = useTranslation()
  const instance = useQuery(instanceQuery(task.instanceId))
  const starter = instance.data?.startedBy?.name
  return (
    <p className={css.why}>
      <span>{t(`inbox.kind.${task.kind}`)}</span>
      {task.document && <><i /><a className="link" href={`/records/${task.document.recordId}`}>{task.document.title}</a></>}
      <i /><a className="link" href={`/instances/${task.instanceId}`}>{task.definitionName ?? task.instanceId}</a>
      {starter && <><i /><span>{t('inbox.startedBy')}: {starter}</span></>}
    </p>
  )
}

function AnswerForm({ task }: { task: TaskDetail }) {
  const { t } = useTranslation()
  const me = useMe()
  const form = useRef<FormHandle>(null)
  const [comment, setComment] = useState('')
  const [commenting, setCommenting] = useState(false)
  const [invalid, setInvalid] = useState(false)
  const permission = can.completeTask(me, task.state, task.assignees)

  const complete = useMutation({
    mutationFn: (button: OutcomeButton) => {
      const filled = form.current?.submit()
      return completeTask(task.id, {
        outcome: button.outcome,
        values: button.needsForm ? (filled?.data ?? {}) : {},
        comment: comment.trim() || undefined,
      })
    },
    onSuccess: () => {
      notifications.show({ id: `done-${task.id}`, color: 'green', icon: <IconCheck size={16} />, message: t('inbox.completed'), autoClose: 3000 })
      void queryClient.invalidateQueries({ queryKey: ['task'] })
      void queryClient.invalidateQueries({ queryKey: ['instance'] })
    },
    onError: (error) => {
      if (isApiError(error, 'RUN-0003')) void queryClient.invalidateQueries({ queryKey: ['task'] })
    },
  })

  const answer = (button: OutcomeButton) => {
    if (button.needsForm && form.current && !form.current.submit().valid) {
      setInvalid(true)
      return
    }
    setInvalid(false)
    complete.mutate(button)
  }

  return (
    <div className={css.answer}>
      {task.form ? (
        <Suspense fallback={<BlockSkeleton lines={4} />}>
          <FormView schema={task.form} data={task.data} handle={form} />
        </Suspense>
      ) : <TaskData task={task} />}
      {commenting
        ? <Textarea label={t('inbox.comment')} placeholder={t('inbox.commentPlaceholder')} value={comment} onChange={(e) => setComment(e.currentTarget.value)} autoFocus />
        : <Button variant="subtle" color="gray" size="compact-sm" leftSection={<IconMessage size={15} />} style={{ alignSelf: 'flex-start', marginLeft: -8 }} onClick={() => setCommenting(true)}>{t('inbox.addComment')}</Button>}
      {invalid && <Alert color="red" p="xs" role="alert">{t('inbox.fixForm')}</Alert>}
      {complete.isError && <Alert color="red" p="xs" role="alert">{errorText(complete.error)}</Alert>}
      <Group gap="xs" className={css.buttons}>
        {outcomeButtons(task.kind, task.outcomes, task.settings).map((button, index) => (
          <Guard key={button.outcome} can={permission}>
            <Button
              data-testid={index === 0 ? 'task-complete' : `task-outcome-${button.outcome}`}
              data-outcome={button.outcome}
              variant={button.weight === 'primary' ? 'filled' : 'default'}
              c={button.weight === 'danger' ? 'var(--state-broken)' : undefined}
              loading={complete.isPending && complete.variables?.outcome === button.outcome}
              disabled={complete.isPending && complete.variables?.outcome !== button.outcome}
              onClick={() => answer(button)}
            >
              {'text' in button.label ? button.label.text : t(`inbox.outcome.${button.label.key}`)}
            </Button>
          </Guard>
        ))}
      </Group>
    </div>
  )
}

/** Values shown when the task has no form of its own. */
function TaskData({ task }: { task: TaskDetail }) {
  const entries = Object.entries(task.data ?? {})
  if (entries.length === 0) return null
  return <div className={css.data}><Facts items={entries.map(([key, value]) => [key, <JsonValue key={key} value={value} />])} /></div>
}

const KNOWN_OUTCOMES = ['ok', 'yes', 'no', 'cancel'] as const

function DoneView({ task, nextHref }: { task: TaskDetail; nextHref: string | null }) {
  const { t } = useTranslation()
  const form = useRef<FormHandle>(null)
  const outcome = task.outcome ?? 'ok'
  const known = KNOWN_OUTCOMES.find((item) => item === outcome)
  const refused = outcome === 'no' || outcome === 'cancel'
  const who = task.completedBy?.name
  return (
    <div className={css.answer} data-testid="task-done">
      <div className={css.doneBox}>
        <ToneBadge tone={refused ? 'idle' : 'done'} icon={IconCheck}>
          {known ? t(`inbox.outcomeDone.${known}`) : t('inbox.outcomeDone.other', { outcome })}
        </ToneBadge>
        <Text size="sm" c="dimmed">{who ? `${who}, ` : ''}<Time at={task.completedAt} /></Text>
        <div style={{ flex: 1 }} />
        <Button size="xs" variant="default" component="a" href={`/instances/${task.instanceId}`}>{t('inbox.toProcess')}</Button>
        {nextHref && <Button size="xs" rightSection={<IconArrowRight size={14} />} component="a" href={nextHref}>{t('inbox.next')}</Button>}
      </div>
      {task.form && (
        <Suspense fallback={<BlockSkeleton lines={4} />}>
          <FormView schema={task.form} data={task.data} readOnly handle={form} />
        </Suspense>
      )}
    </div>
  )
}

function TaskFacts({ task }: { task: TaskDetail }) {
  const { t } = useTranslation()
  return (
    <footer className={css.facts}>
      <Facts
        items={[
          [t('inbox.assignees'), task.assignees.map((person) => person.name).join(', ') || '—'],
          [t('inbox.received'), <Time key="r" at={task.createdAt} />],
          [t('inbox.due'), task.dueAt ? <Time key="d" at={task.dueAt} /> : t('inbox.noDue')],
          [t('inbox.fromProcess'), <a key="p" className="link" href={`/instances/${task.instanceId}`}>{task.instanceId}</a>],
        ]}
      />
    </footer>
  )
}

function TaskMenu({ task }: { task: TaskDetail }) {
  const { t } = useTranslation()
  const me = useMe()
  const [open, setOpen] = useState(false)
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon aria-label={t('common.action.actions')}><IconDots size={18} /></ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Guard can={can.completeTask(me, task.state, task.assignees)}>
            <Menu.Item leftSection={<IconUserShare size={16} />} onClick={() => setOpen(true)}>{t('inbox.reassign')}</Menu.Item>
          </Guard>
        </Menu.Dropdown>
      </Menu>
      {open && (
        <Suspense fallback={null}>
          <ReassignDialog taskId={task.id} onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  )
}
