/** Running and finished processes, filtered by chips that live in the URL. */
import { Button, Chip, Select } from '@mantine/core'
import { IconRoute } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { definitionsQuery, type Instance } from '@/api'
import { DataTable, PAGE_SIZE, type Column } from '@/ui/DataTable'
import { EmptyState, QueryView, TableSkeleton } from '@/ui/Page'
import { SearchBox } from '@/ui/SearchBox'
import { useUrlState } from '@/ui/search'
import { InstanceStateBadge } from '@/ui/StateBadge'
import { Duration, Time } from '@/ui/Time'
import ui from '@/ui/ui.module.css'
import { instancesQuery } from './queries'

const STATES = ['active', 'completed', 'failed', 'canceled'] as const

export function InstancesTab() {
  const { t } = useTranslation()
  const [search, setSearch] = useUrlState()
  const page = Math.max(1, Number(search.page ?? 1) || 1)
  const query = useQuery(
    instancesQuery({
      state: STATES.find((state) => state === search.state),
      definitionId: search.definition,
      processId: search.process,
      hasIncident: search.incident === '1' || undefined,
      suspended: search.suspended === '1' || undefined,
      startedBy: search.by,
      search: search.q,
      limit: PAGE_SIZE,
      offset: (page - 1) * PAGE_SIZE,
    }),
  )
  const definitions = useQuery(definitionsQuery({ latest: true }))
  const filtered = Boolean(search.state ?? search.definition ?? search.process ?? search.incident ?? search.suspended ?? search.by ?? search.q)
  const columns: Column<Instance>[] = [
    { key: 'process', header: t('processes.instances.process'), cell: (row) => row.definition.name },
    { key: 'id', header: t('processes.instances.id'), cell: (row) => <span className="num">{row.id}</span>, width: 150 },
    { key: 'state', header: t('common.field.state'), cell: (row) => <InstanceStateBadge state={row.state} incident={row.incidentCount > 0} suspended={row.suspended} />, width: 150 },
    { key: 'document', header: t('common.field.document'), cell: (row) => row.document ? <a className="link" href={`/records/${row.document.recordId}`}>{row.document.title}</a> : '—' },
    { key: 'by', header: t('common.field.startedBy'), cell: (row) => row.startedBy?.name ?? '—', wideOnly: true },
    { key: 'started', header: t('common.field.started'), cell: (row) => <Time at={row.startedAt} />, width: 130 },
    { key: 'duration', header: t('processes.instances.duration'), cell: (row) => <Duration from={row.startedAt} to={row.finishedAt} />, align: 'right', width: 130, wideOnly: true },
  ]
  const processes = definitions.data?.items ?? []
  return (
    <>
      <div className={ui.filters}>
        <SearchBox value={search.q ?? ''} onChange={(q) => setSearch({ q, page: undefined })} placeholder={t('processes.instances.searchPlaceholder')} />
        <Select
          aria-label={t('processes.instances.definition')}
          placeholder={t('processes.instances.anyDefinition')}
          clearable
          searchable
          w={190}
          value={search.process ?? null}
          onChange={(value) => setSearch({ process: value ?? undefined, definition: undefined, page: undefined })}
          data={processes.filter((d, i) => processes.findIndex((o) => o.processId === d.processId) === i).map((definition) => ({ value: definition.processId, label: definition.name }))}
        />
        <div className={ui.chips}>
          {STATES.map((state) => (
            <Chip key={state} size="xs" variant="light" checked={search.state === state} onChange={(on) => setSearch({ state: on ? state : undefined, page: undefined })}>
              {t(`common.instanceState.${state}`)}
            </Chip>
          ))}
          <Chip size="xs" variant="light" color="red" checked={search.incident === '1'} onChange={(on) => setSearch({ incident: on ? '1' : undefined, page: undefined })}>
            {t('processes.instances.onlyIncidents')}
          </Chip>
          <Chip size="xs" variant="light" color="grape" checked={search.suspended === '1'} onChange={(on) => setSearch({ suspended: on ? '1' : undefined, page: undefined })}>
            {t('processes.instances.onlySuspended')}
          </Chip>
          <Chip size="xs" variant="light" checked={search.by === 'me'} onChange={(on) => setSearch({ by: on ? 'me' : undefined, page: undefined })}>
            {t('processes.instances.startedByMe')}
          </Chip>
        </div>
      </div>
      <QueryView query={query} skeleton={<TableSkeleton rows={10} />}>
        {(data) =>
          data.items.length === 0 ? (
            filtered ? (
              <EmptyState title={t('common.state.nothingFound')} hint={t('common.state.nothingFoundHint')}>
                <Button variant="default" onClick={() => setSearch({ state: undefined, definition: undefined, process: undefined, incident: undefined, suspended: undefined, by: undefined, q: undefined })}>{t('common.action.clear')}</Button>
              </EmptyState>
            ) : (
              <EmptyState icon={IconRoute} title={t('processes.instances.empty')} hint={t('processes.instances.emptyHint')}>
                <Button onClick={() => setSearch({ tab: 'start' })}>{t('processes.start.button')}</Button>
              </EmptyState>
            )
          ) : (
            <DataTable
              label={t('processes.tab.instances')}
              rows={data.items}
              columns={columns}
              rowKey={(row) => row.id}
              href={(row) => `/instances/${row.id}`}
              nameOf={(row) => `${row.definition.name} ${row.id}`}
              total={data.total}
              page={page}
              onPage={(next) => setSearch({ page: next === 1 ? undefined : String(next) })}
              rowTestId="instance-row"
            />
          )
        }
      </QueryView>
    </>
  )
}
