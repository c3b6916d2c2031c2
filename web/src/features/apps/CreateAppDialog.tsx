/** Making an app: its name and rights, then its keys, shown once. */
import { Alert, Button, Collapse, Group, Modal, Stack, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { queryClient } from '@/api'
import { errorText } from '@/ui/errors'
import { navigateTo } from '@/ui/nav'
import { AppKeys } from './AppKeys'
import { createApp } from './queries'
import { ScopePicker } from './ScopePicker'

const isAddress = (text: string): boolean => text === '' || /^https?:\/\/[^\s]+$/.test(text)

export function CreateAppDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation()
  const [name, setName] = useState('')
  const [scopes, setScopes] = useState<string[]>(['bizproc'])
  const [handler, setHandler] = useState('')
  const [install, setInstall] = useState('')
  const [tried, setTried] = useState(false)
  const create = useMutation({
    mutationFn: () => createApp({ name: name.trim(), scopes, handlerUrl: handler.trim() || undefined, installUrl: install.trim() || undefined }),
    onSuccess: () => void queryClient.invalidateQueries({ queryKey: ['app'] }),
  })
  const ready = name.trim() !== '' && scopes.length > 0 && isAddress(handler.trim()) && isAddress(install.trim())
  const made = create.data
  return (
    <Modal opened onClose={made ? () => {} : onClose} withCloseButton={!made} title={made ? t('apps.keys.title') : t('apps.form.title')} size="lg" closeOnClickOutside={!made}>
      {made ? (
        <AppKeys app={made.app} tokens={made.tokens} onDone={() => { onClose(); navigateTo(`/apps/${made.app.id}`) }} />
      ) : (
        <form onSubmit={(event) => { event.preventDefault(); setTried(true); if (ready) create.mutate() }} noValidate>
          <Stack>
            <TextInput label={t('apps.form.name')} name="name" placeholder={t('apps.form.namePlaceholder')} value={name} onChange={(e) => setName(e.currentTarget.value)} withAsterisk error={tried && !name.trim() ? t('common.field.required') : undefined} data-autofocus />
            <ScopePicker value={scopes} onChange={setScopes} error={tried && scopes.length === 0 ? t('apps.form.scopesRequired') : undefined} />
            <TextInput label={t('apps.form.handler')} description={t('apps.form.handlerHint')} placeholder="https://" value={handler} onChange={(e) => setHandler(e.currentTarget.value)} error={isAddress(handler.trim()) ? undefined : t('apps.form.badUrl')} />
            <Collapse expanded={handler.trim() !== ''}>
              <TextInput label={t('apps.form.install')} placeholder="https://" value={install} onChange={(e) => setInstall(e.currentTarget.value)} error={isAddress(install.trim()) ? undefined : t('apps.form.badUrl')} />
            </Collapse>
            {create.isError && <Alert color="red" p="xs" role="alert">{errorText(create.error)}</Alert>}
            <Group justify="flex-end" gap="xs">
              <Button variant="default" onClick={onClose}>{t('common.action.cancel')}</Button>
              <Button type="submit" loading={create.isPending} data-testid="create-app-submit">{t('apps.new')}</Button>
            </Group>
          </Stack>
        </form>
      )}
    </Modal>
  )
}
