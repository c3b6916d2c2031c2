/** What can be done to a process as a whole. */
import { ActionIcon, Button, Menu } from '@mantine/core'
import { IconArrowMoveRight, IconBan, IconDots, IconEraser, IconPlayerPause, IconPlayerPlay, IconVersions } from '@tabler/icons-react'
import { useTranslation } from 'react-i18next'
import { can, queryClient, useMe, type InstanceDetail } from '@/api'
import { confirm } from '@/ui/confirm'
import { toastError, toastOk } from '@/ui/errors'
import { Guard } from '@/ui/Guard'
import { confirmRemoval } from '@/ui/remove'
import { cancelInstance, eraseInstance, resumeInstance, suspendInstance } from './queries'

export function useResume(id: string): () => void {
  const { t } = useTranslation()
  return () =>
    void resumeInstance(id).then(() => {
      toastOk(t('instance.suspend.resumed'))
      return queryClient.invalidateQueries({ queryKey: ['instance'] })
    }, toastError)
}

export function Actions({ instance, onModify, onMigrate }: { instance: InstanceDetail; onModify: () => void; onMigrate: () => void }) {
  const { t } = useTranslation()
  const me = useMe()
  const resume = useResume(instance.id)
  const permission = can.cancelInstance(me, instance.state, instance.startedBy?.id ?? null)
  const operate = can.operateInstance(me, instance.state)
  const cancel = () =>
    confirm({
      title: t('instance.cancelTitle'),
      text: t('instance.cancelText'),
      action: t('instance.cancel'),
      name: instance.definition.name,
      reason: t('instance.cancelReason'),
      run: async (reason) => {
        await cancelInstance(instance.id, reason)
        toastOk(t('instance.cancelled'))
        await queryClient.invalidateQueries({ queryKey: ['instance'] })
      },
    })
  const suspend = () =>
    confirm({
      title: t('instance.suspend.title'),
      text: t('instance.suspend.text'),
      action: t('instance.suspend.action'),
      danger: false,
      reason: t('instance.cancelReason'),
      run: async (reason) => {
        await suspendInstance(instance.id, reason)
        toastOk(t('instance.suspend.done'))
        await queryClient.invalidateQueries({ queryKey: ['instance'] })
      },
    })
  const erase = () =>
    confirmRemoval({
      title: t('instance.eraseTitle'),
      text: t('instance.eraseText'),
      action: t('instance.erase'),
      name: instance.id,
      remove: () => eraseInstance(instance.id),
      done: t('instance.erased'),
      shownBy: ['instance', 'list'],
      leadsTo: '/processes',
    })
  return (
    <>
      {instance.state === 'active' && (
        <Guard can={permission}>
          <Button variant="default" leftSection={<IconBan size={15} />} onClick={cancel}>{t('instance.cancel')}</Button>
        </Guard>
      )}
      <Menu position="bottom-end">
        <Menu.Target><ActionIcon size="lg" variant="default" aria-label={t('common.action.actions')} data-testid="instance-menu"><IconDots size={17} /></ActionIcon></Menu.Target>
        <Menu.Dropdown>
          {instance.state === 'active' && (
            <>
              {instance.suspended
                ? <Guard can={operate}><Menu.Item leftSection={<IconPlayerPlay size={16} />} onClick={resume}>{t('instance.suspend.resume')}</Menu.Item></Guard>
                : <Guard can={operate}><Menu.Item leftSection={<IconPlayerPause size={16} />} onClick={suspend}>{t('instance.suspend.action')}</Menu.Item></Guard>}
              <Guard can={operate}><Menu.Item leftSection={<IconArrowMoveRight size={16} />} onClick={onModify}>{t('instance.modify.open')}</Menu.Item></Guard>
              <Guard can={operate}><Menu.Item leftSection={<IconVersions size={16} />} onClick={onMigrate}>{t('instance.migrate.open')}</Menu.Item></Guard>
              <Menu.Divider />
            </>
          )}
          <Guard can={can.manageApps(me)}>
            <Menu.Item color="red" leftSection={<IconEraser size={16} />} onClick={erase}>{t('instance.erase')}</Menu.Item>
          </Guard>
        </Menu.Dropdown>
      </Menu>
    </>
  )
}
