import { expect, it } from 'vitest'
import { marksOf } from './elements'

const element = (elementId: string, state: 'active' | 'completed', count = 1) => ({ key: 1, elementId, kind: 'userTask', startedAt: '', state, count })

it('shows the state of the latest run and how many runs there were', () => {
  const marks = marksOf([element('a', 'active', 3), element('b', 'completed')])
  expect(marks.get('a')).toEqual({ state: 'active', runs: 3 })
  expect(marks.get('b')).toEqual({ state: 'completed', runs: 1 })
})

it('marks an element with an open incident even when its own state is active', () => {
  const marks = marksOf([element('a', 'active', 2)], ['a', 'c'])
  expect(marks.get('a')).toEqual({ state: 'incident', runs: 2 })
  expect(marks.get('c')).toEqual({ state: 'incident', runs: 1 })
})
