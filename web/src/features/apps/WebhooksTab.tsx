/** Incoming webhooks: secret addresses that call methods in a person's name. */
import { ActionIcon, Alert, Button, Group, Modal, Stack, TextInput } from '@mantine/core'
import { IconTrash, IconWebhook } from '@tabler/icons-react'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { queryClient, type Webhook } from '@/api'
import { confirm } from '@/ui/confirm'
import { CopyField } from '@/ui/Copy'
import { DataTable, type Column } from '@/ui/DataTable'
import { errorText, toastOk } from '@/ui/errors'
import { EmptyState, QueryView, TableSkeleton } from '@/ui/Page'
import { Time } from '@/ui/Time'
import { webhookCurl } from './curl'
import { createWebhook, deleteWebhook, webhooksQuery } from './queries'
import { ScopePicker } from './ScopePicker'

export interface KeysTabProps {
  creating: boolean
  onCreate: () => void
  onClose: () => void
}

export function WebhooksTab({ creating, onCreate, onClose }: KeysTabProps) {
  const { t } = useTranslation()
  const query = useQuery(webhooksQuery)
  const remove = (hook: Webhook) =>
    confirm({
      title: t('apps.webhook.delete'),
      text: t('apps.webhook.deleteText', { name: hook.title }),
      action: t('apps.webhook.delete'),
      run: async () => {
        await deleteWebhook(hook.id)
        toastOk(t('apps.webhook.deleted'))
        await queryClient.invalidateQueries({ queryKey: ['webhook'] })
      },
    })
  const columns: Column<Webhook>[] = [
    { key: 'title', header: t('apps.webhook.title'), cell: (hook) => hook.title },
    { key: 'scopes', header: t('apps.scopes'), cell: (hook) => hook.scopes.join(', ') },
    { key: 'created', header: t('common.field.created'), cell: (hook) => <Time at={hook.createdAt} />, width: 150 },
    { key: 'delete', header: '', cell: (hook) => <ActionIcon size="sm" onClick={() => remove(hook)} aria-label={`${t('apps.webhook.delete')}: ${hook.title}`}><IconTrash size={15} /></ActionIcon>, width: 48, align: 'right' },
  ]
  return (
    <>
      <QueryView query={query} skeleton={<TableSkeleton rows={3} />}>
        {(data) =>
          data.items.length === 0
            ? <EmptyState icon={IconWebhook} title={t('apps.webhook.empty')} hint={t('apps.webhook.emptyHint')}><Button onClick={onCreate}>{t('apps.webhook.new')}</Button></EmptyState>
            : <DataTable label={t('apps.tab.webhooks')} rows={data.items} columns={columns} rowKey={(hook) => hook.id} total={data.total} />
        }
      </QueryView>
      {creating && <CreateWebhook onClose={onClose} />}
    </>
  )
}

function CreateWebhook({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation()
  const [title, setTitle] = useState('')
  const [scopes, setScopes] = useState<string[]>(['bizproc'])
  const create = useMutation({
    mutationFn: () => createWebhook(title.trim(), scopes),
    onSuccess: () => void queryClient.invalidateQueries({ queryKey: ['webhook'] }),
  })
  const url = create.data?.url
  return (
    <Modal opened onClose={onClose} title={t('apps.webhook.new')} size="lg" closeOnClickOutside={!url}>
      {url ? (
        <Stack>
          <Alert color="yellow" p="xs">{t('apps.webhook.once')}</Alert>
          <CopyField label={t('apps.webhook.url')} value={url} testId="webhook-url" />
          <CopyField label={t('apps.keys.curl')} value={webhookCurl(url)} hint={t('apps.keys.curlHint')} />
          <Group justify="flex-end"><Button onClick={onClose}>{t('common.action.done')}</Button></Group>
        </Stack>
      ) : (
        <form onSubmit={(event) => { event.preventDefault(); if (title.trim() && scopes.length > 0) create.mutate() }}>
          <Stack>
            <TextInput label={t('apps.webhook.title')} placeholder={t('apps.webhook.titlePlaceholder')} value={title} onChange={(e) => setTitle(e.currentTarget.value)} required data-autofocus />
            <ScopePicker value={scopes} onChange={setScopes} />
            {create.isError && <Alert color="red" p="xs" role="alert">{errorText(create.error)}</Alert>}
            <Group justify="flex-end" gap="xs">
              <Button variant="default" onClick={onClose}>{t('common.action.cancel')}</Button>
              <Button type="submit" loading={create.isPending}>{t('apps.webhook.new')}</Button>
            </Group>
          </Stack>
        </form>
      )}
    </Modal>
  )
}
