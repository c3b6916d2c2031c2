import { expect, it } from 'vitest'
import { outcomeButtons } from './outcomes'

it('offers approve and decline, and lets a person decline without the form', () => {
  expect(outcomeButtons('approve', ['yes', 'no'])).toEqual([
    { outcome: 'yes', label: { key: 'yes' }, weight: 'primary', needsForm: true },
    { outcome: 'no', label: { key: 'no' }, weight: 'danger', needsForm: false },
  ])
})

it.each([
  ['form', 'ok'],
  ['review', 'review'],
  ['formOrRefuse', 'submit'],
] as const)('names the one answer of %s', (kind, key) => {
  expect(outcomeButtons(kind, ['ok'])[0]?.label).toEqual({ key })
})

it('takes the words that the process gives', () => {
  expect(outcomeButtons('approve', ['yes', 'no'], { TaskButton1Message: 'Да, берём' }).map((b) => b.label)).toEqual([
    { text: 'Да, берём' },
    { key: 'no' },
  ])
})
