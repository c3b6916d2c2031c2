/** What processes exchange: who waits for what, messages that are kept, names that one process at a time holds. */
import { ActionIcon, SegmentedControl } from '@mantine/core'
import { IconLock, IconMail, IconMailbox, IconTrash } from '@tabler/icons-react'
import { keepPreviousData, queryOptions, useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api, queryClient, type HeldName as Name, type KeptMessage as Kept, type Subscription as Waiting } from '@/api'
import { confirm } from '@/ui/confirm'
import { DataTable, PAGE_SIZE, type Column } from '@/ui/DataTable'
import { toastOk } from '@/ui/errors'
import { EmptyState, QueryView, TableSkeleton } from '@/ui/Page'
import { SearchBox } from '@/ui/SearchBox'
import { useUrlState } from '@/ui/search'
import { ToneBadge } from '@/ui/StateBadge'
import { Time } from '@/ui/Time'
import ui from '@/ui/ui.module.css'

const LISTS = ['waiting', 'kept', 'names'] as const
type List = (typeof LISTS)[number]

interface Wanted {
  name?: string
  limit: number
  offset: number
}

const live = { placeholderData: keepPreviousData, refetchInterval: 5_000 }
const waitingQuery = (query: Wanted) => queryOptions({ queryKey: ['exchange', 'waiting', query], queryFn: ({ signal }) => api.get('/subscriptions', { query: { ...query }, signal }), ...live })
const keptQuery = (query: Wanted) => queryOptions({ queryKey: ['exchange', 'kept', query], queryFn: ({ signal }) => api.get('/messages', { query: { ...query }, signal }), ...live })
const namesQuery = (query: Wanted) => queryOptions({ queryKey: ['exchange', 'names', query], queryFn: ({ signal }) => api.get('/mutexes', { query: { ...query }, signal }), ...live })

export default function MessagesTab() {
  const { t } = useTranslation()
  const [search, setSearch] = useUrlState()
  const list: List = LISTS.find((item) => item === search.list) ?? 'waiting'
  const page = Math.max(1, Number(search.page ?? 1) || 1)
  const wanted: Wanted = { name: search.name, limit: PAGE_SIZE, offset: (page - 1) * PAGE_SIZE }
  const paging = { page, onPage: (next: number) => setSearch({ page: next === 1 ? undefined : String(next) }) }
  return (
    <>
      <div className={ui.filters}>
        <SegmentedControl size="xs" aria-label={t('processes.messages.lists')} value={list} onChange={(value) => setSearch({ list: value === 'waiting' ? undefined : value, page: undefined })} data={LISTS.map((value) => ({ value, label: t(`processes.messages.${value}`) }))} />
        <SearchBox value={search.name ?? ''} onChange={(name) => setSearch({ name, page: undefined })} placeholder={t('processes.messages.namePlaceholder')} />
      </div>
      {list === 'waiting' && <WaitingList wanted={wanted} {...paging} />}
      {list === 'kept' && <KeptList wanted={wanted} {...paging} />}
      {list === 'names' && <NameList wanted={wanted} {...paging} />}
    </>
  )
}

interface ListProps {
  wanted: Wanted
  page: number
  onPage: (page: number) => void
}

function WaitingList({ wanted, ...paging }: ListProps) {
  const { t } = useTranslation()
  const query = useQuery(waitingQuery(wanted))
  const columns: Column<Waiting>[] = [
    { key: 'instance', header: t('processes.messages.process'), cell: (row) => row.instanceId, width: 120 },
    { key: 'kind', header: t('processes.messages.kind'), cell: (row) => <ToneBadge tone="waiting">{t(`processes.send.${row.kind}`)}</ToneBadge>, width: 130 },
    { key: 'name', header: t('processes.messages.name'), cell: (row) => row.name },
    { key: 'key', header: t('processes.messages.key'), cell: (row) => row.correlationKey ?? (row.kind === 'message' ? <i>{t('processes.messages.anyKey')}</i> : '—') },
    { key: 'element', header: t('processes.messages.element'), cell: (row) => <span className="mono">{row.processId} / {row.elementId}</span>, wideOnly: true },
    { key: 'since', header: t('processes.messages.since'), cell: (row) => <Time at={row.since} />, width: 150 },
  ]
  return (
    <QueryView query={query} skeleton={<TableSkeleton rows={5} />}>
      {(data) => data.items.length === 0
        ? <EmptyState icon={IconMailbox} title={t(wanted.name ? 'common.state.nothingFound' : 'processes.messages.waitingEmpty')} hint={t(wanted.name ? 'common.state.nothingFoundHint' : 'processes.messages.waitingEmptyHint')} />
        : <DataTable label={t('processes.messages.waiting')} rows={data.items} columns={columns} rowKey={(row) => String(row.id)} href={(row) => `/instances/${row.instanceId}?tab=now`} total={data.total} rowTestId="waiting-row" {...paging} />}
    </QueryView>
  )
}

