import { describe, expect, it } from 'vitest'
import { durationParts, relativeTime } from './time'

const now = Date.parse('2026-03-10T12:00:00Z')

describe('relativeTime', () => {
  const cases: [string, 'ru' | 'en', string | null][] = [
    ['2026-03-10T11:59:40Z', 'en', null],
    ['2026-03-10T11:55:00Z', 'en', '5 min. ago'],
    ['2026-03-10T11:55:00Z', 'ru', '5 мин. назад'],
    ['2026-03-10T15:00:00Z', 'en', 'in 3 hr.'],
    ['2026-03-09T12:00:00Z', 'ru', 'вчера'],
    ['2025-12-01T12:00:00Z', 'en', 'Dec 1, 2025'],
  ]
  it.each(cases)('%s in %s', (iso, locale, expected) => {
    expect(relativeTime(iso, now, locale)).toBe(expected)
  })
})

describe('durationParts', () => {
  const text = (ms: number) => durationParts(ms).map((p) => `${p.n} ${p.unit}`).join(' ')
  it.each([
    [0, '0 ms'],
    [742, '742 ms'],
    [1500, '1.5 seconds'],
    [61_000, '1 minutes 1 seconds'],
    [3_600_000, '1 hours'],
    [90_061_000, '1 days 1 hours'],
  ])('%d ms', (ms, expected) => expect(text(ms)).toBe(expected))
})
