import { expect, it } from 'vitest'
import type { Field } from '@/api'
import { changedValues, conflictsOf, missingFields } from './values'

const field = (key: string, more: Partial<Field> = {}): Field => ({ key, name: key, type: 'text', ...more })

it('asks for required fields only, and never for a yes/no', () => {
  expect(missingFields([field('A', { required: true }), field('B'), field('C', { required: true, type: 'boolean' })], { A: '' })).toEqual(['A'])
})

it('sends only what changed; blank and absent are the same', () => {
  expect(changedValues({ A: 'x', B: null }, { A: 'y', B: '', C: [1] })).toEqual({ A: 'y', C: [1] })
})

it('is a conflict only when both sides changed the same field differently', () => {
  const fields = [field('A'), field('B'), field('C'), field('D')]
  const base = { A: 1, B: 1, C: 1, D: 1 }
  const conflicts = conflictsOf(fields, base, { A: 2, B: 2, C: 1, D: 2 }, { A: 3, B: 1, C: 3, D: 2 })
  expect(conflicts.map((c) => [c.field.key, c.mine, c.theirs])).toEqual([['A', 2, 3]])
})
