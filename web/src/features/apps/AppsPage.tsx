/** Apps, incoming webhooks and API tokens. */
import { Button } from '@mantine/core'
import { IconApps, IconPlus } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { can, useMe, type App } from '@/api'
import { DataTable, type Column } from '@/ui/DataTable'
import { EmptyState, NotAllowed, Page, QueryView, TableSkeleton } from '@/ui/Page'
import { useUrlState } from '@/ui/search'
import { PageTabs } from '@/ui/Tabs'
import { Time } from '@/ui/Time'
import { CreateAppDialog } from './CreateAppDialog'
import { appsQuery } from './queries'
import { TokensTab } from './TokensTab'
import { WebhooksTab } from './WebhooksTab'

const TABS = ['apps', 'webhooks', 'tokens'] as const
type Tab = (typeof TABS)[number]

export default function AppsPage() {
  const { t } = useTranslation()
  const me = useMe()
  const [search, setSearch] = useUrlState()
  const tab: Tab = TABS.find((item) => item === search.tab) ?? 'apps'
  if (!can.manageApps(me).ok) return <Page title={t('apps.title')}><NotAllowed /></Page>
  const label = tab === 'apps' ? t('apps.new') : tab === 'webhooks' ? t('apps.webhook.new') : t('apps.token.new')
  const opened = search.new === '1'
  const close = () => setSearch({ new: undefined })
  const open = () => setSearch({ new: '1' })
  return (
    <Page
      title={t('apps.title')}
      actions={<Button leftSection={<IconPlus size={15} />} data-testid={tab === 'apps' ? 'create-app' : `create-${tab}`} onClick={open}>{label}</Button>}
      tabs={<PageTabs label={t('apps.title')} value={tab} onChange={(next) => setSearch({ tab: next === 'apps' ? undefined : next, new: undefined })} items={TABS.map((key) => ({ key, label: t(`apps.tab.${key}`) }))} />}
    >
      {tab === 'apps' && <AppsTab onCreate={open} />}
      {tab === 'webhooks' && <WebhooksTab creating={opened} onCreate={open} onClose={close} />}
      {tab === 'tokens' && <TokensTab creating={opened} onCreate={open} onClose={close} />}
      {tab === 'apps' && opened && <CreateAppDialog onClose={close} />}
    </Page>
  )
}

function AppsTab({ onCreate }: { onCreate: () => void }) {
  const { t } = useTranslation()
  const query = useQuery(appsQuery)
  const columns: Column<App>[] = [
    { key: 'name', header: t('common.field.name'), cell: (app) => app.name },
    { key: 'client', header: 'client_id', cell: (app) => <span className="mono">{app.clientId}</span> },
    { key: 'scopes', header: t('apps.scopes'), cell: (app) => app.scopes.join(', ') },
    { key: 'activities', header: t('apps.card.activities'), cell: (app) => app.activityCount ?? 0, align: 'right', width: 170 },
    { key: 'created', header: t('common.field.created'), cell: (app) => <Time at={app.createdAt} />, width: 130, wideOnly: true },
  ]
  return (
    <QueryView query={query} skeleton={<TableSkeleton rows={4} />}>
      {(data) =>
        data.items.length === 0
          ? <EmptyState icon={IconApps} title={t('apps.empty')} hint={t('apps.emptyHint')}><Button onClick={onCreate}>{t('apps.new')}</Button></EmptyState>
          : <DataTable label={t('apps.title')} rows={data.items} columns={columns} rowKey={(app) => app.id} href={(app) => `/apps/${app.id}`} total={data.total} rowTestId="app-row" />
      }
    </QueryView>
  )
}
