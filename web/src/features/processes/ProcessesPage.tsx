/** Processes: what can be started, what runs, what is deployed. */
import { useTranslation } from 'react-i18next'
import { Page } from '@/ui/Page'
import { useUrlState } from '@/ui/search'
import { PageTabs } from '@/ui/Tabs'
import { DecisionsTab } from './DecisionsTab'
import { DefinitionsTab } from './DefinitionsTab'
import { InstancesTab } from './InstancesTab'
import { StartTab } from './StartTab'

const TABS = ['start', 'instances', 'definitions', 'decisions'] as const
type Tab = (typeof TABS)[number]

export default function ProcessesPage() {
  const { t } = useTranslation()
  const [search, setSearch] = useUrlState()
  const tab: Tab = TABS.find((item) => item === search.tab) ?? 'instances'
  const change = (next: Tab) => setSearch({ tab: next === 'instances' ? undefined : next, q: undefined, page: undefined })
  return (
    <Page
      title={t('processes.title')}
      tabs={<PageTabs label={t('processes.title')} value={tab} onChange={change} items={TABS.map((key) => ({ key, label: t(`processes.tab.${key}`) }))} />}
    >
      {tab === 'start' && <StartTab />}
      {tab === 'instances' && <InstancesTab />}
      {tab === 'definitions' && <DefinitionsTab />}
      {tab === 'decisions' && <DecisionsTab />}
    </Page>
  )
}
