/** An app's card: what it registered, the latest calls to it, its keys. */
import { ActionIcon, Button, Menu, Modal, Text } from '@mantine/core'
import { IconDots, IconKey, IconRefresh, IconTrash } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type Activity, type App, type AppTokens } from '@/api'
import { CallList } from '@/ui/CallList'
import { confirm } from '@/ui/confirm'
import { CopyAction } from '@/ui/Copy'
import { toastError } from '@/ui/errors'
import { Facts, Panel } from '@/ui/Facts'
import { BlockSkeleton, Page, QueryView } from '@/ui/Page'
import { ToneBadge } from '@/ui/StateBadge'
import { Time } from '@/ui/Time'
import { confirmRemoval } from '@/ui/remove'
import { AppKeys } from './AppKeys'
import css from './apps.module.css'
import { activitiesQuery, appCallsQuery, appQuery, deleteApp, newSecret, newTokens } from './queries'

export default function AppPage() {
  const { appId = '' } = useParams({ strict: false }) as { appId?: string }
  const query = useQuery(appQuery(appId))
  return <QueryView query={query} skeleton={<BlockSkeleton lines={8} />}>{(app) => <AppView app={app} />}</QueryView>
}

interface Shown {
  app: App
  tokens?: AppTokens
}

function AppView({ app }: { app: App }) {
  const { t } = useTranslation()
  const [shown, setShown] = useState<Shown | null>(null)
  const rotate = () =>
    confirm({
      title: t('apps.card.rotateConfirm'),
      text: t('apps.card.rotateText'),
      action: t('apps.card.rotate'),
      run: async () => setShown({ app: await newSecret(app.id) }),
    })
  const remove = () =>
    confirmRemoval({
      title: t('apps.card.deleteConfirm'),
      text: t('apps.card.deleteText'),
      action: t('apps.card.delete'),
      name: app.name,
      remove: () => deleteApp(app.id),
      done: t('apps.card.deleted'),
      shownBy: ['app', 'list'],
      leadsTo: '/apps',
    })
  const tokens = () => void newTokens(app.id).then((issued) => setShown({ app: { ...app, clientSecret: undefined }, tokens: issued }), toastError)
  return (
    <Page
      title={app.name}
      back={{ href: '/apps', label: t('apps.title') }}
      actions={
        <>
          <Button variant="default" leftSection={<IconKey size={15} />} onClick={tokens}>{t('apps.card.tokens')}</Button>
          <Menu position="bottom-end">
            <Menu.Target><ActionIcon size="lg" variant="default" aria-label={t('common.action.actions')}><IconDots size={17} /></ActionIcon></Menu.Target>
            <Menu.Dropdown>
              <Menu.Item leftSection={<IconRefresh size={16} />} onClick={rotate}>{t('apps.card.rotate')}</Menu.Item>
              <Menu.Divider />
              <Menu.Item color="red" leftSection={<IconTrash size={16} />} onClick={remove}>{t('apps.card.delete')}</Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </>
      }
    >
      <div className={css.card}>
        <div className={css.main}>
          <Activities appId={app.id} />
          <Calls appId={app.id} />
        </div>
        <Panel title={t('apps.card.facts')}>
          <Facts
            items={[
              ['client_id', <span key="c" className={css.key}><span className="mono">{app.clientId}</span><CopyAction value={app.clientId} /></span>],
              app.applicationToken ? ['application_token', <span key="a" className={css.key}><span className="mono">{app.applicationToken}</span><CopyAction value={app.applicationToken} /></span>] : null,
              [t('apps.scopes'), app.scopes.join(', ')],
              app.handlerUrl ? [t('apps.form.handler'), <span key="h" className="mono">{app.handlerUrl}</span>] : null,
              [t('common.field.created'), <Time key="t" at={app.createdAt} />],
            ]}
          />
        </Panel>
      </div>
      <Modal opened={shown !== null} onClose={() => {}} withCloseButton={false} title={t('apps.keys.title')} size="lg">
        {shown && <AppKeys app={shown.app} tokens={shown.tokens} onDone={() => setShown(null)} />}
      </Modal>
    </Page>
  )
}

function Activities({ appId }: { appId: string }) {
  const { t } = useTranslation()
  const query = useQuery(activitiesQuery(appId))
  return (
    <Panel title={t('apps.card.activities')} flush>
      <QueryView query={query} compact skeleton={<BlockSkeleton lines={3} />}>
        {(data) =>
          data.items.length === 0 ? (
            <div className={css.nothing}>
              <Text size="sm">{t('apps.card.noActivities')}</Text>
              <Text size="xs" c="dimmed">{t('apps.card.noActivitiesHint')}</Text>
            </div>
          ) : (
            <ul className={css.activities}>{data.items.map((activity) => <ActivityRow key={activity.id} activity={activity} />)}</ul>
          )
        }
      </QueryView>
    </Panel>
  )
}

function ActivityRow({ activity }: { activity: Activity }) {
  const { t } = useTranslation()
  const names = (list: { name: string; key: string }[]) => list.map((property) => property.name || property.key).join(', ') || '—'
  return (
    <li>
      <div className={css.activityHead}>
        <b>{activity.name || activity.code}</b>
        <span className="mono">{activity.code}</span>
        <ToneBadge tone="idle">{activity.kind === 'robot' ? t('apps.card.robot') : t('apps.card.activity')}</ToneBadge>
        <span className={css.dim}>{activity.useSubscription === false ? t('apps.card.noWait') : t('apps.card.waits')}</span>
      </div>
      <div className={css.dim}>
        {t('apps.card.inputs')}: {names(activity.properties)} · {t('apps.card.outputs')}: {names(activity.returnProperties)}
      </div>
      <div className={`${css.dim} mono`}>{activity.handler}</div>
    </li>
  )
}

function Calls({ appId }: { appId: string }) {
  const { t } = useTranslation()
  const query = useQuery(appCallsQuery(appId))
  return (
    <Panel title={t('apps.card.calls')} flush>
      <QueryView query={query} compact skeleton={<BlockSkeleton lines={3} />}>
        {(data) =>
          data.items.length === 0
            ? <div className={css.nothing}><Text size="sm" c="dimmed">{t('apps.card.noCalls')}</Text></div>
            : <div className={css.calls}><CallList calls={data.items} nameOf={(id) => id} linkInstances /></div>
        }
      </QueryView>
    </Panel>
  )
}
