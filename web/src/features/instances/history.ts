/** Events as sentences. Which words an event needs is decided here; the words are in the translations. */
import type { HistoryEntry, InstanceDetail, Json, JsonObject, User } from '@/api'
import type { Tone } from '@/ui/StateBadge'
import { isObject } from '@/util/json'

/** Keys of `instance.history.e`. */
export type SentenceKey =
  | 'instanceCreated' | 'instanceCreatedBy' | 'instanceCompleted' | 'instanceFailed' | 'instanceCanceled' | 'instanceCanceledWhy' | 'stateTitleSet'
  | 'elementActivated' | 'elementCompleted' | 'elementTerminated' | 'flowTaken' | 'flowWaits' | 'joinPassed'
  | 'variablesSet' | 'jobCreated' | 'jobCompleted' | 'jobFailed' | 'jobRetried' | 'jobCanceled'
  | 'userTaskCreated' | 'userTaskAnswered' | 'userTaskCompleted' | 'userTaskCanceled' | 'userTaskReassigned'
  | 'timerArmed' | 'timerFired' | 'timerCanceled'
  | 'incidentRaised' | 'incidentResolved' | 'incidentRetried' | 'errorRaised' | 'errorCaught' | 'logged'
  | 'awaitsMessage' | 'awaitsMessageKey' | 'awaitsSignal' | 'subscriptionClosed' | 'messageThrown' | 'messageThrownKey' | 'signalThrown'
  | 'childStarted' | 'childCanceled' | 'childCompleted' | 'childFailed' | 'childEnded' | 'childNotStarted' | 'childCompensated'
  | 'escalationRaised' | 'escalationCaught'
  | 'turnsPlanned' | 'turnsPlannedOpen' | 'turnStarted' | 'turnEnded' | 'turnAdded'
  | 'compensationRecorded' | 'compensationThrown' | 'compensationStarted' | 'compensationDone' | 'compensationEnded' | 'childCompensationRequested'
  | 'compensationRequested' | 'adHocQueued' | 'adHocTaken' | 'adHocOutput' | 'adHocClosing'
  | 'stageWaits' | 'stagePassed' | 'changeHeld' | 'runMoved' | 'mutexRequested' | 'mutexGranted' | 'mutexReleased'
  | 'instanceSuspended' | 'instanceSuspendedWhy' | 'instanceResumed' | 'tokensTaken' | 'userTaskReopened' | 'userTaskCorrected' | 'instanceMigrated'
  | 'triggered' | 'triggerCollected' | 'conditionArmed' | 'conditionChecked' | 'conditionDisarmed' | 'conversationKeySet' | 'triggersMet' | 'startHeld'
  | 'tokensDropped' | 'resultsThrown' | 'complexPassed' | 'treeEnded'

export interface Sentence {
  key: SentenceKey
  words: Record<string, string>
  tone: Tone
}

const TONES: Partial<Record<SentenceKey, Tone>> = {
  instanceCreated: 'running', instanceCreatedBy: 'running', instanceCompleted: 'done', instanceFailed: 'broken',
  elementCompleted: 'done', elementActivated: 'running', jobFailed: 'broken', jobCompleted: 'done',
  userTaskCreated: 'waiting', userTaskCompleted: 'done', userTaskAnswered: 'done', timerArmed: 'waiting',
  incidentRaised: 'broken', incidentResolved: 'done', incidentRetried: 'done', errorRaised: 'broken', errorCaught: 'waiting',
  awaitsMessage: 'waiting', awaitsMessageKey: 'waiting', awaitsSignal: 'waiting', conditionArmed: 'waiting', mutexRequested: 'waiting',
  triggered: 'done', childStarted: 'running', childCompleted: 'done', childFailed: 'broken', childNotStarted: 'broken',
  escalationRaised: 'waiting', escalationCaught: 'waiting', compensationStarted: 'running', compensationDone: 'done',
  instanceSuspended: 'suspended', instanceSuspendedWhy: 'suspended', instanceResumed: 'running',
}
const MINOR = new Set<string>([
  'flowTaken', 'joinPassed', 'timerCanceled', 'jobCanceled', 'subscriptionClosed', 'turnStarted', 'turnEnded', 'compensationRecorded', 'compensationEnded',
  'adHocTaken', 'adHocOutput', 'stageWaits', 'stagePassed', 'mutexReleased', 'conditionChecked', 'conditionDisarmed', 'conversationKeySet',
  'tokensTaken', 'tokensDropped', 'resultsThrown', 'triggerCollected', 'startHeld',
])

