/** Small forms of operations: a turn's item, activities of an ad-hoc sub-process, the output of what is skipped. */
import { Button, Checkbox, Group, Stack, Text, Textarea, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { JsonObject } from '@/api'
import { toastError, toastOk } from '@/ui/errors'
import { activitiesIn, type FlowNode } from '@/util/bpmn'
import { isObject, parseJson } from '@/util/json'
import type { Run } from './live'
import { addTurn, chooseAdHoc, skipIncident } from './queries'

const MONO = { input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 12 } }

function useSubmit(act: () => Promise<unknown>, told: string, onDone: () => void) {
  const [busy, setBusy] = useState(false)
  const submit = (event: React.FormEvent) => {
    event.preventDefault()
    setBusy(true)
    act().then(
      () => {
        toastOk(told)
        onDone()
      },
      (error: unknown) => {
        toastError(error)
        setBusy(false)
      },
    )
  }
  return { busy, submit }
}

function Foot({ label, busy, disabled, onCancel, danger }: { label: string; busy: boolean; disabled?: boolean; onCancel: () => void; danger?: boolean }) {
  const { t } = useTranslation()
  return (
    <Group justify="flex-end" gap="xs">
      <Button variant="default" onClick={onCancel}>{t('common.action.cancel')}</Button>
      <Button type="submit" loading={busy} disabled={disabled} color={danger ? 'red' : undefined}>{label}</Button>
    </Group>
  )
}

interface JsonFieldProps {
  label: string
  hint: string
  value: string
  onChange: (text: string) => void
  error?: string
}

function JsonField({ label, hint, value, onChange, error }: JsonFieldProps) {
  return <Textarea label={label} description={hint} value={value} onChange={(event) => onChange(event.currentTarget.value)} error={error} autosize minRows={3} maxRows={12} styles={MONO} />
}

export function AddTurnForm({ instance, runKey, onDone }: { instance: string; runKey: number; onDone: () => void }) {
  const { t } = useTranslation()
  const [item, setItem] = useState('null')
  const parsed = parseJson(item)
  const { busy, submit } = useSubmit(() => addTurn(instance, runKey, parsed.ok ? parsed.value : null), t('instance.now.done'), onDone)
  return (
    <form onSubmit={submit}>
      <Stack>
        <JsonField label={t('instance.now.item')} hint={t('instance.now.itemHint')} value={item} onChange={setItem} error={parsed.ok ? undefined : t('instance.variables.badJson')} />
        <Foot label={t('instance.now.addTurn')} busy={busy} disabled={!parsed.ok} onCancel={onDone} />
      </Stack>
    </form>
  )
}

export function AdHocForm({ instance, run, nodes, onDone }: { instance: string; run: Run; nodes: Map<string, FlowNode>; onDone: () => void }) {
  const { t } = useTranslation()
  const [chosen, setChosen] = useState<string[]>([])
  const [text, setText] = useState('{}')
  const parsed = parseJson(text)
  const variables = parsed.ok && isObject(parsed.value) ? parsed.value : null
  const { busy, submit } = useSubmit(() => chooseAdHoc(instance, run.key, chosen, variables ?? {}), t('instance.now.done'), onDone)
  return (
    <form onSubmit={submit}>
      <Stack>
        <Checkbox.Group label={t('instance.now.adHocWhat')} description={t('instance.now.adHocHint')} value={chosen} onChange={setChosen}>
          <Stack gap={8} mt="xs">
            {activitiesIn(nodes, run.elementId).map((node) => <Checkbox key={node.id} value={node.id} label={node.name || node.id} />)}
          </Stack>
        </Checkbox.Group>
        <JsonField label={t('instance.now.variables')} hint={t('instance.now.variablesHint')} value={text} onChange={setText} error={variables ? undefined : t('instance.variables.badJson')} />
        <Foot label={t('instance.now.adHocStart')} busy={busy} disabled={chosen.length === 0 || !variables} onCancel={onDone} />
      </Stack>
    </form>
  )
}

export function SkipForm({ incident, name, onDone }: { incident: string; name: string; onDone: () => void }) {
  const { t } = useTranslation()
  const [text, setText] = useState('{}')
  const [reason, setReason] = useState('')
  const parsed = parseJson(text)
  const output: JsonObject | null = parsed.ok && isObject(parsed.value) ? parsed.value : null
  const { busy, submit } = useSubmit(() => skipIncident(incident, output ?? {}, reason), t('instance.incidents.skipped'), onDone)
  return (
    <form onSubmit={submit}>
      <Stack>
        <Text size="sm">{t('instance.incidents.skipText', { name })}</Text>
        <JsonField label={t('instance.incidents.output')} hint={t('instance.incidents.outputHint')} value={text} onChange={setText} error={output ? undefined : t('instance.variables.badJson')} />
        <TextInput label={t('instance.cancelReason')} value={reason} onChange={(event) => setReason(event.currentTarget.value)} />
        <Foot label={t('instance.incidents.skip')} busy={busy} disabled={!output} onCancel={onDone} danger />
      </Stack>
    </form>
  )
}
