/** Sending a message or a signal, or judging start conditions, by hand: what it carries, and what came of it. */
import { Alert, Anchor, Button, Group, Modal, SegmentedControl, Select, Stack, Text, Textarea, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, queryClient } from '@/api'
import { toastError } from '@/ui/errors'
import { NumberField } from '@/ui/NumberField'
import { isObject, parseJson } from '@/util/json'
import { timeToLive, UNITS, type Unit } from './timeToLive'

type Kind = 'message' | 'signal' | 'condition'

interface Sent {
  kind: Kind
  reached: { instanceId: string; processId: string; started: boolean }[]
  kept: boolean
}

export default function SendDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation()
  const [kind, setKind] = useState<Kind>('message')
  const [process, setProcess] = useState('')
  const [name, setName] = useState('')
  const [key, setKey] = useState('')
  const [messageId, setMessageId] = useState('')
  const [keep, setKeep] = useState<number | null>(null)
  const [unit, setUnit] = useState<Unit>('hours')
  const [text, setText] = useState('{}')
  const parsed = parseJson(text)
  const variables = parsed.ok && isObject(parsed.value) ? parsed.value : null
  const ttlMs = timeToLive(keep, unit)
  const tooLong = kind === 'message' && ttlMs === null
  const ready = variables !== null && !tooLong && (kind === 'condition' || name.trim() !== '')
  const send = useMutation({
    mutationFn: async (): Promise<Sent> => {
      if (kind === 'signal') {
        await api.post('/signals', { body: { name: name.trim(), variables: variables ?? {} } })
        return { kind, reached: [], kept: false }
      }
      if (kind === 'condition') {
        const { reached } = await api.post('/conditions', { body: { processId: process.trim() || null, variables: variables ?? {} } })
        return { kind, reached, kept: false }
      }
      const answer = await api.post('/messages', { body: { name: name.trim(), correlationKey: key, id: messageId || null, ttlMs: ttlMs ?? 0, variables: variables ?? {} } })
      return { kind, reached: answer.reached, kept: answer.kept }
    },
    onSuccess: () => { void queryClient.invalidateQueries({ queryKey: ['instance'] }); void queryClient.invalidateQueries({ queryKey: ['exchange'] }) },
    onError: toastError,
  })
  return (
    <Modal opened onClose={onClose} title={t('processes.send.title')}>
      <form onSubmit={(event) => { event.preventDefault(); if (ready) send.mutate() }} data-testid="send">
        <Stack>
          <SegmentedControl value={kind} onChange={(value) => { setKind(value as Kind); send.reset() }} data={[{ value: 'message', label: t('processes.send.message') }, { value: 'signal', label: t('processes.send.signal') }, { value: 'condition', label: t('processes.send.condition') }]} />
          <Text size="sm" c="dimmed">{t(`processes.send.${kind}Hint`)}</Text>
          {kind === 'condition'
            ? <TextInput label={t('processes.send.process')} description={t('processes.send.processHint')} value={process} onChange={(event) => setProcess(event.currentTarget.value)} />
            : <TextInput label={t('processes.send.name')} value={name} onChange={(event) => setName(event.currentTarget.value)} data-autofocus required />}
          {kind === 'message' && (
            <>
              <TextInput label={t('processes.send.key')} description={t('processes.send.keyHint')} value={key} onChange={(event) => setKey(event.currentTarget.value)} />
              <Group align={tooLong ? 'center' : 'end'} gap="xs" wrap="nowrap">
                <NumberField style={{ flex: 1 }} label={t('processes.send.keep')} description={t('processes.send.keepHint')} allowNegative={false} value={keep} onChange={setKeep} error={tooLong && t('processes.send.tooLong')} />
                <Select w={120} aria-label={t('processes.send.unit')} allowDeselect={false} value={unit} onChange={(value) => value && setUnit(value as Unit)} data={(Object.keys(UNITS) as Unit[]).map((value) => ({ value, label: t(`processes.send.units.${value}`) }))} />
              </Group>
              <TextInput label={t('processes.send.id')} description={t('processes.send.idHint')} value={messageId} onChange={(event) => setMessageId(event.currentTarget.value)} />
            </>
          )}
          <Textarea label={t('processes.send.variables')} description={t('processes.send.variablesHint')} value={text} onChange={(event) => setText(event.currentTarget.value)} error={variables ? undefined : t('instance.variables.badJson')} autosize minRows={3} maxRows={12} styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 12 } }} />
          {send.data && <Outcome sent={send.data} />}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>{send.data ? t('common.action.close') : t('common.action.cancel')}</Button>
            <Button type="submit" disabled={!ready} loading={send.isPending} data-testid="send-submit">{t(`processes.send.${kind}Do`)}</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}

function Outcome({ sent }: { sent: Sent }) {
  const { t } = useTranslation()
  if (sent.kind === 'signal') return <Alert color="green" role="status">{t('processes.send.thrown')}</Alert>
  return (
    <Alert color={sent.reached.length > 0 || sent.kept ? 'green' : 'yellow'} role="status">
      {sent.reached.length === 0 && <div>{t(sent.kind === 'condition' ? 'processes.send.noneTrue' : sent.kept ? 'processes.send.nobodyYet' : 'processes.send.nobody')}</div>}
      {sent.reached.map((one) => (
        <div key={one.instanceId}>
          <Anchor size="sm" href={`/instances/${one.instanceId}`}>{one.instanceId}</Anchor> {one.processId}: {t(one.started ? 'processes.send.started' : 'processes.send.got')}
        </div>
      ))}
      {sent.reached.length > 0 && sent.kept && <div>{t('processes.send.kept')}</div>}
    </Alert>
  )
}
