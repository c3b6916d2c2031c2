/** What is going on now, told by the history: open runs, what each waits for, the turns of repeated activities. */
import type { HistoryEntry, JsonObject } from '@/api'
import { isObject } from '@/util/json'
import { awaitedOf } from './history'

export type WaitKind = 'message' | 'signal' | 'condition' | 'timer' | 'task' | 'job' | 'child' | 'mutex' | 'listener'

export interface Wait {
  kind: WaitKind
  /** Name of the message or signal, type of the job, id of the called instance. */
  what: string
  key: string
  /** The task that waits. */
  task: string
  /** When a timer is due. */
  due: string
  /** The element that waits: a boundary event stands for its own. */
  elementId: string
}

export interface Run {
  key: number
  elementId: string
  name: string
  scope: number
  since: string
  waits: Wait[]
}

export interface Turns {
  /** Planned; 0 when not known beforehand. */
  total: number
  started: number
  ended: number
  /** Keys of turns that go on. */
  open: number[]
}

export interface Live {
  runs: Map<number, Run>
  /** By the key of the repeated activity's own run. */
  turns: Map<number, Turns>
}

const number = (value: unknown): number => (typeof value === 'number' ? value : Number(value ?? -1))
const string = (value: unknown): string => (typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '')

/** A wait stands under what ends it, so that it goes when that comes. */
type Waits = Map<string, { run: number; wait: Wait }>

export function liveOf(entries: HistoryEntry[]): Live {
  const runs = new Map<number, Run>()
  const turns = new Map<number, Turns>()
  const waits: Waits = new Map()
  for (const entry of entries) {
    follow(entry, runs, turns, waits)
    if (!('key' in entry.event)) ended(entry.type, runs, waits)
  }
  for (const { run, wait } of waits.values()) runs.get(run)?.waits.push(wait)
  return { runs, turns }
}

function ended(type: string, runs: Map<number, Run>, waits: Waits): void {
  if (type !== 'instanceCompleted' && type !== 'instanceFailed' && type !== 'instanceCanceled') return
  runs.clear()
  waits.clear()
}

function follow(entry: HistoryEntry, runs: Map<number, Run>, turns: Map<number, Turns>, waits: Waits): void {
  const { event, type } = entry
  const key = number(event.key)
  switch (type) {
    case 'elementActivated':
      runs.set(key, { key, elementId: elementOf(entry), name: entry.elementName ?? '', scope: number(event.scope), since: entry.at, waits: [] })
      return
    case 'elementCompleted':
    case 'elementTerminated':
      runs.delete(key)
      for (const [id, waiting] of waits) if (waiting.run === key) waits.delete(id)
      for (const turn of turns.values()) turn.open = turn.open.filter((open) => open !== key)
      return
    case 'turnsPlanned':
      turns.set(key, { total: number(event.total ?? 0), started: 0, ended: 0, open: [] })
      return
    case 'turnStarted': {
      const body = turns.get(key) ?? { total: 0, started: 0, ended: 0, open: [] }
      turns.set(key, { ...body, started: body.started + 1, open: [...body.open, number(event.turn)] })
      return
    }
    case 'turnEnded': {
      const body = turns.get(key)
      if (body) turns.set(key, { ...body, ended: body.ended + 1, open: body.open.filter((turn) => turn !== number(event.turn)) })
      return
    }
    case 'turnAdded': {
      const body = turns.get(key)
      if (body && body.total > 0) body.total += 1
      return
    }
    default:
      followWaits(entry, key, waits)
  }
}

const elementOf = (entry: HistoryEntry): string => entry.elementId ?? string(entry.event.element)

function followWaits(entry: HistoryEntry, run: number, waits: Waits): void {
  const { event } = entry
  const begin = (id: string, kind: WaitKind, more: Partial<Wait> = {}) =>
    waits.set(id, { run, wait: { kind, what: '', key: '', task: '', due: '', elementId: elementOf(entry), ...more } })
  switch (entry.type) {
    case 'subscriptionOpened': {
      const awaited = awaitedOf(event)
      if (awaited) begin(`subscription ${string(event.subscription)}`, awaited.kind, { what: awaited.name, key: awaited.key })
      return
    }
    case 'subscriptionClosed': waits.delete(`subscription ${string(event.subscription)}`); return
    case 'conditionArmed': begin(`condition ${run} ${elementOf(entry)}`, 'condition'); return
    case 'conditionDisarmed': waits.delete(`condition ${run} ${elementOf(entry)}`); return
    case 'timerArmed': begin(`timer ${string(event.timer)}`, 'timer', { due: string(event.due) }); return
    case 'timerFired':
    case 'timerCanceled': waits.delete(`timer ${string(event.timer)}`); return
    case 'jobCreated': begin(`job ${string(event.job)}`, 'job', { what: string(event.type) }); return
    case 'jobCompleted':
    case 'jobCanceled': waits.delete(`job ${string(event.job)}`); return
    case 'userTaskCreated': begin(`task ${string(event.task)}`, 'task', { what: string(event.title), task: string(event.task) }); return
    case 'userTaskCompleted':
    case 'userTaskCanceled': waits.delete(`task ${string(event.task)}`); return
    case 'childStarted': if (event.wait !== false) begin(`child ${string(event.child)}`, 'child', { what: childOf(event) }); return
    case 'childFinished':
    case 'childCanceled': waits.delete(`child ${string(event.child)}`); return
    case 'mutexRequested': begin(`mutex ${run}`, 'mutex', { what: string(event.name) }); return
    case 'mutexGranted':
    case 'mutexReleased': waits.delete(`mutex ${run}`); return
    case 'stageWaits': begin(`stage ${run}`, 'listener'); return
    case 'stagePassed': waits.delete(`stage ${run}`); return
    default:
  }
}

function childOf(event: JsonObject): string {
  const process = event.process
  return isObject(process) ? JSON.stringify(process) : string(process) || string(event.child)
}

/** Runs that stand somewhere: not those that only hold others. */
export function standing(live: Live): Run[] {
  const holders = new Set([...live.runs.values()].map((run) => run.scope))
  return [...live.runs.values()].filter((run) => run.key !== 0 && (!holders.has(run.key) || live.turns.has(run.key)))
}
