/** Confirmations: a plain one, and one that asks for the name of what is destroyed. */
import { Button, Group, Stack, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { closeDialog, openDialog } from './dialogs'
import { toastError } from './errors'

interface ConfirmOptions {
  title: string
  text: string
  /** Label of the button that does it. */
  action: string
  /** The name to type; a plain confirmation when absent. */
  name?: string
  danger?: boolean
  /** A free text to hand to the action. */
  reason?: string
  run: (reason: string) => Promise<unknown>
}

export function confirm(options: ConfirmOptions): void {
  const id = openDialog({
    title: options.title,
    children: <ConfirmBody {...options} onClose={() => closeDialog(id)} />,
  })
}

function ConfirmBody({ text, action, name, danger = true, reason: reasonLabel, run, onClose }: ConfirmOptions & { onClose: () => void }) {
  const { t } = useTranslation()
  const [typed, setTyped] = useState('')
  const [reason, setReason] = useState('')
  const [busy, setBusy] = useState(false)
  const ready = !name || typed.trim() === name.trim()
  const submit = async (event: React.FormEvent) => {
    event.preventDefault()
    if (!ready) return
    setBusy(true)
    try {
      await run(reason)
      onClose()
    } catch (error) {
      toastError(error)
      setBusy(false)
    }
  }
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack gap="md">
        <Text size="sm">{text}</Text>
        {reasonLabel && <TextInput label={reasonLabel} value={reason} onChange={(e) => setReason(e.currentTarget.value)} data-autofocus={!name || undefined} />}
        {name && (
          <TextInput label={t('common.confirm.typeName', { name })} value={typed} onChange={(e) => setTyped(e.currentTarget.value)} data-autofocus autoComplete="off" />
        )}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>{t('common.action.cancel')}</Button>
          <Button type="submit" color={danger ? 'red' : undefined} disabled={!ready} loading={busy}>{action}</Button>
        </Group>
      </Stack>
    </form>
  )
}