/** Names that ids in events stand for. */
export interface Lookup {
  element: (id: string) => string | null
  person: (id: string) => string
  outcome: (outcome: string) => string
  when: (iso: string) => string
  nobody: string
}

export function sentenceOf(entry: HistoryEntry, lookup: Lookup): Sentence | null {
  const event = entry.event
  const key = keyOf(entry.type, event)
  if (!key) return null
  return { key, words: wordsOf(entry, event, lookup), tone: TONES[key] ?? 'idle' }
}

function keyOf(type: string, event: JsonObject): SentenceKey | null {
  switch (type) {
    case 'instanceCreated': return event.startedBy ? 'instanceCreatedBy' : 'instanceCreated'
    case 'instanceCanceled': return event.reason ? 'instanceCanceledWhy' : 'instanceCanceled'
    case 'flowTaken': return event.waits ? 'flowWaits' : 'flowTaken'
    case 'incidentResolved': return event.retried ? 'incidentRetried' : 'incidentResolved'
    case 'subscriptionOpened': return awaitedKey(awaitedOf(event))
    case 'messageThrown': return event.correlationKey ? 'messageThrownKey' : 'messageThrown'
    case 'childFinished': return outcomeKey(event.outcome)
    case 'escalationRaised': return event.caught ? 'escalationCaught' : 'escalationRaised'
    case 'turnsPlanned': return event.total ? 'turnsPlanned' : 'turnsPlannedOpen'
    case 'instanceSuspended': return event.reason ? 'instanceSuspendedWhy' : 'instanceSuspended'
    default: return KNOWN.has(type) ? (type as SentenceKey) : null
  }
}

export interface Awaited {
  kind: 'message' | 'signal'
  name: string
  key: string
}

/** What a subscription waits for. */
export function awaitedOf(event: JsonObject): Awaited | null {
  const awaited = event.awaited
  if (!isObject(awaited)) return null
  const [kind, particulars] = isObject(awaited.message) ? ['message' as const, awaited.message] : isObject(awaited.signal) ? ['signal' as const, awaited.signal] : [null, null]
  return kind ? { kind, name: text(particulars.name), key: text(particulars.key) } : null
}

function awaitedKey(awaited: Awaited | null): SentenceKey | null {
  if (!awaited) return null
  if (awaited.kind === 'signal') return 'awaitsSignal'
  return awaited.key ? 'awaitsMessageKey' : 'awaitsMessage'
}

function outcomeKey(outcome: Json | undefined): SentenceKey {
  if (outcome === 'compensated') return 'childCompensated'
  if (!isObject(outcome)) return 'childEnded'
  if ('completed' in outcome) return 'childCompleted'
  if ('failed' in outcome) return 'childFailed'
  return 'notStarted' in outcome ? 'childNotStarted' : 'childEnded'
}

const KNOWN = new Set<string>([
  'instanceCompleted', 'instanceFailed', 'stateTitleSet', 'elementActivated', 'elementCompleted', 'elementTerminated', 'joinPassed', 'variablesSet',
  'jobCreated', 'jobCompleted', 'jobFailed', 'jobRetried', 'jobCanceled', 'userTaskCreated', 'userTaskAnswered', 'userTaskCompleted',
  'userTaskCanceled', 'userTaskReassigned', 'timerArmed', 'timerFired', 'timerCanceled', 'incidentRaised', 'errorRaised', 'errorCaught', 'logged',
  'subscriptionClosed', 'signalThrown', 'childStarted', 'childCanceled', 'turnStarted', 'turnEnded', 'turnAdded',
  'compensationRecorded', 'compensationThrown', 'compensationStarted', 'compensationDone', 'compensationEnded', 'childCompensationRequested', 'compensationRequested',
  'adHocQueued', 'adHocTaken', 'adHocOutput', 'adHocClosing', 'stageWaits', 'stagePassed', 'changeHeld', 'runMoved', 'mutexRequested', 'mutexGranted', 'mutexReleased',
  'instanceResumed', 'tokensTaken', 'userTaskReopened', 'userTaskCorrected', 'instanceMigrated', 'triggered', 'triggerCollected',
  'conditionArmed', 'conditionChecked', 'conditionDisarmed', 'conversationKeySet', 'triggersMet', 'startHeld', 'tokensDropped', 'resultsThrown', 'complexPassed', 'treeEnded',
])

