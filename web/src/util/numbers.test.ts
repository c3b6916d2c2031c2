import { expect, it } from 'vitest'
import { separators } from './numbers'

it('writes numbers in inputs as the tables of the same language do', () => {
  expect(separators('en')).toEqual({ thousandSeparator: ',', decimalSeparator: '.', allowedDecimalSeparators: ['.'] })
  const russian = separators('ru')
  expect([russian.decimalSeparator, russian.allowedDecimalSeparators]).toEqual([',', ['.', ',']])
  expect((12_345).toLocaleString('ru')).toBe(`12${russian.thousandSeparator}345`)
})
