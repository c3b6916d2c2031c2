/** Handing a task over to other people. */
import { Button, Group, Modal, Stack } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { queryClient } from '@/api'
import { toastError, toastOk } from '@/ui/errors'
import { navigateTo } from '@/ui/nav'
import { PeopleSelect } from '@/ui/pickers'
import { reassignTask } from './queries'

export default function ReassignDialog({ taskId, onClose }: { taskId: string; onClose: () => void }) {
  const { t } = useTranslation()
  const [people, setPeople] = useState<string[]>([])
  const reassign = useMutation({
    mutationFn: () => reassignTask(taskId, people),
    onSuccess: () => {
      toastOk(t('inbox.reassigned'))
      onClose()
      navigateTo('/inbox')
      void queryClient.invalidateQueries({ queryKey: ['task'] })
    },
    onError: toastError,
  })
  return (
    <Modal opened onClose={onClose} title={t('inbox.reassignTitle')}>
      <Stack>
        <PeopleSelect label={t('inbox.reassignTo')} value={people} onChange={setPeople} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>{t('common.action.cancel')}</Button>
          <Button disabled={people.length === 0} loading={reassign.isPending} onClick={() => reassign.mutate()}>{t('inbox.reassignSubmit')}</Button>
        </Group>
      </Stack>
    </Modal>
  )
}
