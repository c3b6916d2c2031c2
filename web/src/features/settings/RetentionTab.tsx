/** How long what is over is kept: for all processes, for one, and what became of it. */
import { Button, NumberInput, Select } from '@mantine/core'
import { IconCircleCheck, IconProgress } from '@tabler/icons-react'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Retention, RetentionRules } from '@/api'
import { confirm } from '@/ui/confirm'
import { toastError, toastOk } from '@/ui/errors'
import { Facts, Panel } from '@/ui/Facts'
import { useLocale } from '@/ui/hooks'
import { BlockSkeleton, QueryView } from '@/ui/Page'
import { ToneBadge } from '@/ui/StateBadge'
import { Num } from './figures'
import { ProcessRules } from './ProcessRules'
import { previewRetention, processesKeptQuery, retentionQuery, saveRetention } from './queries'
import { DAY_RULES, DAYS_MAX, entriesShorter, HOURS_MAX, instancesShorter, wholeNumber, type RuleKey } from './retention'
import css from './settings.module.css'

export function RetentionTab() {
  const query = useQuery(retentionQuery)
  return <QueryView query={query} skeleton={<BlockSkeleton lines={8} />}>{(data) => <RetentionView data={data} />}</QueryView>
}

function rulesOf(data: Retention): RetentionRules {
  const { instancesDays, processes, callsDays, notificationsDays, deadEffectsDays, packAfterHours } = data
  return { instancesDays, processes, callsDays, notificationsDays, deadEffectsDays, packAfterHours }
}

function RetentionView({ data }: { data: Retention }) {
  const { t } = useTranslation()
  const rules = rulesOf(data)
  const processes = useQuery(processesKeptQuery(rules))
  const change = useChangeRules(rules)
  return (
    <div className={css.stack} data-testid="retention">
      <p className={css.hint} style={{ margin: 0 }}>{t('settings.retention.intro')}</p>
      <RulesPanel rules={rules} onSave={change} />
      <Progress done={data.done} over={processes.data?.over} />
      <ProcessRules query={processes} rules={rules} onSave={change} />
    </div>
  )
}

type Change = (next: RetentionRules) => Promise<void>

/** Saves rules; what gets shorter is told with its count and asked about first. Ends when it is saved or asked. */
function useChangeRules(before: RetentionRules): Change {
  const { t } = useTranslation()
  const locale = useLocale()
  const save = async (next: RetentionRules) => {
    await saveRetention(next)
    toastOk(t('settings.retention.saved'))
  }
  return async (next) => {
    const shorter = instancesShorter(before, next)
    const entries = entriesShorter(before, next)
    if (!shorter && entries.length === 0) return save(next)
    const { over, more } = await previewRetention(next)
    const names = { callsDays: t('settings.retention.calls'), notificationsDays: t('settings.retention.notifications'), deadEffectsDays: t('settings.retention.deadEffects') }
    const told = !shorter ? '' : over === 0 ? t('settings.retention.confirmNone') : more
      ? t('settings.retention.confirmMore', { n: over.toLocaleString(locale) })
      : t('settings.retention.confirmOver', { count: over })
    const what = entries.map((key) => names[key].toLocaleLowerCase(locale)).join(', ')
    const rest = what ? t('settings.retention.confirmEntries', { what }) : ''
    confirm({ title: t('settings.retention.confirmTitle'), text: `${told} ${rest}`.trim(), action: t('settings.retention.confirmAction'), run: () => save(next) })
  }
}

type Draft = Record<RuleKey, { limited: boolean; text: string }>

const KEYS: RuleKey[] = [...DAY_RULES, 'packAfterHours']
const SUGGESTED: Record<RuleKey, string> = { instancesDays: '365', callsDays: '90', notificationsDays: '90', deadEffectsDays: '90', packAfterHours: '24' }

function draftOf(rules: RetentionRules): Draft {
  const one = (key: RuleKey) => {
    const value = rules[key]
    return value === null || value === undefined ? { limited: false, text: SUGGESTED[key] } : { limited: true, text: String(value) }
  }
  return Object.fromEntries(KEYS.map((key) => [key, one(key)])) as Draft
}

/** Nothing stands for ever; `undefined`: not a number that is allowed. */
function valueOf(draft: Draft, key: RuleKey): number | null | undefined {
  if (!draft[key].limited) return null
  return key === 'packAfterHours' ? wholeNumber(draft[key].text, 0, HOURS_MAX) : wholeNumber(draft[key].text, 1, DAYS_MAX)
}

