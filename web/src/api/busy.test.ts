import { describe, expect, it } from 'vitest'
import { againAt, isBusy, mayActAgain, readAgain, readDelay, secondsLeft, secondsOf } from './busy'
import { ApiError } from './error'

const busy = new ApiError(429, 'RUN-0007', 'Too many commands wait', undefined, 7)

describe('a server that is busy', () => {
  it('names the seconds as a number or a date', () => {
    const now = Date.parse('2026-01-01T00:00:00Z')
    expect(secondsOf('7', now)).toBe(7)
    expect(secondsOf('Thu, 01 Jan 2026 00:00:09 GMT', now)).toBe(9)
    expect(secondsOf('Wed, 31 Dec 2025 00:00:00 GMT', now)).toBe(0)
    expect(secondsOf('soon', now)).toBeUndefined()
    expect(secondsOf(null, now)).toBeUndefined()
  })

  it('is known by its status, but a throttled sign-in is not one', () => {
    expect(isBusy(busy) && isBusy(new ApiError(503, 'RUN-0008', ''))).toBe(true)
    expect(isBusy(new ApiError(429, 'IDN-0016', '')) || isBusy(new ApiError(500, 'STO-0004', '')) || isBusy(new Error('x'))).toBe(false)
  })

  it('is read again when it says, and long enough', () => {
    expect(readDelay(0, busy)).toBeGreaterThan(6_000)
    expect(readDelay(0, busy)).toBeLessThanOrEqual(7_500)
    expect([0, 10, 19, 20].map((count) => readAgain(count, busy))).toEqual([true, true, true, false])
    expect(secondsLeft(busy, busy.at + 2_100)).toBe(5)
    expect(secondsLeft(busy, busy.at + 60_000)).toBe(0)
    expect(againAt(new ApiError(503, 'STO-0001', '', undefined, 9_999)) - Date.now()).toBeLessThanOrEqual(60_000)
  })

  it('is not asked again for what other refusals mean', () => {
    expect(readAgain(0, new ApiError(404, 'RUN-0001', ''))).toBe(false)
    expect(readAgain(1, new ApiError(500, 'STO-0004', ''))).toBe(true)
    expect(readAgain(2, new ApiError(500, 'STO-0004', ''))).toBe(false)
  })

  it('offers an action again unless it may have been done', () => {
    expect(mayActAgain(busy)).toBe(true)
    expect(mayActAgain(new ApiError(503, 'CLU-0002', ''))).toBe(false)
  })
})
