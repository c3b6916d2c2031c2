/** People, the own profile, the system. */
import { useTranslation } from 'react-i18next'
import { can, useMe } from '@/api'
import { Page } from '@/ui/Page'
import { useUrlState } from '@/ui/search'
import { PageTabs } from '@/ui/Tabs'
import { PeopleTab } from './PeopleTab'
import { ProfileTab } from './ProfileTab'
import { RetentionTab } from './RetentionTab'
import { SystemTab } from './SystemTab'

const TABS = ['people', 'profile', 'retention', 'system'] as const

export default function SettingsPage() {
  const { t } = useTranslation()
  const me = useMe()
  const admin = can.manageUsers(me).ok
  const [search, setSearch] = useUrlState()
  const allowed = TABS.filter((tab) => admin || tab === 'profile')
  const tab = allowed.find((item) => item === search.tab) ?? allowed[0] ?? 'profile'
  return (
    <Page
      title={t('settings.title')}
      tabs={<PageTabs label={t('settings.title')} value={tab} onChange={(next) => setSearch({ tab: next, q: undefined, user: undefined, process: undefined })} items={allowed.map((key) => ({ key, label: t(`settings.tab.${key}`) }))} />}
    >
      {tab === 'people' && <PeopleTab />}
      {tab === 'profile' && <ProfileTab />}
      {tab === 'retention' && <RetentionTab />}
      {tab === 'system' && <SystemTab />}
    </Page>
  )
}
