/** API tokens of the signed-in person. */
import { ActionIcon, Alert, Button, Group, Modal, Stack, TextInput } from '@mantine/core'
import { IconKey, IconTrash } from '@tabler/icons-react'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { queryClient, useSession, type ApiToken } from '@/api'
import { confirm } from '@/ui/confirm'
import { CopyField } from '@/ui/Copy'
import { DataTable, type Column } from '@/ui/DataTable'
import { errorText, toastOk } from '@/ui/errors'
import { EmptyState, QueryView, TableSkeleton } from '@/ui/Page'
import { Time } from '@/ui/Time'
import { tokenCurl } from './curl'
import { createToken, deleteToken, tokensQuery } from './queries'
import type { KeysTabProps } from './WebhooksTab'

export function TokensTab({ creating, onCreate, onClose }: KeysTabProps) {
  const { t } = useTranslation()
  const query = useQuery(tokensQuery)
  const remove = (token: ApiToken) =>
    confirm({
      title: t('apps.token.delete'),
      text: t('apps.token.deleteText', { name: token.title }),
      action: t('apps.token.delete'),
      run: async () => {
        await deleteToken(token.id)
        toastOk(t('apps.token.deleted'))
        await queryClient.invalidateQueries({ queryKey: ['token'] })
      },
    })
  const columns: Column<ApiToken>[] = [
    { key: 'title', header: t('apps.token.title'), cell: (token) => token.title },
    { key: 'scopes', header: t('apps.scopes'), cell: (token) => (token.scopes ?? []).join(', ') },
    { key: 'created', header: t('common.field.created'), cell: (token) => <Time at={token.createdAt} />, width: 150 },
    { key: 'delete', header: '', cell: (token) => <ActionIcon size="sm" onClick={() => remove(token)} aria-label={`${t('apps.token.delete')}: ${token.title}`}><IconTrash size={15} /></ActionIcon>, width: 48, align: 'right' },
  ]
  return (
    <>
      <QueryView query={query} skeleton={<TableSkeleton rows={3} />}>
        {(data) =>
          data.items.length === 0
            ? <EmptyState icon={IconKey} title={t('apps.token.empty')} hint={t('apps.token.emptyHint')}><Button onClick={onCreate}>{t('apps.token.new')}</Button></EmptyState>
            : <DataTable label={t('apps.tab.tokens')} rows={data.items} columns={columns} rowKey={(token) => token.id} total={data.total} />
        }
      </QueryView>
      {creating && <CreateToken onClose={onClose} />}
    </>
  )
}

function CreateToken({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation()
  const { server } = useSession()
  const [title, setTitle] = useState('')
  const create = useMutation({
    mutationFn: () => createToken(title.trim()),
    onSuccess: () => void queryClient.invalidateQueries({ queryKey: ['token'] }),
  })
  const token = create.data?.token
  return (
    <Modal opened onClose={onClose} title={t('apps.token.new')} size="lg" closeOnClickOutside={!token}>
      {token ? (
        <Stack>
          <Alert color="yellow" p="xs">{t('apps.token.once')}</Alert>
          <CopyField label={t('apps.token.value')} value={token} testId="api-token" />
          <CopyField label={t('apps.keys.curl')} value={tokenCurl(server.publicUrl || location.origin, token)} hint={t('apps.keys.curlHint')} />
          <Group justify="flex-end"><Button onClick={onClose}>{t('common.action.done')}</Button></Group>
        </Stack>
      ) : (
        <form onSubmit={(event) => { event.preventDefault(); if (title.trim()) create.mutate() }}>
          <Stack>
            <TextInput label={t('apps.token.title')} placeholder={t('apps.token.titlePlaceholder')} value={title} onChange={(e) => setTitle(e.currentTarget.value)} required data-autofocus />
            {create.isError && <Alert color="red" p="xs" role="alert">{errorText(create.error)}</Alert>}
            <Group justify="flex-end" gap="xs">
              <Button variant="default" onClick={onClose}>{t('common.action.cancel')}</Button>
              <Button type="submit" loading={create.isPending}>{t('apps.token.new')}</Button>
            </Group>
          </Stack>
        </form>
      )}
    </Modal>
  )
}
