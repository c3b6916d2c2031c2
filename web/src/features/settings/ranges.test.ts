import { expect, it } from 'vitest'
import { ranges } from './ranges'

it.each([
  [[], ''],
  [[3], '3'],
  [[0, 1], '0, 1'],
  [[0, 1, 2, 5, 7, 8, 9], '0–2, 5, 7–9'],
])('of %j are %s', (numbers, text) => {
  expect(ranges(numbers)).toBe(text)
})
