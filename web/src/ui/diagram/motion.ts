/** A token running along a sequence flow: short, and not at all when the system asks for calm. */
export interface RegistryElement {
  id: string
  type: string
  x?: number
  y?: number
  width?: number
  height?: number
  parent?: unknown
  waypoints?: { x: number; y: number }[]
  businessObject?: { name?: string }
}

interface Box {
  x: number
  y: number
  width: number
  height: number
}

export interface CanvasService {
  zoom: ((level?: number | 'fit-viewport', center?: 'auto' | { x: number; y: number }) => number) & (() => number)
  viewbox: {
    (): Box & { scale: number; inner: Box; outer: { width: number; height: number } }
    (box: Box): void
  }
  addMarker: (id: string, marker: string) => void
  removeMarker: (id: string, marker: string) => void
  getActiveLayer?: () => SVGElement
  getDefaultLayer: () => SVGElement
  resized?: () => void
  getRootElement?: () => unknown
}

const SPEED_PX_PER_MS = 0.9

export function animateFlow(canvas: CanvasService, flow: RegistryElement, delayMs: number): void {
  const points = flow.waypoints
  if (!points || points.length < 2 || matchMedia('(prefers-reduced-motion: reduce)').matches) return
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path')
  path.setAttribute('d', points.map((p, i) => `${i === 0 ? 'M' : 'L'}${p.x} ${p.y}`).join(' '))
  const length = path.getTotalLength()
  const dot = document.createElementNS('http://www.w3.org/2000/svg', 'circle')
  dot.setAttribute('r', '6')
  dot.setAttribute('class', 'ruslo-token')
  dot.style.opacity = '0'
  const layer = canvas.getActiveLayer?.() ?? canvas.getDefaultLayer()
  layer.append(dot)
  const duration = Math.min(250, Math.max(150, length / SPEED_PX_PER_MS))
  const begin = performance.now() + delayMs
  const step = (at: number) => {
    const part = (at - begin) / duration
    if (part >= 1) {
      dot.remove()
      return
    }
    if (part >= 0) {
      const eased = part < 0.5 ? 2 * part * part : 1 - (2 - 2 * part) ** 2 / 2
      const point = path.getPointAtLength(length * eased)
      dot.style.opacity = '1'
      dot.setAttribute('cx', String(point.x))
      dot.setAttribute('cy', String(point.y))
    }
    requestAnimationFrame(step)
  }
  requestAnimationFrame(step)
}
