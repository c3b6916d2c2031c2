/** Findings on the drawing itself: a coloured outline and a mark that says what is wrong. */
import type Modeler from 'bpmn-js/lib/Modeler'
import type { Diagnostic } from '@/api'
import { serviceOf } from './modeler'
import { isError } from './useDiagnostics'

interface MarkerCanvas {
  addMarker: (id: string, marker: string) => void
  removeMarker: (id: string, marker: string) => void
}

const marked = new WeakMap<Modeler, Set<string>>()

export function markFindings(modeler: Modeler, diagnostics: Diagnostic[], locale: 'ru' | 'en'): void {
  const canvas = modeler.get('canvas') as MarkerCanvas
  const overlays = serviceOf(modeler, 'overlays')
  const registry = serviceOf(modeler, 'elementRegistry')
  for (const id of marked.get(modeler) ?? []) {
    if (!registry.get(id)) continue
    canvas.removeMarker(id, 'ruslo-error')
    canvas.removeMarker(id, 'ruslo-warning')
  }
  overlays.remove({ type: 'ruslo-finding' })
  const byElement = new Map<string, Diagnostic[]>()
  for (const item of diagnostics) {
    if (!item.element || item.severity === 'hint') continue
    byElement.set(item.element, [...(byElement.get(item.element) ?? []), item])
  }
  const ids = new Set<string>()
  for (const [id, items] of byElement) {
    const element = registry.get(id)
    if (!element?.parent) continue
    const severity = items.some(isError) ? 'error' : 'warning'
    canvas.addMarker(id, `ruslo-${severity}`)
    ids.add(id)
    const html = document.createElement('div')
    html.className = 'ruslo-finding'
    html.dataset.severity = severity
    html.title = items.map((item) => (locale === 'ru' ? item.messageRu : item.message)).join('\n')
    html.textContent = '!'
    overlays.add(id, 'ruslo-finding', { position: { top: -10, left: -10 }, html })
  }
  marked.set(modeler, ids)
}
