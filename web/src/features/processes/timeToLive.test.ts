import { expect, it } from 'vitest'
import { numberOf } from '@/util/numbers'
import { timeToLive } from './timeToLive'

it('is a whole number of milliseconds whatever was typed', () => {
  const typed = ['', '-', '0', '1.', '1.5', '2', '-3']
  expect(typed.map((text) => timeToLive(numberOf(text), 'hours'))).toEqual([0, 0, 0, 3_600_000, 5_400_000, 7_200_000, 0])
  expect(timeToLive(0.0015, 'seconds')).toBe(2)
  expect(timeToLive(Number.NaN, 'days')).toBe(0)
})

it('is refused, not forgotten, beyond a hundred years', () => {
  expect(timeToLive(36_500, 'days')).toBe(3_153_600_000_000)
  const typed = ['36501', '104249991375', '1e21', '1e400']
  expect(typed.map((text) => timeToLive(numberOf(text), 'days'))).toEqual([null, null, null, null])
})
