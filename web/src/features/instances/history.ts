/** Events as sentences. Which words an event needs is decided here; the words are in the translations. */
import type { HistoryEntry, InstanceDetail, Json, JsonObject, User } from '@/api'
import type { Tone } from '@/ui/StateBadge'

/** Keys of `instance.history.e`. */
export type SentenceKey =
  | 'instanceCreated' | 'instanceCreatedBy' | 'instanceCompleted' | 'instanceFailed' | 'instanceCanceled' | 'instanceCanceledWhy' | 'stateTitleSet'
  | 'elementActivated' | 'elementCompleted' | 'elementTerminated' | 'flowTaken' | 'flowWaits' | 'joinPassed'
  | 'variablesSet' | 'jobCreated' | 'jobCompleted' | 'jobFailed' | 'jobRetried' | 'jobCanceled'
  | 'userTaskCreated' | 'userTaskAnswered' | 'userTaskCompleted' | 'userTaskCanceled' | 'userTaskReassigned'
  | 'timerArmed' | 'timerFired' | 'timerCanceled'
  | 'incidentRaised' | 'incidentResolved' | 'incidentRetried' | 'errorRaised' | 'errorCaught' | 'logged'

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
}
const MINOR = new Set<string>(['flowTaken', 'joinPassed', 'timerCanceled', 'jobCanceled'])

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
    default: return KNOWN.has(type) ? (type as SentenceKey) : null
  }
}

const KNOWN = new Set<string>([
  'instanceCompleted', 'instanceFailed', 'stateTitleSet', 'elementActivated', 'elementCompleted', 'elementTerminated', 'joinPassed', 'variablesSet',
  'jobCreated', 'jobCompleted', 'jobFailed', 'jobRetried', 'jobCanceled', 'userTaskCreated', 'userTaskAnswered', 'userTaskCompleted',
  'userTaskCanceled', 'userTaskReassigned', 'timerArmed', 'timerFired', 'timerCanceled', 'incidentRaised', 'errorRaised', 'errorCaught', 'logged',
])

const text = (value: Json | undefined): string => (value === undefined || value === null ? '' : String(value))
const list = (value: Json | undefined): string[] => (Array.isArray(value) ? value.map(String) : [])

function wordsOf(entry: HistoryEntry, event: JsonObject, lookup: Lookup): Record<string, string> {
  const id = entry.elementId ?? text(event.element)
  const who = text(event.user) || text(event.by) || text(event.startedBy)
  const people = [...list(event.assignees), ...list(event.candidateUsers), ...list(event.candidateGroups)].map(lookup.person)
  return {
    name: entry.elementName || (id && (lookup.element(id) ?? id)) || text(event.title) || text(event.task) || '…',
    who: who ? lookup.person(who) : '',
    people: people.length > 0 ? people.join(', ') : lookup.nobody,
    names: Object.keys((event.values as JsonObject | undefined) ?? {}).join(', '),
    outcome: lookup.outcome(text(event.outcome)),
    when: event.due ? lookup.when(text(event.due)) : '',
    type: text(event.type),
    code: text(event.code),
    message: text(event.message),
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

const SHOWN = new Set(['values', 'result', 'input', 'parameters', 'comment', 'code', 'message', 'details', 'retries', 'retryAt', 'interval', 'flow'])

/** What the details of an event add to its sentence. */
export function detailsOf(entry: HistoryEntry): JsonObject | null {
  const kept = Object.entries(entry.event).filter(([key, value]) => SHOWN.has(key) && value !== null && value !== '' && !isEmptyObject(value))
  return kept.length > 0 ? Object.fromEntries(kept) : null
}

function isEmptyObject(value: Json | undefined): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0
}
