/** Rules of single processes: which is in force, and a dialog to give one its own. */
import { Button, Drawer, Group, NumberInput, Radio, Stack, Text } from '@mantine/core'
import { IconRoute } from '@tabler/icons-react'
import { useMutation, type UseQueryResult } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ProcessKept, RetentionPreview, RetentionRules } from '@/api'
import { DataTable, type Column } from '@/ui/DataTable'
import { toastError } from '@/ui/errors'
import { EmptyState, QueryView, TableSkeleton } from '@/ui/Page'
import { useUrlState } from '@/ui/search'
import { SearchBox } from '@/ui/SearchBox'
import { ToneBadge } from '@/ui/StateBadge'
import { Num } from './figures'
import { DAYS_MAX, wholeNumber, withOwnRule } from './retention'
import css from './settings.module.css'

/** From so many processes on there is a search. */
const SEARCH_FROM = 10

interface ProcessRulesProps {
  query: UseQueryResult<RetentionPreview>
  rules: RetentionRules
  onSave: (next: RetentionRules) => Promise<void>
}

export function ProcessRules({ query, rules, onSave }: ProcessRulesProps) {
  const { t } = useTranslation()
  const kept = useKept()
  const [search, setSearch] = useUrlState()
  const columns: Column<ProcessKept>[] = [
    { key: 'name', header: t('settings.retention.process'), cell: (process) => process.name },
    { key: 'ended', header: t('settings.retention.ended'), align: 'right', cell: (process) => <Num n={process.ended} />, width: 120 },
    { key: 'purged', header: t('settings.retention.purged'), align: 'right', cell: (process) => <Num n={process.purged} />, width: 120 },
    { key: 'rule', header: t('settings.retention.rule'), cell: (process) => (process.kept.own ? <ToneBadge tone="running">{t('settings.retention.ruleOwn')}</ToneBadge> : t('settings.retention.ruleGeneral')), width: 120 },
    { key: 'kept', header: t('settings.retention.kept'), cell: (process) => kept(process.kept.days), width: 150 },
  ]
  return (
    <section className={css.section} data-testid="process-rules">
      <h2 className={css.heading}>{t('settings.retention.processes')}</h2>
      <QueryView query={query} compact skeleton={<TableSkeleton rows={3} />}>
        {({ processes }) => {
          const text = (search.q ?? '').toLowerCase()
          const shown = processes.filter((process) => [process.name, process.processId].some((part) => part.toLowerCase().includes(text)))
          const opened = processes.find((process) => process.processId === search.process)
          if (processes.length === 0) return <EmptyState compact icon={IconRoute} title={t('settings.retention.noProcesses')} hint={t('settings.retention.noProcessesHint')} />
          return (
            <>
              {processes.length >= SEARCH_FROM && <div><SearchBox value={search.q ?? ''} onChange={(q) => setSearch({ q })} placeholder={t('settings.retention.searchPlaceholder')} /></div>}
              {shown.length === 0
                ? <EmptyState compact title={t('common.state.nothingFound')} hint={t('common.state.nothingFoundHint')} />
                : <DataTable label={t('settings.retention.processes')} rows={shown} columns={columns} rowKey={(process) => process.processId} onOpen={(process) => setSearch({ process: process.processId }, { push: true })} total={shown.length} rowTestId="process-rule" />}
              {opened && <RuleDrawer key={opened.processId} process={opened} rules={rules} onSave={onSave} onClose={() => setSearch({ process: undefined })} />}
            </>
          )
        }}
      </QueryView>
    </section>
  )
}

function useKept(): (days: number | null | undefined) => string {
  const { t } = useTranslation()
  return (days) => (days === null || days === undefined ? t('settings.retention.keptForever') : t('settings.retention.days', { count: days }))
}

type Choice = 'general' | 'forever' | 'days'

function RuleDrawer({ process, rules, onSave, onClose }: { process: ProcessKept; rules: RetentionRules; onSave: ProcessRulesProps['onSave']; onClose: () => void }) {
  const { t } = useTranslation()
  const kept = useKept()
  const { days: now, own } = process.kept
  const [choice, setChoice] = useState<Choice>(!own ? 'general' : now === null || now === undefined ? 'forever' : 'days')
  const [text, setText] = useState(String(now ?? 90))
  const days = wholeNumber(text, 1, DAYS_MAX)
  const wrong = choice === 'days' && days === undefined
  const save = useMutation({
    mutationFn: () => onSave(withOwnRule(rules, process.processId, choice === 'general' ? undefined : choice === 'forever' ? null : days)),
    onSuccess: onClose,
    onError: toastError,
  })
  return (
    <Drawer opened onClose={onClose} title={t('settings.retention.editTitle', { name: process.name })} size="md">
      <form noValidate onSubmit={(event) => { event.preventDefault(); if (!wrong) save.mutate() }}>
        <Stack>
          <Text size="sm" c="dimmed">{t('settings.retention.editText')}</Text>
          <Radio.Group label={t('settings.retention.rule')} value={choice} onChange={(next) => setChoice(next as Choice)}>
            <Stack gap="xs" mt={6}>
              <Radio value="general" label={t('settings.retention.useGeneral', { kept: kept(rules.instancesDays) })} />
              <Radio value="forever" label={t('settings.retention.forever')} />
              <Radio value="days" label={t('settings.retention.forDays')} />
            </Stack>
          </Radio.Group>
          {choice === 'days' && (
            <NumberInput
              label={t('settings.retention.daysLabel', { what: t('settings.retention.instances') })}
              name="days"
              hideControls
              allowNegative={false}
              allowDecimal={false}
              value={text}
              onChange={(next) => setText(String(next))}
              error={wrong ? t('settings.retention.badDays') : undefined}
            />
          )}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>{t('common.action.cancel')}</Button>
            <Button type="submit" disabled={wrong} loading={save.isPending} data-testid="own-rule-save">{t('settings.retention.saveOwn')}</Button>
          </Group>
        </Stack>
      </form>
    </Drawer>
  )
}
