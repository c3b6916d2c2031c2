/** How element instances become what the diagram shows: one state and one count per element. */
import type { ElementInstance } from '@/api'

export type DiagramState = 'active' | 'completed' | 'terminated' | 'incident'

export interface ElementMark {
  state: DiagramState
  /** How often the element was entered, the latest run included. */
  runs: number
  /** Stands instead of the count: turns done of turns planned. */
  turns?: string
}

/** The server tells the latest run of each element and how many there were; an open incident outweighs its state. */
export function marksOf(elements: ElementInstance[], incidentElements: Iterable<string> = []): Map<string, ElementMark> {
  const marks = new Map<string, ElementMark>()
  for (const { elementId, state, count } of elements) marks.set(elementId, { state, runs: count ?? 1 })
  for (const id of incidentElements) marks.set(id, { state: 'incident', runs: marks.get(id)?.runs ?? 1 })
  return marks
}