const text = (value: Json | undefined): string => (value === undefined || value === null ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value))
const list = (value: Json | undefined): string[] => (Array.isArray(value) ? value.map(String) : [])

function wordsOf(entry: HistoryEntry, event: JsonObject, lookup: Lookup): Record<string, string> {
  const id = entry.elementId ?? text(event.element)
  const who = text(event.user) || text(event.by) || text(event.startedBy)
  const awaited = awaitedOf(event)
  const failed = isObject(event.outcome) ? (event.outcome.failed ?? event.outcome.notStarted) : undefined
  const trouble = isObject(failed) ? failed : event
  const people = [...list(event.assignees), ...list(event.candidateUsers), ...list(event.candidateGroups)].map(lookup.person)
  return {
    name: entry.elementName || (id && (lookup.element(id) ?? id)) || text(event.title) || text(event.task) || '…',
    who: who ? lookup.person(who) : '',
    people: people.length > 0 ? people.join(', ') : lookup.nobody,
    names: Object.keys((event.values as JsonObject | undefined) ?? {}).join(', '),
    outcome: isObject(event.outcome) ? '' : lookup.outcome(text(event.outcome)),
    when: event.due ? lookup.when(text(event.due)) : '',
    type: text(event.type),
    code: text(trouble.code),
    message: text(trouble.message),
    what: awaited?.name || text(event.name) || text(event.process),
    key: awaited?.key || text(event.correlationKey),
    total: text(event.total),
    reason: text(event.reason),
    text: text(event.text),
  }
}

/** Look-ups from what the page already has. */
export function lookupFrom(instance: InstanceDetail, users: User[], rest: Pick<Lookup, 'outcome' | 'when' | 'nobody'>): Lookup {
  const names = new Map(instance.elements.map((element) => [element.elementId, element.name ?? null]))
  const byId = new Map(users.flatMap((user) => [[user.id, user.fullName], [user.login, user.fullName], [user.id.replace(/^user_/, ''), user.fullName]]))
  return {
    element: (id) => names.get(id) ?? null,
    person: (id) => byId.get(id) ?? id,
    ...rest,
  }
}

/** Events of jobs, tasks and timers name only the run of an element; the run's first event tells which element it was. */
export function withElements(entries: HistoryEntry[]): HistoryEntry[] {
  const byKey = new Map<Json, Pick<HistoryEntry, 'elementId' | 'elementName'>>()
  return entries.map((entry) => {
    const key = entry.event.key
    if (key === undefined || key === null) return entry
    if (entry.elementId) {
      if (!byKey.has(key)) byKey.set(key, { elementId: entry.elementId, elementName: entry.elementName })
      return entry
    }
    return { ...entry, ...byKey.get(key) }
  })
}

const SAME_MOMENT_MS = 1000

/** What a reader may skip: how the token went, the start of what ended at once, and people found for a task. */
export function isMinor(entry: HistoryEntry, entries: HistoryEntry[]): boolean {
  if (MINOR.has(entry.type)) return true
  if (entry.type === 'userTaskReassigned') return !entry.event.by
  if (entry.type !== 'elementActivated') return false
  const end = entries.find((other) => other.type === 'elementCompleted' && other.event.key === entry.event.key)
  return end !== undefined && Date.parse(end.at) - Date.parse(entry.at) < SAME_MOMENT_MS
}

const SHOWN = new Set([
  'values', 'result', 'input', 'parameters', 'comment', 'code', 'message', 'details', 'retries', 'retryAt', 'interval', 'flow',
  'variables', 'items', 'item', 'output', 'reason', 'outcome', 'businessKey', 'ttlMs', 'messageId', 'failures',
])

/** What the details of an event add to its sentence. */
export function detailsOf(entry: HistoryEntry): JsonObject | null {
  const kept = Object.entries(entry.event).filter(([key, value]) => SHOWN.has(key) && value !== null && value !== '' && !isEmptyObject(value))
  return kept.length > 0 ? Object.fromEntries(kept) : null
}

function isEmptyObject(value: Json | undefined): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0
}
