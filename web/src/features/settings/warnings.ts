/** What an administrator has to look at, as facts; the page makes sentences of them. */
import type { SystemInfo } from '@/api'
import { isSilent } from './NodesPanel'

export type Warning =
  | { kind: 'notServing' }
  | { kind: 'unserved'; numbers: number[] }
  | { kind: 'silent'; node: string; silentMs: number }
  | { kind: 'circuitsOpen'; count: number }
  | { kind: 'refusing'; count: number }
  | { kind: 'queueLong'; queued: number; ms: number }
  | { kind: 'late'; what: 'timers' | 'calls' | 'messages'; ms: number }

/** What is due longer is late. */
export const LATE_MS = 10_000
/** A queue that takes longer to be done is long. */
export const QUEUE_MS = 3_000

/** Each node counts its own since it began: another's count, or one from before a restart, tells nothing. */
export function refusedBefore(base: { refused: number; startedAt: string }, startedAt: string): number | undefined {
  return base.startedAt === startedAt ? base.refused : undefined
}

/** `before`: refusals a moment ago, when the page looked last. */
export function warningsOf(system: SystemInfo, before: number | undefined): Warning[] {
  const { cluster, circuits, load } = system
  const warnings: Warning[] = []
  if (!cluster.serving) warnings.push({ kind: 'notServing' })
  if (cluster.unservedNumbers.length > 0) warnings.push({ kind: 'unserved', numbers: cluster.unservedNumbers })
  for (const node of cluster.nodes) {
    if (isSilent(node, cluster.takeoverMs)) warnings.push({ kind: 'silent', node: node.url || node.id, silentMs: node.silentMs })
  }
  const refused = before === undefined ? 0 : load.refused - before
  const queueMs = load.perSecond > 0 ? (load.queued / load.perSecond) * 1000 : 0
  if (refused > 0) warnings.push({ kind: 'refusing', count: refused })
  if (queueMs >= QUEUE_MS) warnings.push({ kind: 'queueLong', queued: load.queued, ms: Math.round(queueMs / 1000) * 1000 })
  for (const [what, ms] of [['timers', load.timerDueMs], ['calls', load.outboxDueMs], ['messages', load.inboxDueMs ?? 0]] as const) {
    if (ms >= LATE_MS) warnings.push({ kind: 'late', what, ms })
  }
  const open = circuits.filter((circuit) => circuit.state !== 'closed').length
  if (open > 0) warnings.push({ kind: 'circuitsOpen', count: open })
  return warnings
}
