import { expect, it } from 'vitest'
import { keyFromName, KEY_PATTERN } from './keys'

it.each([
  ['Сумма договора', [], 'SUMMA_DOGOVORA'],
  ['Amount, EUR', [], 'AMOUNT_EUR'],
  ['2-й этаж', [], 'F_2_Y_ETAZH'],
  ['!!!', [], 'FIELD'],
  ['Name', ['name', 'NAME_2'], 'NAME_3'],
] as [string, string[], string][])('%s', (name, taken, expected) => {
  const key = keyFromName(name, taken)
  expect(key).toBe(expected)
  expect(key).toMatch(KEY_PATTERN)
})
