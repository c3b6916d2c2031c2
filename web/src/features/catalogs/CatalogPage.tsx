/** One catalog: its records. */
import { ActionIcon, Button, Menu } from '@mantine/core'
import { IconDots, IconFileText, IconPlus, IconSettings, IconTrash } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { useState } from 'react'
import type { TFunction } from 'i18next'
import { useTranslation } from 'react-i18next'
import { can, useMe, type Catalog, type RecordRow } from '@/api'
import { DataTable, PAGE_SIZE, type Column } from '@/ui/DataTable'
import { FieldValue } from '@/ui/fields'
import { Guard } from '@/ui/Guard'
import { BlockSkeleton, EmptyState, Page, QueryView, TableSkeleton } from '@/ui/Page'
import { SearchBox } from '@/ui/SearchBox'
import { useUrlState } from '@/ui/search'
import { Time } from '@/ui/Time'
import ui from '@/ui/ui.module.css'
import { confirmRemoval } from '@/ui/remove'
import { CatalogEditor } from './CatalogEditor'
import { catalogQuery, deleteCatalog, recordsQuery } from './queries'
import { RecordDrawer } from './RecordDrawer'

const COLUMNS_SHOWN = 5

export default function CatalogPage() {
  const { catalogId = '' } = useParams({ strict: false }) as { catalogId?: string }
  const query = useQuery(catalogQuery(catalogId))
  return <QueryView query={query} skeleton={<BlockSkeleton lines={10} />}>{(catalog) => <CatalogView catalog={catalog} />}</QueryView>
}

function CatalogView({ catalog }: { catalog: Catalog }) {
  const { t } = useTranslation()
  const me = useMe()
  const permission = can.manageCatalogs(me)
  const [search, setSearch] = useUrlState()
  const [editing, setEditing] = useState(false)
  const page = Math.max(1, Number(search.page ?? 1) || 1)
  const query = useQuery(recordsQuery(catalog.id, { search: search.q, sort: search.sort, limit: PAGE_SIZE, offset: (page - 1) * PAGE_SIZE }))
  const create = <Button leftSection={<IconPlus size={15} />} data-testid="record-create" onClick={() => setSearch({ record: 'new' })}>{t('catalogs.record.new')}</Button>
  const remove = () =>
    confirmRemoval({
      title: t('catalogs.deleteConfirm'),
      text: t('catalogs.deleteText', { name: catalog.name }),
      action: t('catalogs.delete'),
      name: catalog.name,
      remove: () => deleteCatalog(catalog.id),
      done: t('catalogs.deleted'),
      shownBy: ['catalog', 'list'],
      leadsTo: '/catalogs',
    })
  return (
    <Page
      title={catalog.name}
      back={{ href: '/catalogs', label: t('catalogs.title') }}
      actions={
        <>
          {create}
          <Menu position="bottom-end">
            <Menu.Target><ActionIcon size="lg" variant="default" aria-label={t('common.action.actions')}><IconDots size={17} /></ActionIcon></Menu.Target>
            <Menu.Dropdown>
              <Guard can={permission}><Menu.Item leftSection={<IconSettings size={16} />} onClick={() => setEditing(true)}>{t('catalogs.settings')}</Menu.Item></Guard>
              <Menu.Divider />
              <Guard can={permission}><Menu.Item color="red" leftSection={<IconTrash size={16} />} onClick={remove}>{t('catalogs.delete')}</Menu.Item></Guard>
            </Menu.Dropdown>
          </Menu>
        </>
      }
    >
      <div className={ui.filters}>
        <SearchBox value={search.q ?? ''} onChange={(q) => setSearch({ q, page: undefined })} placeholder={t('catalogs.record.searchPlaceholder')} />
      </div>
      <QueryView query={query} skeleton={<TableSkeleton rows={8} />}>
        {(data) =>
          data.items.length === 0 ? (
            search.q
              ? <EmptyState title={t('common.state.nothingFound')} hint={t('common.state.nothingFoundHint')} />
              : <EmptyState icon={IconFileText} title={t('catalogs.record.empty')} hint={t('catalogs.record.emptyHint')}>{create}</EmptyState>
          ) : (
            <DataTable
              label={catalog.name}
              rows={data.items}
              columns={columnsOf(catalog, t)}
              rowKey={(row) => row.id}
              href={(row) => `/records/${row.id}`}
              total={data.total}
              page={page}
              onPage={(next) => setSearch({ page: next === 1 ? undefined : String(next) })}
              sort={search.sort ?? '-updatedAt'}
              onSort={(sort) => setSearch({ sort, page: undefined })}
              rowTestId="record-row"
            />
          )
        }
      </QueryView>
      {search.record === 'new' && <RecordDrawer catalog={catalog} onClose={() => setSearch({ record: undefined })} />}
      {editing && <CatalogEditor catalog={catalog} onClose={() => setEditing(false)} onSaved={() => setEditing(false)} />}
    </Page>
  )
}

function columnsOf(catalog: Catalog, t: TFunction): Column<RecordRow>[] {
  const fields = catalog.fields.filter((field) => field.key !== catalog.titleField && !field.multiline).slice(0, COLUMNS_SHOWN)
  return [
    { key: 'title', header: catalog.fields.find((field) => field.key === catalog.titleField)?.name ?? t('common.field.name'), cell: (row) => row.title || t('catalogs.record.untitled'), sortKey: 'title' },
    ...fields.map((field): Column<RecordRow> => ({
      key: field.key,
      header: field.name,
      cell: (row) => <FieldValue field={field} value={row.fields[field.key]} />,
      align: field.type === 'number' ? 'right' : undefined,
    })),
    { key: 'updated', header: t('common.field.updated'), cell: (row) => <Time at={row.updatedAt} />, width: 130, sortKey: 'updatedAt', wideOnly: true },
  ]
}
