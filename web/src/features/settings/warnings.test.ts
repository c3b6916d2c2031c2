import { describe, expect, it } from 'vitest'
import type { SystemInfo } from '@/api'
import { LATE_MS, QUEUE_MS, refusedBefore, warningsOf } from './warnings'

const node = (change: object = {}) => ({ id: 'n1', me: true, url: 'http://a', version: '1', startedAt: '', draining: false, silentMs: 0, partitions: 64, ...change })

function system({ load = {}, cluster = {}, circuits = [] as object[] } = {}): SystemInfo {
  return {
    cluster: { shared: true, partitions: 64, unserved: 0, unservedNumbers: [], takeoverMs: 10_000, serving: true, nodes: [node()], ...cluster },
    load: { queued: 0, perSecond: 0, refused: 0, timerDueMs: 0, outboxDueMs: 0, inboxDueMs: 0, ...load },
    circuits,
  } as unknown as SystemInfo
}

describe('what an administrator is told', () => {
  it('is nothing while all is well', () => {
    expect(warningsOf(system(), 0)).toEqual([])
    expect(warningsOf(system({ load: { queued: 500, perSecond: 1000, refused: 7, timerDueMs: LATE_MS - 1, inboxDueMs: null } }), 7)).toEqual([])
    expect(warningsOf(system({ load: { refused: 7 } }), undefined)).toEqual([])
  })

  it('names nodes that are gone and partitions that nobody serves', () => {
    const cluster = { serving: false, unserved: 3, unservedNumbers: [1, 5, 6], nodes: [node(), node({ id: 'n2', me: false, url: '', silentMs: 6000 })] }
    expect(warningsOf(system({ cluster }), 0)).toEqual([{ kind: 'notServing' }, { kind: 'unserved', numbers: [1, 5, 6] }, { kind: 'silent', node: 'n2', silentMs: 6000 }])
  })

  it('tells of overload by what was refused since, and by how long the queue takes', () => {
    expect(warningsOf(system({ load: { queued: 6000, perSecond: 1000, refused: 10 } }), 7)).toEqual([
      { kind: 'refusing', count: 3 },
      { kind: 'queueLong', queued: 6000, ms: 6000 },
    ])
    expect(warningsOf(system({ load: { queued: QUEUE_MS - 1, perSecond: 1000 } }), 0)).toEqual([])
  })

  it('compares refusals of one node since its one start only', () => {
    const base = { refused: 7, startedAt: 'a' }
    expect([refusedBefore(base, 'a'), refusedBefore(base, 'b')]).toEqual([7, undefined])
    expect(warningsOf(system({ load: { refused: 10 } }), refusedBefore(base, 'b'))).toEqual([])
  })

  it('tells what is late, and of targets that do not answer', () => {
    const late = system({ load: { timerDueMs: LATE_MS, outboxDueMs: 20_000, inboxDueMs: 30_000 }, circuits: [{ state: 'open' }, { state: 'closed' }, { state: 'halfOpen' }] })
    expect(warningsOf(late, 0)).toEqual([
      { kind: 'late', what: 'timers', ms: LATE_MS },
      { kind: 'late', what: 'calls', ms: 20_000 },
      { kind: 'late', what: 'messages', ms: 30_000 },
      { kind: 'circuitsOpen', count: 2 },
    ])
  })
})
