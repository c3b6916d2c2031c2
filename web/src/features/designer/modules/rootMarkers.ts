/**
 * While something is dragged the root of the drawing says what is under the pointer. The library says it by classes on
 * the layer that holds every element, and its rules reach whatever is inside (`.drop-ok *`): each change made the browser
 * find the style of the whole drawing again. Here the root says it in an attribute of the picture, which no rule looks
 * through; designer.css tells how it looks.
 */

/** What is said while dragging, as the library's classes call it. */
const SAID = new Set(['djs-drag-active', 'new-parent', 'drop-ok', 'drop-not-ok', 'connect-ok', 'connect-not-ok', 'attach-ok'])
export const ATTRIBUTE = 'data-markers'

interface Element {
  id: string
  markers?: Set<string>
}

export interface MarkedCanvas {
  getRootElement: () => Element
  getContainer: () => { querySelector: (selector: string) => { setAttribute: (name: string, value: string) => void } | null }
  addMarker: (element: Element | string, marker: string) => void
  removeMarker: (element: Element | string, marker: string) => void
}
interface EventBus {
  fire: (event: string, what: object) => void
}

export class RootMarkers {
  static $inject = ['canvas', 'eventBus']

  constructor(canvas: MarkedCanvas, eventBus: EventBus) {
    const said = new Set<string>()
    for (const [name, add] of [['addMarker', true], ['removeMarker', false]] as const) {
      const otherwise = canvas[name].bind(canvas)
      canvas[name] = (element, marker) => {
        const root = SAID.has(marker) ? canvas.getRootElement() : null
        if (!root || (typeof element === 'string' ? element : element.id) !== root.id) return otherwise(element, marker)
        root.markers ??= new Set()
        for (const set of [root.markers, said]) {
          if (add) set.add(marker)
          else set.delete(marker)
        }
        // The container's own picture: buttons laid over the drawing have some too, and stand before it.
        canvas.getContainer().querySelector(':scope > svg')?.setAttribute(ATTRIBUTE, [...said].join(' '))
        eventBus.fire('element.marker.update', { element: root, marker, add })
      }
    }
  }
}

export const rootMarkersModule = { __init__: ['rusloRootMarkers'], rusloRootMarkers: ['type', RootMarkers] }
