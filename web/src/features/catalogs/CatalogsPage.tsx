/** All catalogs. */
import { Button } from '@mantine/core'
import { IconDatabase, IconPlus } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { can, catalogsQuery, useMe } from '@/api'
import { Guard } from '@/ui/Guard'
import { navigateTo } from '@/ui/nav'
import { EmptyState, Page, QueryView, TableSkeleton } from '@/ui/Page'
import { useUrlState } from '@/ui/search'
import { CatalogEditor } from './CatalogEditor'
import css from './catalogs.module.css'

export default function CatalogsPage() {
  const { t } = useTranslation()
  const me = useMe()
  const permission = can.manageCatalogs(me)
  const [search, setSearch] = useUrlState()
  const query = useQuery(catalogsQuery)
  const create = (
    <Guard can={permission}>
      <Button leftSection={<IconPlus size={15} />} onClick={() => setSearch({ new: '1' })}>{t('catalogs.new')}</Button>
    </Guard>
  )
  return (
    <Page title={t('catalogs.title')} actions={create}>
      <QueryView query={query} skeleton={<TableSkeleton rows={4} />}>
        {(data) =>
          data.items.length === 0 ? (
            <EmptyState icon={IconDatabase} title={t('catalogs.empty')} hint={permission.ok ? t('catalogs.emptyHint') : t('catalogs.emptyHintEmployee')}>
              {permission.ok && create}
            </EmptyState>
          ) : (
            <div className={css.grid}>
              {data.items.map((catalog) => (
                <a key={catalog.id} href={`/catalogs/${catalog.id}`} className={css.catalog}>
                  <span className={css.catalogIcon}><IconDatabase size={18} stroke={1.6} aria-hidden /></span>
                  <span style={{ minWidth: 0 }}>
                    <b className="truncate" style={{ display: 'block' }}>{catalog.name}</b>
                    <small>{t('catalogs.records', { count: catalog.recordCount ?? 0 })} · {t('catalogs.fields', { count: catalog.fields.length })}</small>
                  </span>
                </a>
              ))}
            </div>
          )
        }
      </QueryView>
      {search.new === '1' && permission.ok && (
        <CatalogEditor onClose={() => setSearch({ new: undefined })} onSaved={(catalog) => navigateTo(`/catalogs/${catalog.id}`)} />
      )}
    </Page>
  )
}
