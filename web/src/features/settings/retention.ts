/** Retention rules as texts in a form, and what became shorter. */
import type { RetentionRules } from '@/api'

/** Rules in days, in the order of the form. */
export const DAY_RULES = ['instancesDays', 'callsDays', 'notificationsDays', 'deadEffectsDays'] as const
export type DayRule = (typeof DAY_RULES)[number]
export type RuleKey = DayRule | 'packAfterHours'

export const DAYS_MAX = 36_500
export const HOURS_MAX = 24 * DAYS_MAX

type Days = number | null | undefined

/** A whole number from `min` to `max`, or nothing. */
export function wholeNumber(text: string | number, min: number, max: number): number | undefined {
  const digits = String(text).replace(/\s/g, '')
  if (!/^\d{1,9}$/.test(digits)) return undefined
  const value = Number(digits)
  return value >= min && value <= max ? value : undefined
}

/** Whether less is kept than before; nothing means for ever. */
export function isShorter(before: Days, after: Days): boolean {
  if (after === null || after === undefined) return false
  return before === null || before === undefined || after < before
}

/** Whether ended instances of any process are kept shorter. */
export function instancesShorter(before: RetentionRules, after: RetentionRules): boolean {
  const ids = new Set([...Object.keys(before.processes ?? {}), ...Object.keys(after.processes ?? {})])
  return isShorter(before.instancesDays, after.instancesDays) || [...ids].some((id) => isShorter(daysOf(before, id), daysOf(after, id)))
}

/** Days that ended instances of a process are kept. */
export function daysOf(rules: RetentionRules, processId: string): Days {
  const own = rules.processes ?? {}
  return Object.hasOwn(own, processId) ? own[processId] : rules.instancesDays
}

/** What besides instances is kept shorter. */
export function entriesShorter(before: RetentionRules, after: RetentionRules): Exclude<DayRule, 'instancesDays'>[] {
  return (['callsDays', 'notificationsDays', 'deadEffectsDays'] as const).filter((key) => isShorter(before[key], after[key]))
}

/** The rules with another rule for a process; `undefined`: as all. */
export function withOwnRule(rules: RetentionRules, processId: string, days: number | null | undefined): RetentionRules {
  const processes = { ...rules.processes }
  if (days === undefined) delete processes[processId]
  else processes[processId] = days
  return { ...rules, processes }
}
