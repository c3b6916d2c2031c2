/** What can be started, and starting it. */
import { Button } from '@mantine/core'
import { IconPlayerPlay, IconRoute } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { can, catalogsQuery, definitionsQuery, useMe } from '@/api'
import { toastOk } from '@/ui/errors'
import { navigateTo } from '@/ui/nav'
import { EmptyState, QueryView, TableSkeleton } from '@/ui/Page'
import { SearchBox } from '@/ui/SearchBox'
import { useUrlState } from '@/ui/search'
import { openStartProcess } from '@/ui/start/StartProcess'
import ui from '@/ui/ui.module.css'
import css from './processes.module.css'

export function StartTab() {
  const { t } = useTranslation()
  const me = useMe()
  const [search, setSearch] = useUrlState()
  const query = useQuery(definitionsQuery({ search: search.q, latest: true }))
  const catalogs = useQuery(catalogsQuery)
  const designer = can.design(me)
  return (
    <>
      <div className={ui.filters}>
        <SearchBox value={search.q ?? ''} onChange={(q) => setSearch({ q })} placeholder={t('processes.start.searchPlaceholder')} />
      </div>
      <QueryView query={query} skeleton={<TableSkeleton rows={4} />}>
        {(data) => {
          const items = data.items.filter((definition) => definition.deployable !== false)
          if (items.length === 0 && search.q) return <EmptyState title={t('common.state.nothingFound')} hint={t('common.state.nothingFoundHint')} />
          if (items.length === 0) {
            return (
              <EmptyState icon={IconRoute} title={t('processes.start.empty')} hint={designer.ok ? t('processes.start.emptyHint') : t('processes.start.emptyHintEmployee')}>
                {designer.ok && <Button component="a" href="/designer">{t('processes.start.toDesigner')}</Button>}
              </EmptyState>
            )
          }
          return (
            <div className={css.startGrid}>
              {items.map((definition) => {
                const catalog = catalogs.data?.items.find((item) => item.id === definition.catalogId)
                return (
                  <div key={definition.id} className={css.startCard}>
                    <div style={{ minWidth: 0, flex: 1 }}>
                      <a className={css.startName} href={`/definitions/${definition.id}`}>{definition.name}</a>
                      <p>{definition.description || (catalog ? t('processes.start.forRecord', { catalog: catalog.name }) : t('processes.definition.versionN', { n: definition.version }))}</p>
                    </div>
                    <Button
                      variant="light"
                      size="xs"
                      leftSection={<IconPlayerPlay size={14} />}
                      aria-label={`${t('processes.start.button')}: ${definition.name}`}
                      onClick={() => openStartProcess({
                        definition,
                        onStarted: (id) => {
                          toastOk(t('processes.start.started'))
                          navigateTo(`/instances/${id}`)
                        },
                      })}
                    >
                      {t('processes.start.button')}
                    </Button>
                  </div>
                )
              })}
            </div>
          )
        }}
      </QueryView>
    </>
  )
}
