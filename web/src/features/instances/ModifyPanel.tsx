/** Changing where a process stands: elements are clicked on the diagram, the wish is gathered here and done in one step. */
import { ActionIcon, Alert, Button, Group, Select, TextInput } from '@mantine/core'
import { IconArrowMoveRight, IconPlayerPlay, IconPlayerStop, IconTrash } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { queryClient, type InstanceDetail } from '@/api'
import { toastError, toastOk } from '@/ui/errors'
import type { FlowNode } from '@/util/bpmn'
import css from './instance.module.css'
import { standing, type Live, type Run } from './live'
import { modifyInstance, type Plan } from './queries'

export const NO_PLAN: Plan = { activate: [], terminate: [], moves: [] }

interface ModifyProps {
  instance: InstanceDetail
  live: Live
  nodes: Map<string, FlowNode>
  plan: Plan
  /** The run that is being moved: the next click says where to. */
  moving: Run | null
  selected: string | null
  onPlan: (plan: Plan) => void
  onMoving: (run: Run | null) => void
  onSelect: (id: string | null) => void
  onClose: () => void
}

const touched = (plan: Plan): Set<number> => new Set([...plan.terminate, ...plan.moves.map((move) => move.from)])

export function ModifyPanel(props: ModifyProps) {
  const { t } = useTranslation()
  const { instance, live, nodes, plan, moving, selected, onPlan, onMoving, onSelect, onClose } = props
  const [reason, setReason] = useState('')
  const nameOf = (id: string) => nodes.get(id)?.name || id
  const busy = touched(plan)
  const open = standing(live).filter((run) => run.elementId === selected && !busy.has(run.key))
  const apply = useMutation({
    mutationFn: () => modifyInstance(instance.id, plan, reason),
    onSuccess: () => {
      toastOk(t('instance.modify.applied'))
      void queryClient.invalidateQueries({ queryKey: ['instance'] })
      onClose()
    },
    onError: toastError,
  })
  const size = plan.activate.length + plan.terminate.length + plan.moves.length
  const runName = (key: number) => `${nameOf(live.runs.get(key)?.elementId ?? '')} · ${t('instance.now.run', { key })}`
  return (
    <div className={css.modify} data-testid="modify">
      <Alert color={moving ? 'orange' : 'blue'} py={8} role="status">
        {moving ? t('instance.modify.pick', { name: nameOf(moving.elementId) }) : t('instance.modify.hint')}
      </Alert>
      <Group gap="xs" align="end">
        <Select
          size="xs"
          w={280}
          searchable
          label={t('instance.modify.element')}
          value={selected && nodes.has(selected) ? selected : null}
          onChange={(id) => onSelect(id)}
          data={[...nodes.values()].map((node) => ({ value: node.id, label: node.name ? `${node.name} (${node.id})` : node.id }))}
        />
        {moving
          ? <Button size="xs" variant="default" onClick={() => onMoving(null)}>{t('common.action.cancel')}</Button>
          : selected && nodes.has(selected) && !plan.activate.includes(selected) && <Button size="xs" variant="default" leftSection={<IconPlayerPlay size={14} />} data-testid="modify-start" onClick={() => onPlan({ ...plan, activate: [...plan.activate, selected] })}>{t('instance.modify.start')}</Button>}
        {!moving && open.map((run) => (
          <Group gap={4} key={run.key}>
            <Button size="xs" variant="default" leftSection={<IconArrowMoveRight size={14} />} data-testid="modify-move" onClick={() => onMoving(run)}>{t('instance.modify.move')}{open.length > 1 && ` #${run.key}`}</Button>
            <Button size="xs" variant="default" leftSection={<IconPlayerStop size={14} />} onClick={() => onPlan({ ...plan, terminate: [...plan.terminate, run.key] })}>{t('instance.modify.terminate')}{open.length > 1 && ` #${run.key}`}</Button>
          </Group>
        ))}
      </Group>
      {size > 0 && (
        <ul className={css.plan} data-testid="plan">
          {plan.moves.map((move) => <PlanLine key={`m${move.from}`} text={t('instance.modify.moveLine', { from: runName(move.from), to: nameOf(move.to) })} onRemove={() => onPlan({ ...plan, moves: plan.moves.filter((other) => other !== move) })} />)}
          {plan.activate.map((id) => <PlanLine key={`a${id}`} text={t('instance.modify.startLine', { name: nameOf(id) })} onRemove={() => onPlan({ ...plan, activate: plan.activate.filter((other) => other !== id) })} />)}
          {plan.terminate.map((key) => <PlanLine key={`t${key}`} text={t('instance.modify.terminateLine', { name: runName(key) })} onRemove={() => onPlan({ ...plan, terminate: plan.terminate.filter((other) => other !== key) })} />)}
        </ul>
      )}
      <Group gap="xs" align="end">
        <TextInput size="xs" w={280} label={t('instance.cancelReason')} value={reason} onChange={(event) => setReason(event.currentTarget.value)} />
        <Button size="xs" disabled={size === 0} loading={apply.isPending} onClick={() => apply.mutate()} data-testid="modify-apply">{t('instance.modify.apply', { count: size })}</Button>
        <Button size="xs" variant="default" onClick={onClose}>{t('instance.modify.leave')}</Button>
      </Group>
    </div>
  )
}

function PlanLine({ text, onRemove }: { text: string; onRemove: () => void }) {
  const { t } = useTranslation()
  return (
    <li>
      <span>{text}</span>
      <ActionIcon size="sm" variant="subtle" color="gray" aria-label={`${t('common.action.delete')}: ${text}`} onClick={onRemove}><IconTrash size={14} /></ActionIcon>
    </li>
  )
}
