/** Two drawings beside each other that move together; what differs is coloured. */
import NavigatedViewer from 'bpmn-js/lib/NavigatedViewer'
import 'bpmn-js/dist/assets/diagram-js.css'
import 'bpmn-js/dist/assets/bpmn-js.css'
import { useEffect, useRef, useState } from 'react'
import '@/ui/diagram/diagram.css'
import { useLatest } from '@/ui/hooks'
import css from './compare.module.css'
import type { Change, ChangeKind } from './diff'

interface Side {
  title: React.ReactNode
  xml: string
}

interface CompareViewProps {
  before: Side
  after: Side
  changes: Change[]
  selected: string | null
  onSelect: (id: string | null) => void
}

interface Box {
  x: number
  y: number
  width: number
  height: number
}
interface Canvas {
  viewbox: { (): Box & { outer: { width: number; height: number } }; (box: Box): void }
  zoom: (level: 'fit-viewport', center?: 'auto') => void
  addMarker: (id: string, marker: string) => void
  removeMarker: (id: string, marker: string) => void
  scrollToElement: (id: string, padding?: number) => void
}
interface Registry { get: (id: string) => { id: string } | undefined }

const COLORS = { defaultFillColor: 'var(--diagram-fill)', defaultStrokeColor: 'var(--diagram-stroke)', defaultLabelColor: 'var(--diagram-label)' }
/** How much of the drawing's size is left free on each side. */
const AIR = 0.06

/** Everything in view, and nothing on the edge. */
function fitWithAir(canvas: Canvas): void {
  canvas.zoom('fit-viewport', 'auto')
  const { x, y, width, height } = canvas.viewbox()
  canvas.viewbox({ x: x - width * AIR, y: y - height * AIR, width: width * (1 + 2 * AIR), height: height * (1 + 2 * AIR) })
}

/** On the side before there is nothing added yet, on the side after nothing removed any more. */
const SHOWN: Record<'before' | 'after', Set<ChangeKind>> = { before: new Set(['removed', 'changed', 'moved']), after: new Set(['added', 'changed', 'moved']) }

export default function CompareView({ before, after, changes, selected, onSelect }: CompareViewProps) {
  const left = useRef<HTMLDivElement>(null)
  const right = useRef<HTMLDivElement>(null)
  const viewers = useRef<Partial<Record<'before' | 'after', NavigatedViewer>>>({})
  const [ready, setReady] = useState(0)
  /** Where a person looked when the drawing was saved anew: they stay there. */
  const looked = useRef<Box | null>(null)
  const select = useLatest(onSelect)

  useEffect(() => {
    const sides = [['before', left.current, before.xml], ['after', right.current, after.xml]] as const
    const made = sides.map(([side, container, xml]) => {
      const viewer = new NavigatedViewer({ container: container ?? undefined, bpmnRenderer: COLORS } as object)
      viewers.current[side] = viewer
      return [side, viewer, xml] as const
    })
    let alive = true
    let drawn = false
    let following = false
    void Promise.allSettled(made.map(([, viewer, xml]) => viewer.importXML(xml))).then(() => {
      if (!alive) return
      for (const [side, viewer] of made) {
        const other = made.find(([name]) => name !== side)?.[1]
        if (!other) continue
        viewer.on('canvas.viewbox.changed', () => {
          if (following) return
          following = true
          const { x, y, width, height } = canvasOf(viewer).viewbox()
          canvasOf(other).viewbox({ x, y, width, height })
          following = false
        })
        viewer.on('element.click', (event: { element: { id: string } }) => select.current(event.element.id.replace(/_label$/, '')))
      }
      const last = made[1]?.[1]
      if (last && looked.current) canvasOf(last).viewbox(looked.current)
      else if (last) fitWithAir(canvasOf(last))
      drawn = true
      setReady((n) => n + 1)
    })
    return () => {
      alive = false
      const last = made[1]?.[1]
      if (drawn && last) {
        const { x, y, width, height } = canvasOf(last).viewbox()
        looked.current = { x, y, width, height }
      }
      viewers.current = {}
      for (const [, viewer] of made) viewer.destroy()
    }
  }, [before.xml, after.xml, select])

  useEffect(() => {
    if (ready === 0) return
    for (const side of ['before', 'after'] as const) {
      const viewer = viewers.current[side]
      if (!viewer) continue
      const registry = viewer.get('elementRegistry') as Registry
      for (const { id, kind } of changes) if (SHOWN[side].has(kind) && registry.get(id)) canvasOf(viewer).addMarker(id, `ruslo-diff-${kind}`)
    }
  }, [changes, ready])

  useEffect(() => {
    if (ready === 0) return
    for (const side of ['after', 'before'] as const) {
      const viewer = viewers.current[side]
      if (!viewer) continue
      const element = selected ? (viewer.get('elementRegistry') as Registry).get(selected) : undefined
      const selection = viewer.get('selection') as { select: (element: unknown) => void }
      selection.select(element ?? [])
      if (element && selected) canvasOf(viewer).scrollToElement(selected, 100)
    }
  }, [selected, ready])

  return (
    <div className={css.sides}>
      {(['before', 'after'] as const).map((side) => (
        <section key={side} className={css.side}>
          <h2 className={css.sideTitle}>{side === 'before' ? before.title : after.title}</h2>
          <div className="ruslo-diagram"><div ref={side === 'before' ? left : right} className="ruslo-diagram-canvas" data-testid={`compare-${side}`} /></div>
        </section>
      ))}
    </div>
  )
}

function canvasOf(viewer: NavigatedViewer): Canvas {
  return viewer.get('canvas') as Canvas
}
