/** One thing done to the running processes of a version: which, what, a check beforehand, progress, and what failed. */
import { Alert, Anchor, Button, Group, Modal, MultiSelect, Progress, SegmentedControl, Select, Stack, Text, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, ApiError, definitionQuery, queryClient, type DefinitionDetail } from '@/api'
import { codeText, errorText } from '@/ui/errors'
import { flowNodes } from '@/util/bpmn'
import { after, AT_ONCE, BEGINNING, walkOn, type Outcome, type Walk } from './bulk'
import { instancesQuery, versionsQuery, type InstanceFilter } from './queries'

const ACTIONS = ['migrate', 'suspend', 'resume', 'cancel', 'retry'] as const
type Action = (typeof ACTIONS)[number]
const SHOWN_FAILURES = 100
const PICK_MAX = 500

const filterOf = (definitionId: string, action: Action): InstanceFilter => ({
  definitionId,
  state: 'active',
  suspended: action === 'suspend' ? false : action === 'resume' ? true : undefined,
  hasIncident: action === 'retry' || undefined,
})

/** One process; what the server refuses is an outcome, what it could not take now stops the walk. */
async function one(id: string, act: () => Promise<unknown>): Promise<Outcome> {
  try {
    await act()
    return { id, ok: true, why: '' }
  } catch (error) {
    if (error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429 && error.status !== 401) return { id, ok: false, why: codeText(error.code, error.message) }
    throw error
  }
}

async function retryAll(id: string): Promise<void> {
  const { items } = await api.get('/incidents', { query: { instanceId: id, limit: 100 } })
  for (const incident of items) await api.post('/incidents/{id}/retry', { id: incident.id })
}

interface Wish {
  action: Action
  to: string
  elements: Record<string, string>
  reason: string
  dryRun: boolean
}

async function actOn(ids: string[], wish: Wish): Promise<Outcome[]> {
  const { action, to, elements, reason, dryRun } = wish
  if (action === 'migrate') {
    const { items } = await api.post('/migrations', { body: { instances: ids, to, elements, reason, dryRun } })
    return items.map((item) => ({ id: item.instanceId, ok: item.ok, why: item.ok ? '' : codeText(item.code ?? '', item.message ?? '') }))
  }
  const outcomes: Outcome[] = []
  for (const id of ids) {
    outcomes.push(await one(id, () => {
      if (action === 'suspend') return api.post('/instances/{id}/suspend', { id, body: { reason } })
      if (action === 'resume') return api.post('/instances/{id}/resume', { id })
      if (action === 'cancel') return api.post('/instances/{id}/cancel', { id, body: { reason } })
      return retryAll(id)
    }))
  }
  return outcomes
}

