/** The decisions that are deployed. */
import { Button } from '@mantine/core'
import { IconTable } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { can, useMe, type Decision } from '@/api'
import { decisionsQuery } from '@/features/decisions/queries'
import { DataTable, type Column } from '@/ui/DataTable'
import { EmptyState, QueryView, TableSkeleton } from '@/ui/Page'
import { SearchBox } from '@/ui/SearchBox'
import { useUrlState } from '@/ui/search'
import { Time } from '@/ui/Time'
import ui from '@/ui/ui.module.css'

export function DecisionsTab() {
  const { t } = useTranslation()
  const me = useMe()
  const [search, setSearch] = useUrlState()
  const query = useQuery(decisionsQuery(search.q ?? ''))
  const columns: Column<Decision>[] = [
    { key: 'name', header: t('common.field.name'), cell: (decision) => decision.name },
    { key: 'id', header: t('decisions.id'), cell: (decision) => <span className="mono">{decision.decisionId}</span>, width: 240, wideOnly: true },
    { key: 'version', header: t('decisions.version'), cell: (decision) => <span className="num">{decision.version}</span>, width: 90, align: 'right' },
    { key: 'deployed', header: t('processes.definitions.deployed'), cell: (decision) => <Time at={decision.deployedAt} />, width: 160 },
  ]
  return (
    <>
      <div className={ui.filters}><SearchBox value={search.q ?? ''} onChange={(q) => setSearch({ q })} placeholder={t('decisions.searchPlaceholder')} /></div>
      <QueryView query={query} skeleton={<TableSkeleton rows={5} />}>
        {(data) =>
          data.items.length === 0
            ? search.q
              ? <EmptyState title={t('common.state.nothingFound')} hint={t('common.state.nothingFoundHint')} />
              : <EmptyState icon={IconTable} title={t('decisions.empty')} hint={t('decisions.emptyHint')}>{can.design(me).ok && <Button component="a" href="/designer?new=1">{t('designer.new')}</Button>}</EmptyState>
            : <DataTable label={t('processes.tab.decisions')} rows={data.items} columns={columns} rowKey={(decision) => decision.id} href={(decision) => `/decisions/${decision.id}`} total={data.total} rowTestId="decision-row" />
        }
      </QueryView>
    </>
  )
}
