/** Notifications: unread count, the list, mark as read. */
import { ActionIcon, Button, Popover, Tooltip, UnstyledButton } from '@mantine/core'
import { IconBell } from '@tabler/icons-react'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, queryClient, type Notification } from '@/api'
import { toastError } from '@/ui/errors'
import { EmptyState } from '@/ui/Page'
import { Time } from '@/ui/Time'
import { notificationsQuery } from './queries'
import css from './shell.module.css'

export function Bell({ collapsed, bar }: { collapsed: boolean; bar?: boolean }) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  const list = useQuery(notificationsQuery)
  const items = list.data?.items ?? []
  const unread = list.data?.unread ?? 0
  const read = useMutation({
    mutationFn: (ids?: string[]) => api.post('/notifications/read', { body: ids ? { ids } : {} }),
    onSuccess: () => void queryClient.invalidateQueries({ queryKey: ['notification'] }),
    onError: toastError,
  })
  const label = unread > 0 ? `${t('shell.bell.title')}: ${t('shell.bell.unread', { count: unread })}` : t('shell.bell.title')
  return (
    <Popover opened={open} onChange={setOpen} position={bar ? 'bottom-end' : 'right-end'} width={360} shadow="lg" radius="md" trapFocus>
      <Popover.Target>
        {bar ? (
          <ActionIcon size="lg" onClick={() => setOpen(!open)} aria-label={label}>
            <IconBell size={20} stroke={1.6} />
            {unread > 0 && <span className={css.bellDot} />}
          </ActionIcon>
        ) : (
          <Tooltip label={label} position="right" disabled={!collapsed || open}>
            <UnstyledButton className={css.railLink} onClick={() => setOpen(!open)} aria-label={collapsed ? label : undefined} aria-expanded={open}>
              <IconBell size={18} stroke={1.7} aria-hidden />
              {!collapsed && <span className="truncate">{t('shell.bell.title')}</span>}
              {unread > 0 && <span className={css.count} data-dot={collapsed || undefined} data-testid="unread">{collapsed ? '' : unread}</span>}
            </UnstyledButton>
          </Tooltip>
        )}
      </Popover.Target>
      <Popover.Dropdown p={0} aria-label={t('shell.bell.title')}>
        <div className={css.bellHead}>
          <h2>{t('shell.bell.title')}</h2>
          {unread > 0 && <Button size="compact-xs" variant="subtle" onClick={() => read.mutate(undefined)}>{t('shell.bell.readAll')}</Button>}
        </div>
        {items.length === 0 ? (
          <EmptyState compact icon={IconBell} title={t('shell.bell.empty')} hint={t('shell.bell.emptyHint')} />
        ) : (
          <div className={css.notices}>
            {items.map((item) => (
              <NotificationRow key={item.id} item={item} onOpen={() => { setOpen(false); if (!item.readAt) read.mutate([item.id]) }} />
            ))}
          </div>
        )}
      </Popover.Dropdown>
    </Popover>
  )
}

function NotificationRow({ item, onOpen }: { item: Notification; onOpen: () => void }) {
  const href = item.link
  const body = (
    <>
      <span className={css.noticeText}>{item.text}</span>
      <span className={css.noticeTime}><Time at={item.createdAt} /></span>
    </>
  )
  return href
    ? <a className={css.notice} href={href} data-unread={!item.readAt || undefined} onClick={onOpen}>{body}</a>
    : <button type="button" className={css.notice} data-unread={!item.readAt || undefined} onClick={onOpen}>{body}</button>
}