function KeptList({ wanted, ...paging }: ListProps) {
  const { t } = useTranslation()
  const query = useQuery(keptQuery(wanted))
  const remove = (row: Kept) =>
    confirm({
      title: t('processes.messages.remove'),
      text: t('processes.messages.removeText', { name: row.name }),
      action: t('processes.messages.remove'),
      run: async () => {
        await api.delete('/messages/{id}', { id: String(row.id) })
        toastOk(t('processes.messages.removed'))
        await queryClient.invalidateQueries({ queryKey: ['exchange'] })
      },
    })
  const columns: Column<Kept>[] = [
    { key: 'name', header: t('processes.messages.name'), cell: (row) => row.name },
    { key: 'key', header: t('processes.messages.key'), cell: (row) => row.correlationKey || '—' },
    { key: 'reached', header: t('processes.messages.reached'), cell: (row) => row.reached.join(', ') || '—', wideOnly: true },
    { key: 'variables', header: t('processes.messages.variables'), cell: (row) => <span className="mono">{JSON.stringify(row.variables)}</span>, wideOnly: true },
    { key: 'published', header: t('processes.messages.published'), cell: (row) => <Time at={row.publishedAt} />, width: 140 },
    { key: 'expires', header: t('processes.messages.expires'), cell: (row) => <Time at={row.expiresAt} />, width: 140 },
    { key: 'remove', header: '', cell: (row) => <ActionIcon size="sm" variant="subtle" color="red" aria-label={`${t('processes.messages.remove')}: ${row.name}`} onClick={() => remove(row)} data-testid="message-remove"><IconTrash size={15} /></ActionIcon>, width: 48 },
  ]
  return (
    <QueryView query={query} skeleton={<TableSkeleton rows={5} />}>
      {(data) => data.items.length === 0
        ? <EmptyState icon={IconMail} title={t(wanted.name ? 'common.state.nothingFound' : 'processes.messages.keptEmpty')} hint={t(wanted.name ? 'common.state.nothingFoundHint' : 'processes.messages.keptEmptyHint')} />
        : <DataTable label={t('processes.messages.kept')} rows={data.items} columns={columns} rowKey={(row) => String(row.id)} total={data.total} rowTestId="kept-row" {...paging} />}
    </QueryView>
  )
}

function NameList({ wanted, ...paging }: ListProps) {
  const { t } = useTranslation()
  const query = useQuery(namesQuery(wanted))
  const columns: Column<Name>[] = [
    { key: 'instance', header: t('processes.messages.process'), cell: (row) => row.instanceId, width: 140 },
    { key: 'name', header: t('processes.messages.name'), cell: (row) => row.name },
    { key: 'held', header: t('common.field.state'), cell: (row) => <ToneBadge tone={row.held ? 'running' : 'waiting'}>{t(row.held ? 'processes.messages.held' : 'processes.messages.queued')}</ToneBadge>, width: 140 },
  ]
  return (
    <QueryView query={query} skeleton={<TableSkeleton rows={5} />}>
      {(data) => data.items.length === 0
        ? <EmptyState icon={IconLock} title={t(wanted.name ? 'common.state.nothingFound' : 'processes.messages.namesEmpty')} hint={t(wanted.name ? 'common.state.nothingFoundHint' : 'processes.messages.namesEmptyHint')} />
        : <DataTable label={t('processes.messages.names')} rows={data.items} columns={columns} rowKey={(row) => String(row.id)} href={(row) => `/instances/${row.instanceId}?tab=now`} total={data.total} rowTestId="name-row" {...paging} />}
    </QueryView>
  )
}