function RulesPanel({ rules, onSave }: { rules: RetentionRules; onSave: Change }) {
  const { t } = useTranslation()
  const [draft, setDraft] = useState(() => draftOf(rules))
  const [given, setGiven] = useState(rules)
  const value = (key: RuleKey) => valueOf(draft, key)
  const differs = (from: RetentionRules) => KEYS.some((key) => value(key) !== (from[key] ?? null))
  // What somebody else changed appears, unless it would take away what is being typed.
  if (KEYS.some((key) => given[key] !== rules[key])) {
    setGiven(rules)
    if (!differs(given)) setDraft(draftOf(rules))
  }
  const wrong = KEYS.filter((key) => value(key) === undefined)
  const dirty = differs(rules)
  const save = useMutation({
    mutationFn: () => onSave({ ...rules, ...Object.fromEntries(KEYS.map((key) => [key, value(key)])) }),
    onError: toastError,
  })
  const name = { instancesDays: t('settings.retention.instances'), callsDays: t('settings.retention.calls'), notificationsDays: t('settings.retention.notifications'), deadEffectsDays: t('settings.retention.deadEffects'), packAfterHours: t('settings.retention.pack') }
  const hint = { instancesDays: t('settings.retention.instancesHint'), callsDays: t('settings.retention.callsHint'), notificationsDays: t('settings.retention.notificationsHint'), deadEffectsDays: t('settings.retention.deadEffectsHint'), packAfterHours: t('settings.retention.packHint') }
  return (
    <Panel title={t('settings.retention.rules')}>
      <form noValidate onSubmit={(event) => { event.preventDefault(); if (dirty && wrong.length === 0) save.mutate() }}>
        {KEYS.map((key) => {
          const hours = key === 'packAfterHours'
          const set = (patch: Partial<Draft[RuleKey]>) => setDraft((old) => ({ ...old, [key]: { ...old[key], ...patch } }))
          return (
            <div key={key} className={css.rule} data-testid={`rule-${key}`}>
              <div>
                <div className={css.ruleName}>{name[key]}</div>
                <div className={css.ruleHint}>{hint[key]}</div>
              </div>
              <Select
                aria-label={name[key]}
                value={draft[key].limited ? 'limited' : 'forever'}
                onChange={(next) => set({ limited: next === 'limited' })}
                data={[
                  { value: 'forever', label: hours ? t('settings.retention.never') : t('settings.retention.foreverShort') },
                  { value: 'limited', label: hours ? t('settings.retention.afterHours') : t('settings.retention.forDays') },
                ]}
              />
              {draft[key].limited ? (
                <NumberInput
                  aria-label={hours ? t('settings.retention.hoursLabel', { what: name[key] }) : t('settings.retention.daysLabel', { what: name[key] })}
                  name={key}
                  hideControls
                  allowNegative={false}
                  allowDecimal={false}
                  value={draft[key].text}
                  onChange={(next) => set({ text: String(next) })}
                  rightSection={<span className={css.ruleHint}>{hours ? t('settings.retention.hoursUnit') : t('settings.retention.daysUnit')}</span>}
                  rightSectionWidth={56}
                  rightSectionPointerEvents="none"
                  error={wrong.includes(key) ? (hours ? t('settings.retention.badHours') : t('settings.retention.badDays')) : undefined}
                />
              ) : <span />}
            </div>
          )
        })}
        <div className={css.actions}>
          {dirty && <Button variant="default" onClick={() => setDraft(draftOf(rules))}>{t('settings.retention.discard')}</Button>}
          <Button type="submit" disabled={!dirty || wrong.length > 0} loading={save.isPending} data-testid="retention-save">{t('settings.retention.save')}</Button>
        </div>
      </form>
    </Panel>
  )
}

function Progress({ done, over }: { done: Retention['done']; over: number | undefined }) {
  const { t } = useTranslation()
  const left = over ?? done.backlog
  const badge = left > 0
    ? <ToneBadge tone="running" icon={IconProgress}>{t('settings.retention.running')}</ToneBadge>
    : <ToneBadge tone="done" icon={IconCircleCheck}>{t('settings.retention.idle')}</ToneBadge>
  return (
    <Panel title={t('settings.retention.progress')} actions={badge}>
      <p className={css.hint}>{t('settings.retention.sinceStart')}</p>
      <Facts
        items={[
          [t('settings.retention.overNow'), <Num key="o" n={left} />],
          [t('settings.retention.doneInstances'), <span key="i" data-testid="purged"><Num n={done.instances} /></span>],
          [t('settings.retention.doneEntries'), <Num key="e" n={done.entries} />],
          [t('settings.retention.doneJournals'), <Num key="j" n={done.journals} />],
        ]}
      />
    </Panel>
  )
}
