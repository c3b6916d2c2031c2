import { describe, expect, it } from 'vitest'
import { daysOf, entriesShorter, instancesShorter, isShorter, wholeNumber, withOwnRule } from './retention'

describe('retention rules', () => {
  it('reads whole numbers within bounds', () => {
    expect(wholeNumber('30', 1, 36_500)).toBe(30)
    expect(wholeNumber('36 500', 1, 36_500)).toBe(36_500)
    for (const text of ['', '0', '-1', '1.5', '36501', 'ten']) expect(wholeNumber(text, 1, 36_500)).toBeUndefined()
  })

  it('knows what is shorter; nothing is for ever', () => {
    expect(isShorter(null, 30) && isShorter(30, 29)).toBe(true)
    expect(isShorter(30, 30) || isShorter(30, null) || isShorter(null, null)).toBe(false)
  })

  it('looks at processes with rules of their own', () => {
    const rules = { instancesDays: 30, processes: { order: null, call: 7 }, packAfterHours: 24 }
    expect([daysOf(rules, 'order'), daysOf(rules, 'call'), daysOf(rules, 'other')]).toEqual([null, 7, 30])
    expect(instancesShorter(rules, withOwnRule(rules, 'order', undefined))).toBe(true)
    expect(instancesShorter(rules, withOwnRule(rules, 'call', undefined))).toBe(false)
    expect(instancesShorter(rules, withOwnRule(rules, 'other', 29))).toBe(true)
    expect(entriesShorter({ callsDays: 30 }, { callsDays: 10, notificationsDays: 5 })).toEqual(['callsDays', 'notificationsDays'])
  })
})
