import { expect, it } from 'vitest'
import { numberList, numberOf, separators, shownNumber } from './numbers'

it('writes numbers in inputs as the tables of the same language do', () => {
  expect(separators('en')).toEqual({ thousandSeparator: ',', decimalSeparator: '.', allowedDecimalSeparators: ['.'] })
  const russian = separators('ru')
  expect([russian.decimalSeparator, russian.allowedDecimalSeparators]).toEqual([',', ['.', ',']])
  expect((12_345).toLocaleString('ru')).toBe(`12${russian.thousandSeparator}345`)
})

it('reads what is typed; blank and a lone minus are no number', () => {
  expect(['', ' ', '-', 'x', '-1', '10.', '1.50', 0].map(numberOf)).toEqual([null, null, null, null, -1, 10, 1.5, 0])
})

it('keeps what is typed while it means the value', () => {
  expect([shownNumber('10.', 10), shownNumber('1.0', 1), shownNumber('-', null), shownNumber('-0', -0), shownNumber('', null)]).toEqual(['10.', '1.0', '-', '-0', ''])
  // The value came from elsewhere.
  expect([shownNumber('', 5), shownNumber('10.', 11), shownNumber('7', null)]).toEqual([5, 11, ''])
})

it('takes many numbers with the decimal separator of the language', () => {
  const [ru, en] = [numberList('ru'), numberList('en')]
  expect([ru.splitChars, ru.write(1.5), ru.read('1,5'), ru.read('1.5'), ru.read('x')]).toEqual([[';'], '1,5', 1.5, 1.5, null])
  expect([en.splitChars, en.write(1.5), en.read('1.5')]).toEqual([[',', ';'], '1.5', 1.5])
})
