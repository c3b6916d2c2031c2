import { expect, it } from 'vitest'
import { ATTRIBUTE, RootMarkers, type MarkedCanvas } from './rootMarkers'

it('says of the root in one attribute what is dragged over it, and leaves other markers to the library', () => {
  const left: string[] = []
  const attributes: Record<string, string> = {}
  const root: { id: string; markers?: Set<string> } = { id: 'root' }
  const canvas: MarkedCanvas = {
    getRootElement: () => root,
    getContainer: () => ({ querySelector: (selector) => (selector === ':scope > svg' ? { setAttribute: (name, value) => { attributes[name] = value } } : null) }),
    addMarker: (element, marker) => left.push(`+${typeof element === 'string' ? element : element.id} ${marker}`),
    removeMarker: (element, marker) => left.push(`-${typeof element === 'string' ? element : element.id} ${marker}`),
  }
  const fired: object[] = []
  expect(new RootMarkers(canvas, { fire: (_, what) => fired.push(what) })).toBeDefined()
  canvas.addMarker(root, 'djs-drag-active')
  canvas.addMarker('root', 'drop-ok')
  expect([attributes[ATTRIBUTE], [...(root.markers ?? [])]]).toEqual(['djs-drag-active drop-ok', ['djs-drag-active', 'drop-ok']])
  canvas.addMarker(root, 'hover')
  canvas.addMarker({ id: 'task' }, 'drop-ok')
  canvas.removeMarker('task', 'drop-ok')
  canvas.removeMarker(root, 'drop-ok')
  canvas.removeMarker(root, 'djs-drag-active')
  expect([attributes[ATTRIBUTE], left, fired.length]).toEqual(['', ['+root hover', '+task drop-ok', '-task drop-ok'], 4])
})
