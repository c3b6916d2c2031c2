import { expect, it } from 'vitest'
import type { HistoryEntry, JsonObject } from '@/api'
import { liveOf, standing } from './live'

let seq = 0
const entry = (type: string, event: JsonObject): HistoryEntry => ({ seq: ++seq, at: '2026-01-01T00:00:00Z', type, event, elementId: typeof event.element === 'string' ? event.element : undefined })

it('knows what each open run waits for, until that comes', () => {
  const entries = [
    entry('elementActivated', { key: 1, element: 'wait', scope: 0 }),
    entry('subscriptionOpened', { key: 1, element: 'wait', subscription: 7, awaited: { message: { name: 'paid', key: 'order-7' } } }),
    entry('timerArmed', { key: 1, element: 'late', timer: 3, due: '2026-02-01T00:00:00Z' }),
  ]
  expect(liveOf(entries).runs.get(1)?.waits).toMatchObject([{ kind: 'message', what: 'paid', key: 'order-7' }, { kind: 'timer', due: '2026-02-01T00:00:00Z', elementId: 'late' }])
  const later = liveOf([...entries, entry('subscriptionClosed', { key: 1, subscription: 7 })])
  expect(later.runs.get(1)?.waits.map((wait) => wait.kind)).toEqual(['timer'])
  expect(liveOf([...entries, entry('elementCompleted', { key: 1, element: 'wait' })]).runs.size).toBe(0)
})

it('tells tasks of one element apart', () => {
  const live = liveOf([
    entry('elementActivated', { key: 1, element: 'approve', scope: 0 }),
    entry('userTaskCreated', { key: 1, element: 'approve', task: 'task_1', title: 'Approve' }),
    entry('elementActivated', { key: 2, element: 'approve', scope: 0 }),
    entry('userTaskCreated', { key: 2, element: 'approve', task: 'task_2', title: 'Approve' }),
  ])
  expect([1, 2].map((key) => live.runs.get(key)?.waits.map((wait) => wait.task))).toEqual([['task_1'], ['task_2']])
})

it('counts turns', () => {
  const live = liveOf([
    entry('elementActivated', { key: 1, element: 'each', scope: 0 }),
    entry('turnsPlanned', { key: 1, total: 3 }),
    entry('elementActivated', { key: 2, element: 'each', scope: 1 }),
    entry('turnStarted', { key: 1, turn: 2, index: 0 }),
    entry('elementActivated', { key: 3, element: 'each', scope: 1 }),
    entry('turnStarted', { key: 1, turn: 3, index: 1 }),
    entry('elementCompleted', { key: 2, element: 'each' }),
    entry('turnEnded', { key: 1, turn: 2, output: null }),
    entry('turnAdded', { key: 1, item: 4 }),
  ])
  expect(live.turns.get(1)).toEqual({ total: 4, started: 2, ended: 1, open: [3] })
  expect(standing(live).map((run) => run.key)).toEqual([1, 3])
})

it('has nothing open after the end', () => {
  expect(liveOf([entry('elementActivated', { key: 1, element: 'a', scope: 0 }), entry('instanceCanceled', { reason: '' })]).runs.size).toBe(0)
})
