import { expect, it } from 'vitest'
import type { HistoryEntry, JsonObject } from '@/api'
import { detailsOf, isMinor, sentenceOf, withElements, type Lookup } from './history'

const lookup: Lookup = {
  element: (id) => (id === 'approve' ? 'Approve' : null),
  person: (id) => (id === 'user_5' ? 'Anna Orlova' : id),
  outcome: (outcome) => outcome.toUpperCase(),
  when: (iso) => iso.slice(0, 10),
  nobody: 'nobody',
}
const entry = (type: string, event: JsonObject, more: Partial<HistoryEntry> = {}): HistoryEntry => ({ seq: 1, at: '2026-01-01T00:00:00Z', type, event, ...more })

it.each([
  ['instanceCreated', { startedBy: 'user_5' }, 'instanceCreatedBy', { who: 'Anna Orlova' }],
  ['instanceCreated', {}, 'instanceCreated', { who: '' }],
  ['elementActivated', { element: 'approve' }, 'elementActivated', { name: 'Approve' }],
  ['userTaskCreated', { element: 'approve', assignees: ['user_5'] }, 'userTaskCreated', { people: 'Anna Orlova' }],
  ['userTaskCompleted', { task: 'task_1', outcome: 'yes' }, 'userTaskCompleted', { outcome: 'YES', name: 'task_1' }],
  ['variablesSet', { values: { a: 1, b: 2 } }, 'variablesSet', { names: 'a, b' }],
  ['flowTaken', { flow: 'f1', waits: true }, 'flowWaits', {}],
  ['incidentResolved', { retried: true }, 'incidentRetried', {}],
  ['timerArmed', { element: 'wait', due: '2026-02-03T00:00:00Z' }, 'timerArmed', { name: 'wait', when: '2026-02-03' }],
] as [string, JsonObject, string, Record<string, string>][])('%s', (type, event, key, words) => {
  const sentence = sentenceOf(entry(type, event), lookup)
  expect(sentence?.key).toBe(key)
  expect(sentence?.words).toMatchObject(words)
})

it('leaves an event it does not know to the caller', () => {
  expect(sentenceOf(entry('somethingNew', {}), lookup)).toBeNull()
})

it('shows as details only what a person can use', () => {
  expect(detailsOf(entry('jobCompleted', { job: 'job_1', key: 3, result: { sum: 4 } }))).toEqual({ result: { sum: 4 } })
  expect(detailsOf(entry('elementActivated', { key: 3, scope: 0 }))).toBeNull()
})

it('finds the element of an event by the run that it names', () => {
  const entries = withElements([
    entry('elementActivated', { key: 3 }, { elementId: 'md5', elementName: 'Sum' }),
    entry('jobCompleted', { key: 3, job: 'job_1' }),
    entry('jobCompleted', { key: 9, job: 'job_2' }),
  ])
  expect(entries.map((e) => e.elementName)).toEqual(['Sum', 'Sum', undefined])
})

it('lets the start of an element be skipped when its end came at once', () => {
  const start = entry('elementActivated', { key: 1 })
  const end = (at: string) => entry('elementCompleted', { key: 1 }, { at })
  expect(isMinor(start, [start, end('2026-01-01T00:00:00.200Z')])).toBe(true)
  expect(isMinor(start, [start, end('2026-01-01T00:05:00Z')])).toBe(false)
  expect(isMinor(start, [start])).toBe(false)
})
