/** Processes: what can be started, what runs, what is deployed. */
import { Button } from '@mantine/core'
import { IconMailForward } from '@tabler/icons-react'
import { lazy, Suspense } from 'react'
import { useTranslation } from 'react-i18next'
import { can, useMe } from '@/api'
import { Guard } from '@/ui/Guard'
import { Page, TableSkeleton } from '@/ui/Page'
import { useUrlState } from '@/ui/search'
import { PageTabs } from '@/ui/Tabs'
import { DecisionsTab } from './DecisionsTab'
import { DefinitionsTab } from './DefinitionsTab'
import { InstancesTab } from './InstancesTab'
import { StartTab } from './StartTab'

const SendDialog = lazy(() => import('./SendDialog'))
const MessagesTab = lazy(() => import('./MessagesTab'))

const ALL_TABS = ['start', 'instances', 'definitions', 'decisions', 'messages'] as const
type Tab = (typeof ALL_TABS)[number]

export default function ProcessesPage() {
  const { t } = useTranslation()
  const me = useMe()
  const [search, setSearch] = useUrlState()
  const tabs = ALL_TABS.filter((item) => item !== 'messages' || can.sendMessages(me).ok)
  const tab: Tab = tabs.find((item) => item === search.tab) ?? 'instances'
  const change = (next: Tab) => setSearch({ tab: next === 'instances' ? undefined : next, q: undefined, page: undefined, list: undefined, name: undefined })
  return (
    <Page
      title={t('processes.title')}
      actions={<Guard can={can.sendMessages(me)}><Button variant="default" leftSection={<IconMailForward size={15} />} onClick={() => setSearch({ send: '1' })} data-testid="send-open">{t('processes.send.open')}</Button></Guard>}
      tabs={<PageTabs label={t('processes.title')} value={tab} onChange={change} items={tabs.map((key) => ({ key, label: t(`processes.tab.${key}`) }))} />}
    >
      {tab === 'start' && <StartTab />}
      {tab === 'instances' && <InstancesTab />}
      {tab === 'definitions' && <DefinitionsTab />}
      {tab === 'decisions' && <DecisionsTab />}
      {tab === 'messages' && <Suspense fallback={<TableSkeleton rows={5} />}><MessagesTab /></Suspense>}
      {search.send === '1' && can.sendMessages(me).ok && <Suspense fallback={null}><SendDialog onClose={() => setSearch({ send: undefined })} /></Suspense>}
    </Page>
  )
}
