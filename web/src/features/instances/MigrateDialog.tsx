/** Going on with another version: which element becomes which, what stands in the way, and then the move itself. */
import { Alert, Button, Group, Modal, Select, Stack, Table, Text, TextInput } from '@mantine/core'
import { IconCheck } from '@tabler/icons-react'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { definitionQuery, queryClient, type InstanceDetail, type Json } from '@/api'
import { codeText, toastError, toastOk } from '@/ui/errors'
import { flowNodes, type FlowNode } from '@/util/bpmn'
import { isObject } from '@/util/json'
import css from './instance.module.css'
import type { Live } from './live'
import { migrateInstance, versionsQuery } from './queries'

interface MigrateProps {
  instance: InstanceDetail
  live: Live
  nodes: Map<string, FlowNode>
  onClose: () => void
}

const PROBLEMS = ['notMapped', 'otherKind', 'otherScope', 'otherRepetition', 'otherCall', 'otherTrigger', 'fewerFlows', 'notArmed'] as const
type Problem = (typeof PROBLEMS)[number]

/** Problems by the element of the version it runs now. */
function problemsOf(details: Json | undefined): Map<string, string> {
  const list = isObject(details) && Array.isArray(details.problems) ? details.problems : []
  return new Map(list.filter(isObject).map((item) => [String(item.element), String(item.problem)]))
}

export default function MigrateDialog({ instance, live, nodes, onClose }: MigrateProps) {
  const { t } = useTranslation()
  const versions = useQuery(versionsQuery(instance.definition.id))
  const others = (versions.data ?? []).filter((version) => version.id !== instance.definition.id)
  const [picked, setPicked] = useState<string | null>(null)
  const to = picked ?? others[0]?.id ?? null
  const target = useQuery({ ...definitionQuery(to ?? ''), enabled: to !== null })
  const targets = useMemo(() => flowNodes(target.data?.bpmn ?? ''), [target.data?.bpmn])
  const [chosen, setChosen] = useState<Record<string, string>>({})
  const [reason, setReason] = useState('')
  const ids = [...new Set([...live.runs.values()].filter((run) => run.key !== 0).map((run) => run.elementId))]
  const goal = (id: string): string | null => chosen[id] ?? (targets.has(id) ? id : null)
  const elements = () => Object.fromEntries(ids.flatMap((id) => (goal(id) && goal(id) !== id ? [[id, goal(id)!]] : [])))
  const check = useMutation({ mutationFn: () => migrateInstance(instance.id, to ?? '', elements(), { dryRun: true }), onError: toastError })
  const move = useMutation({
    mutationFn: () => migrateInstance(instance.id, to ?? '', elements(), { dryRun: false, reason }),
    onSuccess: ({ items }) => {
      if (!items[0]?.ok) return
      toastOk(t('instance.migrate.done'))
      void queryClient.invalidateQueries({ queryKey: ['instance'] })
      onClose()
    },
    onError: toastError,
  })
  const result = (move.data ?? check.data)?.items[0]
  const problems = problemsOf(result?.details)
  const forget = () => { check.reset(); move.reset() }
  const problemText = (problem: string) => { const known = PROBLEMS.find((item): item is Problem => item === problem); return known ? t(`instance.migrate.problem.${known}`) : problem }
  return (
    <Modal opened onClose={onClose} title={t('instance.migrate.title')} size="lg">
      <Stack data-testid="migrate">
        <Text size="sm">{t('instance.migrate.text')}</Text>
        {versions.isSuccess && others.length === 0
          ? <Alert color="gray">{t('instance.migrate.noOther')}</Alert>
          : <Select label={t('instance.migrate.to')} w={260} value={to} onChange={(id) => { setPicked(id); forget() }} allowDeselect={false} data={others.map((version) => ({ value: version.id, label: t('processes.definition.versionN', { n: version.version }) }))} />}
        {target.isSuccess && (
          <Table fz="sm" className={css.mapping}>
            <Table.Thead><Table.Tr><Table.Th>{t('instance.migrate.now')}</Table.Th><Table.Th>{t('instance.migrate.goal')}</Table.Th></Table.Tr></Table.Thead>
            <Table.Tbody>
              {ids.map((id) => (
                <Table.Tr key={id}>
                  <Table.Td>{nodes.get(id)?.name || id}<div className={css.dim}>{id}</div></Table.Td>
                  <Table.Td>
                    <Select
                      size="xs"
                      aria-label={t('instance.migrate.goalOf', { name: nodes.get(id)?.name || id })}
                      searchable
                      value={goal(id)}
                      placeholder={t('instance.migrate.choose')}
                      onChange={(value) => { forget(); if (value) setChosen({ ...chosen, [id]: value }) }}
                      data={[...targets.values()].map((node) => ({ value: node.id, label: node.name ? `${node.name} (${node.id})` : node.id }))}
                      error={problems.has(id) ? problemText(problems.get(id)!) : undefined}
                    />
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        )}
        {result && (result.ok
          ? <Alert color="green" icon={<IconCheck size={16} />} role="status">{t('instance.migrate.possible')}</Alert>
          : <Alert color="red" role="alert">
              {codeText(result.code ?? '', result.message ?? '')}
              {[...problems].filter(([id]) => !ids.includes(id)).map(([id, problem]) => <div key={id}>{nodes.get(id)?.name || id}: {problemText(problem)}</div>)}
            </Alert>)}
        <TextInput label={t('instance.cancelReason')} value={reason} onChange={(event) => setReason(event.currentTarget.value)} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>{t('common.action.cancel')}</Button>
          <Button variant="default" disabled={!to} loading={check.isPending} onClick={() => { move.reset(); check.mutate() }} data-testid="migrate-check">{t('instance.migrate.check')}</Button>
          <Button disabled={!check.data?.items[0]?.ok} loading={move.isPending} onClick={() => move.mutate()} data-testid="migrate-do">{t('instance.migrate.do')}</Button>
        </Group>
      </Stack>
    </Modal>
  )
}
