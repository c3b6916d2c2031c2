/** Deployed definitions, newest versions first; a file can be deployed from here. */
import { Button, FileButton, Text } from '@mantine/core'
import { IconSitemap, IconUpload } from '@tabler/icons-react'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { can, definitionsQuery, queryClient, useMe, type Definition } from '@/api'
import { DataTable, type Column } from '@/ui/DataTable'
import { toastError, toastOk } from '@/ui/errors'
import { Guard } from '@/ui/Guard'
import { navigateTo } from '@/ui/nav'
import { EmptyState, QueryView, TableSkeleton } from '@/ui/Page'
import { SearchBox } from '@/ui/SearchBox'
import { useUrlState } from '@/ui/search'
import { ToneBadge } from '@/ui/StateBadge'
import { Time } from '@/ui/Time'
import ui from '@/ui/ui.module.css'
import { deployFile } from './queries'

export function DefinitionsTab() {
  const { t } = useTranslation()
  const me = useMe()
  const [search, setSearch] = useUrlState()
  const query = useQuery(definitionsQuery({ search: search.q, latest: true }))
  const upload = useMutation({
    mutationFn: deployFile,
    onSuccess: (answer, file) => {
      toastOk(t(answer.definitions.every((one) => one.unchanged) ? 'processes.definitions.unchanged' : 'processes.definitions.uploaded', { name: file.name, version: answer.definitions[0]?.version ?? 0 }))
      void queryClient.invalidateQueries({ queryKey: ['definition'] })
      const first = answer.definitions[0]
      if (first) navigateTo(`/definitions/${first.id}`)
    },
    onError: toastError,
  })
  const uploadButton = (
    <FileButton accept=".bpmn,.bpt,.xml" onChange={(file) => file && upload.mutate(file)}>
      {(props) => (
        <Guard can={can.deploy(me)}>
          <Button variant="default" leftSection={<IconUpload size={15} />} loading={upload.isPending} {...props}>{t('processes.definitions.upload')}</Button>
        </Guard>
      )}
    </FileButton>
  )
  const columns: Column<Definition>[] = [
    { key: 'name', header: t('common.field.name'), cell: (row) => row.name },
    { key: 'version', header: t('common.field.version'), cell: (row) => row.version, width: 90, align: 'right' },
    { key: 'origin', header: t('processes.definition.source'), cell: (row) => row.origin === 'bpt' ? t('processes.definitions.origin.bpt') : t('processes.definitions.origin.bpmn'), width: 120 },
    { key: 'running', header: t('processes.definitions.running'), cell: (row) => <Count n={row.stats?.active} tone="running" />, width: 120, align: 'right' },
    { key: 'incidents', header: t('processes.definitions.incidents'), cell: (row) => <Count n={row.stats?.incidents} tone="broken" />, width: 110, align: 'right' },
    { key: 'deployed', header: t('processes.definitions.deployed'), cell: (row) => <Time at={row.deployedAt} />, width: 140 },
    { key: 'state', header: t('common.field.state'), cell: (row) => row.deployable === false ? <ToneBadge tone="waiting">{t('processes.definitions.notDeployable')}</ToneBadge> : '', width: 130, wideOnly: true },
  ]
  return (
    <>
      <div className={ui.filters}>
        <SearchBox value={search.q ?? ''} onChange={(q) => setSearch({ q })} placeholder={t('processes.definitions.searchPlaceholder')} />
        <div style={{ flex: 1 }} />
        {uploadButton}
      </div>
      <QueryView query={query} skeleton={<TableSkeleton rows={6} />}>
        {(data) =>
          data.items.length === 0 ? (
            search.q ? <EmptyState title={t('common.state.nothingFound')} hint={t('common.state.nothingFoundHint')} /> : (
              <EmptyState icon={IconSitemap} title={t('processes.definitions.empty')} hint={t('processes.definitions.emptyHint')}>
                {can.design(me).ok && <Button component="a" href="/designer">{t('processes.start.toDesigner')}</Button>}
              </EmptyState>
            )
          ) : (
            <DataTable label={t('processes.tab.definitions')} rows={data.items} columns={columns} rowKey={(row) => row.id} href={(row) => `/definitions/${row.id}`} total={data.total} rowTestId="definition-row" />
          )
        }
      </QueryView>
    </>
  )
}

function Count({ n, tone }: { n: number | undefined; tone: 'running' | 'broken' }) {
  if (!n) return <Text span size="sm" c="dimmed">0</Text>
  return <span style={{ color: `var(--state-${tone})`, fontWeight: 600 }}>{n}</span>
}
