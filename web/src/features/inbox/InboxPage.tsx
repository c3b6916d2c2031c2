/** What waits for me: the list on the left, the task on the right; one at a time on narrow screens. */
import { Button, Skeleton, Tooltip } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { IconCheckbox, IconFlag, IconInbox } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { useMe, type Task } from '@/api'
import { useListKeys, useLocale, useNow, usePageTitle } from '@/ui/hooks'
import { navigateTo } from '@/ui/nav'
import { EmptyState, ErrorState } from '@/ui/Page'
import { SearchBox } from '@/ui/SearchBox'
import { useUrlState } from '@/ui/search'
import { PageTabs } from '@/ui/Tabs'
import { Time } from '@/ui/Time'
import { relativeTime } from '@/util/time'
import css from './inbox.module.css'
import { tasksQuery, type View } from './queries'
import { TaskPane } from './TaskPane'

export default function InboxPage() {
  const { t } = useTranslation()
  const me = useMe()
  const { taskId } = useParams({ strict: false }) as { taskId?: string }
  const [search, setSearch] = useUrlState()
  const narrow = useMediaQuery('(max-width: 62em)')
  const view = (search.view as View | undefined) ?? 'mine'
  const tasks = useQuery(tasksQuery(view, search.q ?? ''))
  const items = tasks.data?.items ?? []
  usePageTitle(t('inbox.title'))

  const list = (
    <section className={css.list} aria-label={t('inbox.title')}>
      <header className={css.listHead}>
        <h1>{t('inbox.title')}</h1>
        <SearchBox value={search.q ?? ''} onChange={(q) => setSearch({ q })} placeholder={t('inbox.searchPlaceholder')} />
      </header>
      <PageTabs
        label={t('inbox.title')}
        value={view}
        onChange={(next) => setSearch({ view: next === 'mine' ? undefined : next })}
        items={[
          { key: 'mine', label: t('inbox.view.mine'), count: view === 'mine' ? tasks.data?.total : undefined },
          ...(me.role === 'admin' ? [{ key: 'all' as const, label: t('inbox.view.all') }] : []),
          { key: 'done', label: t('inbox.view.done') },
        ]}
      />
      <div className={css.rows}>
        {tasks.isPending && <RowsSkeleton />}
        {tasks.isError && <ErrorState compact error={tasks.error} onRetry={() => void tasks.refetch()} />}
        {tasks.data && items.length === 0 && <EmptyList view={view} searching={Boolean(search.q)} />}
        {items.length > 0 && <TaskRows items={items} selected={taskId} search={searchText(search)} done={view === 'done'} />}
      </div>
    </section>
  )

  const next = items.find((task) => task.id !== taskId)
  const pane = taskId
    ? <TaskPane key={taskId} id={taskId} nextHref={next ? `/inbox/${next.id}${searchText(search)}` : null} backHref={narrow ? `/inbox${searchText(search)}` : undefined} />
    : items.length > 0 && <EmptyState icon={IconInbox} title={t('inbox.pick.title')} hint={t('inbox.pick.hint')} />

  if (narrow) return <div className={css.single}>{taskId ? pane : list}</div>
  return (
    <div className={css.split}>
      {list}
      <section className={css.pane} aria-label={t('inbox.pick.title')}>{pane}</section>
    </div>
  )
}

function searchText(search: Record<string, string | undefined>): string {
  const params = new URLSearchParams()
  if (search.view) params.set('view', search.view)
  if (search.q) params.set('q', search.q)
  const text = params.toString()
  return text ? `?${text}` : ''
}

function TaskRows({ items, selected, search, done }: { items: Task[]; selected?: string; search: string; done: boolean }) {
  const root = useRef<HTMLUListElement>(null)
  useListKeys(root, (row) => {
    if (row.dataset.href && matchMedia('(min-width: 62.001em)').matches) navigateTo(row.dataset.href, { replace: true })
  })
  return (
    <ul ref={root} className={css.ul}>
      {items.map((task) => (
        <li key={task.id}>
          <a
            href={`/inbox/${task.id}${search}`}
            data-href={`/inbox/${task.id}${search}`}
            className={css.row}
            data-row
            data-testid="task-row"
            data-selected={task.id === selected}
            aria-current={task.id === selected ? 'true' : undefined}
          >
            <span className={css.rowTitle}>
              {(task.priority ?? 50) > 70 && <IconFlag size={14} color="var(--state-broken)" aria-hidden />}
              <span className="truncate">{task.title}</span>
            </span>
            <span className={css.rowWhy}>
              <span className="truncate">{[task.document?.title, task.definitionName].filter(Boolean).join(' · ')}</span>
              <span className={css.rowTime}>{done ? <Time at={task.completedAt ?? task.createdAt} /> : <DueOrAge task={task} />}</span>
            </span>
          </a>
        </li>
      ))}
    </ul>
  )
}

function DueOrAge({ task }: { task: Task }) {
  const { t } = useTranslation()
  const now = useNow()
  const locale = useLocale()
  if (!task.dueAt) return <Time at={task.createdAt} />
  const late = Date.parse(task.dueAt) < now
  const soon = !late && Date.parse(task.dueAt) - now < 24 * 3_600_000
  const when = relativeTime(task.dueAt, now, locale) ?? t('common.time.justNow')
  return (
    <Tooltip label={late ? t('common.time.overdue', { when }) : t('common.time.due', { when })}>
      <span className={css.due} data-late={late || undefined} data-soon={soon || undefined}>{late ? t('common.time.overdue', { when }) : t('common.time.due', { when })}</span>
    </Tooltip>
  )
}

function EmptyList({ view, searching }: { view: View; searching: boolean }) {
  const { t } = useTranslation()
  if (searching) return <EmptyState compact title={t('common.state.nothingFound')} hint={t('common.state.nothingFoundHint')} />
  if (view === 'done') return <EmptyState compact title={t('inbox.emptyDone.title')} hint={t('inbox.emptyDone.hint')} />
  const text = view === 'all' ? 'emptyAll' : 'empty'
  return (
    <EmptyState compact icon={IconCheckbox} title={t(`inbox.${text}.title`)} hint={t(`inbox.${text}.hint`)}>
      <Button variant="default" component="a" href="/processes?tab=start">{t('inbox.startProcess')}</Button>
    </EmptyState>
  )
}

function RowsSkeleton() {
  return (
    <div aria-busy="true">
      {Array.from({ length: 6 }, (_, i) => (
        <div key={i} className={css.row} style={{ gap: 8 }}>
          <Skeleton height={12} width={`${70 - ((i * 11) % 30)}%`} />
          <Skeleton height={10} width="45%" />
        </div>
      ))}
    </div>
  )
}