export default function BulkDialog({ definition, onClose }: { definition: DefinitionDetail; onClose: () => void }) {
  const { t } = useTranslation()
  const [action, setAction] = useState<Action>('migrate')
  const [picked, setPicked] = useState<string[] | null>(null)
  const [reason, setReason] = useState('')
  const mapping = useMapping(definition, action === 'migrate')
  const fitting = useQuery(instancesQuery({ ...filterOf(definition.id, action), limit: PICK_MAX }))
  const run = useWalk()
  const total = picked ? picked.length : (fitting.data?.total ?? 0)
  const blocked = total === 0 || (action === 'migrate' && !mapping.to)
  const wish = (dryRun: boolean): Wish => ({ action, to: mapping.to ?? '', elements: mapping.chosen, reason, dryRun })
  const next = async (cursor: string | undefined): Promise<string[]> => {
    if (picked) return after(picked, cursor)
    // Everything that began later has a greater id: the walk ends.
    const { items } = await api.get('/instances', { query: { ...filterOf(definition.id, action), before: cursor, limit: AT_ONCE } })
    return items.map((item) => item.id)
  }
  const begin = (dryRun: boolean) => run.go({ ...BEGINNING }, total, dryRun, { next, act: (ids) => actOn(ids, wish(dryRun)) })
  const proceed = () => run.walk && run.go(run.walk, run.total, run.dryRun, { next, act: (ids) => actOn(ids, wish(run.dryRun)) })
  const change = (act: () => void) => { act(); run.forget() }
  return (
    <Modal opened onClose={() => { run.stop(); onClose() }} title={t('processes.bulk.title', { n: definition.version })} size="lg">
      <Stack data-testid="bulk">
        <Select label={t('processes.bulk.action')} allowDeselect={false} value={action} disabled={run.busy} onChange={(value) => change(() => { setAction((value ?? 'migrate') as Action); setPicked(null) })} data={ACTIONS.map((value) => ({ value, label: t(`processes.bulk.${value}`) }))} />
        <SegmentedControl aria-label={t('processes.bulk.which')} value={picked ? 'picked' : 'all'} disabled={run.busy} onChange={(value) => change(() => setPicked(value === 'picked' ? [] : null))} data={[{ value: 'all', label: t('processes.bulk.all') }, { value: 'picked', label: t('processes.bulk.picked') }]} />
        {picked && <MultiSelect label={t('processes.bulk.pick')} searchable clearable limit={50} value={picked} disabled={run.busy} onChange={(ids) => change(() => setPicked(ids))} data={(fitting.data?.items ?? []).map((item) => ({ value: item.id, label: [item.id, item.businessKey, item.document?.title].filter(Boolean).join(' · ') }))} />}
        {fitting.isSuccess && !picked && !run.walk && <Text size="sm" c="dimmed" role="status" data-testid="bulk-fits">{total === 0 ? t('processes.bulk.none') : t('processes.bulk.fits', { count: total })}</Text>}
        {fitting.isError && <Alert color="red" role="alert">{errorText(fitting.error)}</Alert>}
        {action === 'migrate' && <Mapping mapping={mapping} disabled={run.busy} onChange={run.forget} />}
        {action === 'cancel' && <Alert color="red">{t('processes.bulk.cancelWarn')}</Alert>}
        {action !== 'resume' && action !== 'retry' && <TextInput label={t('instance.cancelReason')} value={reason} disabled={run.busy} onChange={(event) => setReason(event.currentTarget.value)} />}
        {run.walk && <Report run={run} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={() => { run.stop(); onClose() }}>{t('common.action.close')}</Button>
          {run.busy && <Button variant="default" color="red" onClick={run.stop} data-testid="bulk-stop">{t('processes.bulk.stop')}</Button>}
          {!run.busy && run.walk && !run.walk.finished && <Button variant="default" onClick={proceed} data-testid="bulk-continue">{t('processes.bulk.go')}</Button>}
          {!run.busy && action === 'migrate' && <Button variant="default" disabled={blocked} onClick={() => begin(true)} data-testid="bulk-check">{t('processes.bulk.check')}</Button>}
          {!run.busy && <Button color={action === 'cancel' ? 'red' : undefined} disabled={blocked || (action === 'migrate' && !(run.dryRun && run.walk?.finished && run.walk.done > 0))} onClick={() => begin(false)} data-testid="bulk-start">{t(`processes.bulk.${action}`)}</Button>}
        </Group>
      </Stack>
    </Modal>
  )
}

type Run = ReturnType<typeof useWalk>

/** A walk and its state; closing the dialog stops it. */
function useWalk() {
  const [walk, setWalk] = useState<Walk | null>(null)
  const [total, setTotal] = useState(0)
  const [dryRun, setDryRun] = useState(false)
  const [busy, setBusy] = useState(false)
  const [broke, setBroke] = useState<unknown>(null)
  const stopping = useRef(false)
  const go = (from: Walk, of: number, dry: boolean, steps: { next: (cursor: string | undefined) => Promise<string[]>; act: (ids: string[]) => Promise<Outcome[]> }) => {
    stopping.current = false
    setWalk(from)
    setTotal(of)
    setDryRun(dry)
    setBroke(null)
    setBusy(true)
    walkOn(from, { ...steps, stopped: () => stopping.current, onProgress: setWalk })
      .catch(setBroke)
      .finally(() => {
        setBusy(false)
        if (!dry) for (const key of ['instance', 'definition']) void queryClient.invalidateQueries({ queryKey: [key] })
      })
  }
  return {
    walk, total, dryRun, busy, broke, go,
    stop: () => { stopping.current = true },
    forget: () => setWalk(null),
  }
}

function Report({ run }: { run: Run }) {
  const { t } = useTranslation()
  const { walk, total, busy, broke, dryRun } = run
  if (!walk) return null
  const count = { count: walk.done }
  return (
    <Stack gap={6} data-testid="bulk-report" data-finished={walk.finished || undefined}>
      <Progress value={walk.finished ? 100 : (100 * walk.seen) / Math.max(1, total)} animated={busy} aria-label={t('processes.bulk.progress', { seen: walk.seen, total: Math.max(total, walk.seen) })} />
      <Text size="sm" role="status">
        {t('processes.bulk.progress', { seen: walk.seen, total: Math.max(total, walk.seen) })}
        {' · '}{dryRun ? t('processes.bulk.could', count) : t('processes.bulk.done', count)}
        {walk.failed.length > 0 && <> · {t('processes.bulk.failed', { count: walk.failed.length })}</>}
        {walk.finished && <> · {t('processes.bulk.finished')}</>}
      </Text>
      {broke !== null && <Alert color="yellow" role="alert">{t('processes.bulk.broke', { why: errorText(broke) })}</Alert>}
      {!busy && !walk.finished && broke === null && <Text size="sm" c="dimmed">{t('processes.bulk.stopped')}</Text>}
      {walk.failed.length > 0 && (
        <Alert color="red">
          {walk.failed.slice(0, SHOWN_FAILURES).map((item) => <div key={item.id}><Anchor size="sm" href={`/instances/${item.id}`}>{item.id}</Anchor> {item.why}</div>)}
          {walk.failed.length > SHOWN_FAILURES && <div>{t('processes.bulk.more', { count: walk.failed.length - SHOWN_FAILURES })}</div>}
        </Alert>
      )}
    </Stack>
  )
}

type MappingState = ReturnType<typeof useMapping>

/** Elements of this version that the other lacks, and where a person sends them. */
function useMapping(definition: DefinitionDetail, enabled: boolean) {
  const versions = useQuery({ ...versionsQuery(definition.id), enabled })
  const others = (versions.data ?? []).filter((version) => version.id !== definition.id && version.deployable !== false)
  const [wanted, setWanted] = useState<string | null>(null)
  const to = wanted ?? others[0]?.id ?? null
  const target = useQuery({ ...definitionQuery(to ?? ''), enabled: enabled && to !== null })
  const here = useMemo(() => flowNodes(definition.bpmn), [definition.bpmn])
  const there = useMemo(() => flowNodes(target.data?.bpmn ?? ''), [target.data?.bpmn])
  const [chosen, setChosen] = useState<Record<string, string>>({})
  const missing = target.isSuccess ? [...here.values()].filter((node) => !there.has(node.id)) : []
  return { others, none: versions.isSuccess && others.length === 0, to, setTo: (id: string | null) => { setWanted(id); setChosen({}) }, ready: target.isSuccess, missing, there, chosen, setChosen }
}

function Mapping({ mapping, disabled, onChange }: { mapping: MappingState; disabled: boolean; onChange: () => void }) {
  const { t } = useTranslation()
  const { others, to, missing, there, chosen } = mapping
  if (mapping.none) return <Alert color="gray">{t('processes.bulk.noOther')}</Alert>
  return (
    <>
      <Select label={t('processes.bulk.to')} allowDeselect={false} value={to} disabled={disabled} onChange={(id) => { mapping.setTo(id); onChange() }} data={others.map((version) => ({ value: version.id, label: t('processes.definition.versionN', { n: version.version }) }))} />
      {mapping.ready && missing.length === 0 && <Text size="sm" c="dimmed">{t('processes.bulk.mappingNone')}</Text>}
      {missing.length > 0 && (
        <Stack gap={6}>
          <Text size="sm" fw={500}>{t('processes.bulk.mapping')}</Text>
          <Text size="xs" c="dimmed">{t('processes.bulk.mappingHint')}</Text>
          {missing.map((node) => (
            <Select
              key={node.id}
              size="xs"
              label={node.name ? `${node.name} (${node.id})` : node.id}
              clearable
              searchable
              disabled={disabled}
              value={chosen[node.id] ?? null}
              placeholder={t('instance.migrate.choose')}
              onChange={(value) => { const rest = { ...chosen }; if (value) rest[node.id] = value; else delete rest[node.id]; mapping.setChosen(rest); onChange() }}
              data={[...there.values()].map((goal) => ({ value: goal.id, label: goal.name ? `${goal.name} (${goal.id})` : goal.id }))}
            />
          ))}
        </Stack>
      )}
    </>
  )
}
