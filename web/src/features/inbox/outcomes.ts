/** Which buttons a task shows: label, weight and whether the form must be valid first. */
import type { JsonObject, TaskKind } from '@/api'

export type OutcomeLabel = 'ok' | 'yes' | 'no' | 'cancel' | 'review' | 'submit'

export interface OutcomeButton {
  outcome: string
  /** A word of our own, or a text given by the process. */
  label: { key: OutcomeLabel } | { text: string }
  weight: 'primary' | 'danger' | 'secondary'
  /** Refusing needs no filled-in form. */
  needsForm: boolean
}

const REFUSALS = new Set(['no', 'cancel'])

/** Labels that a process gives its buttons, under the names that the faces use. */
const SETTING: Record<string, string[]> = {
  yes: ['yesLabel', 'TaskButton1Message', 'labelYes'],
  no: ['noLabel', 'TaskButton2Message', 'labelNo'],
  ok: ['okLabel', 'TaskButtonMessage', 'labelOk'],
  cancel: ['cancelLabel', 'TaskButtonCancelMessage', 'labelCancel'],
}

function givenLabel(outcome: string, settings: JsonObject | null | undefined): string | null {
  for (const name of SETTING[outcome] ?? []) {
    const value = settings?.[name]
    if (typeof value === 'string' && value.trim() !== '') return value
  }
  return null
}

function ownLabel(outcome: string, kind: TaskKind): OutcomeButton['label'] {
  if (outcome === 'ok' && kind === 'review') return { key: 'review' }
  if (outcome === 'ok' && kind === 'formOrRefuse') return { key: 'submit' }
  if (outcome === 'ok' || outcome === 'yes' || outcome === 'no' || outcome === 'cancel') return { key: outcome }
  return { text: outcome }
}

export function outcomeButtons(kind: TaskKind, outcomes: string[], settings?: JsonObject | null): OutcomeButton[] {
  return outcomes.map((outcome, index) => {
    const given = givenLabel(outcome, settings)
    const refusal = REFUSALS.has(outcome)
    return {
      outcome,
      label: given ? { text: given } : ownLabel(outcome, kind),
      weight: refusal ? (kind === 'approve' ? 'danger' : 'secondary') : index === 0 ? 'primary' : 'secondary',
      needsForm: !refusal,
    }
  })
}
