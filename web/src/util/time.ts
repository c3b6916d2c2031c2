/** Dates and durations as people read them. `now` is handed in, so that lists agree with each other and tests are exact. */
export type Locale = 'ru' | 'en'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const relativeFormat = new Map<Locale, Intl.RelativeTimeFormat>()
function relativeFormatter(locale: Locale): Intl.RelativeTimeFormat {
  let format = relativeFormat.get(locale)
  if (!format) {
    format = new Intl.RelativeTimeFormat(locale, { numeric: 'auto', style: 'short' })
    relativeFormat.set(locale, format)
  }
  return format
}

/** Relative within a week, a date beyond; `null` stands for "less than 45 seconds ago". */
export function relativeTime(iso: string, now: number, locale: Locale): string | null {
  const at = Date.parse(iso)
  if (Number.isNaN(at)) return iso
  const diff = at - now
  const size = Math.abs(diff)
  if (size < 45_000) return null
  const format = relativeFormatter(locale)
  if (size < HOUR) return format.format(Math.round(diff / MINUTE), 'minute')
  if (size < DAY) return format.format(Math.round(diff / HOUR), 'hour')
  if (size < 7 * DAY) return format.format(Math.round(diff / DAY), 'day')
  return shortDate(iso, now, locale)
}

export function shortDate(iso: string, now: number, locale: Locale): string {
  const date = new Date(iso)
  const sameYear = date.getFullYear() === new Date(now).getFullYear()
  return date.toLocaleDateString(locale, { day: 'numeric', month: 'short', year: sameYear ? undefined : 'numeric' })
}

export function absoluteTime(iso: string, locale: Locale): string {
  const date = new Date(iso)
  if (Number.isNaN(date.getTime())) return iso
  return date.toLocaleString(locale, { dateStyle: 'medium', timeStyle: 'medium', hourCycle: 'h23' })
}

export function clockTime(iso: string, locale: Locale): string {
  return new Date(iso).toLocaleTimeString(locale, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' })
}

export type DurationUnit = 'ms' | 'seconds' | 'minutes' | 'hours' | 'days'

/** The one or two largest units of a duration. */
export function durationParts(ms: number): { n: string; unit: DurationUnit }[] {
  if (ms < 1000) return [{ n: String(Math.max(0, Math.round(ms))), unit: 'ms' }]
  if (ms < 10_000) return [{ n: ms % 1000 === 0 ? String(ms / 1000) : (ms / 1000).toFixed(1), unit: 'seconds' }]
  const units: [DurationUnit, number][] = [['days', DAY], ['hours', HOUR], ['minutes', MINUTE], ['seconds', 1000]]
  const first = units.findIndex(([, size]) => ms >= size)
  let rest = ms
  const parts: { n: string; unit: DurationUnit }[] = []
  for (const [unit, size] of units.slice(first, first + 2)) {
    const n = Math.floor(rest / size)
    rest -= n * size
    if (n > 0) parts.push({ n: String(n), unit })
  }
  return parts
}
