/** A read-only diagram with element states, taken flows and tokens that move. */
import { ActionIcon, Tooltip } from '@mantine/core'
import { IconFocusCentered, IconMinus, IconPlus } from '@tabler/icons-react'
import NavigatedViewer from 'bpmn-js/lib/NavigatedViewer'
import 'bpmn-js/dist/assets/diagram-js.css'
import 'bpmn-js/dist/assets/bpmn-js.css'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useLatest } from '../hooks'
import type { ElementMark } from './elements'
import { animateFlow, type CanvasService, type RegistryElement } from './motion'
import './diagram.css'

interface DiagramViewProps {
  xml: string
  marks?: Map<string, ElementMark>
  takenFlows?: { flowId: string; count: number }[]
  selected?: string | null
  onSelect?: (elementId: string | null) => void
  label: string
}

interface Services {
  canvas: CanvasService
  overlays: { add: (id: string, type: string, overlay: object) => string; remove: (filter: object) => void }
  elementRegistry: { get: (id: string) => RegistryElement | undefined }
  selection: { select: (element: unknown) => void; get: () => { id: string }[] }
}

const STATES = ['active', 'completed', 'terminated', 'incident'] as const
const COLORS = { defaultFillColor: 'var(--diagram-fill)', defaultStrokeColor: 'var(--diagram-stroke)', defaultLabelColor: 'var(--diagram-label)' }

export default function DiagramView({ xml, marks, takenFlows, selected, onSelect, label }: DiagramViewProps) {
  const { t } = useTranslation()
  const box = useRef<HTMLDivElement>(null)
  const viewer = useRef<NavigatedViewer | null>(null)
  const [ready, setReady] = useState(0)
  const [failed, setFailed] = useState<string | null>(null)
  const select = useLatest(onSelect)
  const counts = useRef<Map<string, number> | null>(null)

  useEffect(() => {
    if (!box.current) return
    const instance = new NavigatedViewer({ container: box.current, bpmnRenderer: COLORS } as object)
    viewer.current = instance
    let alive = true
    counts.current = null
    instance.importXML(xml).then(
      () => {
        if (!alive) return
        fit(instance)
        setFailed(null)
        setReady((n) => n + 1)
      },
      (error: Error) => alive && setFailed(error.message),
    )
    instance.on('element.click', (event: { element: { id: string; type: string } }) => {
      const id = event.element.type === 'bpmn:Process' || event.element.type === 'bpmn:Collaboration' ? null : event.element.id.replace(/_label$/, '')
      select.current?.(id)
    })
    let width = 0
    const observer = new ResizeObserver(([entry]) => {
      services(instance).canvas.resized?.()
      // Another width is another layout: the person has not placed the diagram in it yet.
      const next = entry?.contentRect.width ?? 0
      if (Math.abs(next - width) > 40 && services(instance).canvas.getRootElement?.()) fit(instance)
      // Without height nothing could be fitted.
      width = entry?.contentRect.height ? next : 0
    })
    observer.observe(box.current)
    return () => {
      alive = false
      observer.disconnect()
      viewer.current = null
      instance.destroy()
    }
  }, [xml, select])

  useEffect(() => {
    if (viewer.current && ready > 0) applyMarks(viewer.current, marks ?? new Map())
  }, [marks, ready])

  useEffect(() => {
    const instance = viewer.current
    if (!instance || ready === 0) return
    const { canvas, elementRegistry } = services(instance)
    const before = counts.current
    const next = new Map((takenFlows ?? []).map((flow) => [flow.flowId, flow.count]))
    let delay = 0
    for (const [id, count] of next) {
      const flow = elementRegistry.get(id)
      if (!flow) continue
      canvas.addMarker(id, 'ruslo-taken')
      if (before && count > (before.get(id) ?? 0)) {
        animateFlow(canvas, flow, delay)
        delay += 120
      }
    }
    counts.current = next
  }, [takenFlows, ready])

  useEffect(() => {
    const instance = viewer.current
    if (!instance || ready === 0) return
    const { selection, elementRegistry } = services(instance)
    const element = selected ? elementRegistry.get(selected) : undefined
    selection.select(element ?? [])
    if (element) reveal(instance, element)
  }, [selected, ready])

  const zoom = (step: number) => {
    const canvas = viewer.current && services(viewer.current).canvas
    if (canvas) canvas.zoom(canvas.zoom() * step, 'auto')
  }
  return (
    <div className="ruslo-diagram" role="region" aria-label={label}>
      <div ref={box} className="ruslo-diagram-canvas" data-testid="diagram" />
      {failed && <div className="ruslo-diagram-failed" role="alert">{t('instance.diagramError')}: {failed}</div>}
      <div className="ruslo-diagram-zoom">
        <ZoomButton label={t('instance.zoomIn')} onClick={() => zoom(1.25)}><IconPlus size={15} /></ZoomButton>
        <ZoomButton label={t('instance.zoomOut')} onClick={() => zoom(0.8)}><IconMinus size={15} /></ZoomButton>
        <ZoomButton label={t('instance.fit')} onClick={() => viewer.current && fit(viewer.current)}><IconFocusCentered size={15} /></ZoomButton>
      </div>
    </div>
  )
}

function ZoomButton({ label, onClick, children }: { label: string; onClick: () => void; children: React.ReactNode }) {
  return (
    <Tooltip label={label} position="left">
      <ActionIcon variant="default" onClick={onClick} aria-label={label}>{children}</ActionIcon>
    </Tooltip>
  )
}

function services(viewer: NavigatedViewer): Services {
  return {
    canvas: viewer.get('canvas'),
    overlays: viewer.get('overlays'),
    elementRegistry: viewer.get('elementRegistry'),
    selection: viewer.get('selection'),
  }
}

/** The whole diagram with a margin, never larger than life. */
function fit(viewer: NavigatedViewer): void {
  const { canvas } = services(viewer)
  // Without room there is nothing to fit; the first room is fitted when it comes.
  const before = canvas.viewbox().outer
  if (!before.width || !before.height) return
  canvas.zoom('fit-viewport', 'auto')
  const box = canvas.viewbox()
  const scale = Math.min(box.scale * 0.94, 1)
  const { inner, outer } = box
  const width = outer.width / scale
  const height = outer.height / scale
  canvas.viewbox({ x: inner.x + inner.width / 2 - width / 2, y: inner.y + inner.height / 2 - height / 2, width, height })
}

function reveal(viewer: NavigatedViewer, element: RegistryElement): void {
  const { canvas } = services(viewer)
  const box = canvas.viewbox()
  if (element.x === undefined || element.y === undefined) return
  const inside = element.x > box.x && element.y > box.y && element.x < box.x + box.width - 100 && element.y < box.y + box.height - 60
  if (!inside) canvas.viewbox({ x: element.x - box.width / 2, y: element.y - box.height / 2, width: box.width, height: box.height })
}

function applyMarks(viewer: NavigatedViewer, marks: Map<string, ElementMark>): void {
  const { canvas, overlays, elementRegistry } = services(viewer)
  const registry = elementRegistry as unknown as { getAll: () => RegistryElement[] }
  overlays.remove({ type: 'ruslo-count' })
  for (const element of registry.getAll()) {
    const mark = marks.get(element.id)
    for (const state of STATES) {
      if (mark?.state === state) canvas.addMarker(element.id, `ruslo-${state}`)
      else canvas.removeMarker(element.id, `ruslo-${state}`)
    }
    if (mark && !element.waypoints && element.parent) addBadge(overlays, element, mark)
  }
}

const GLYPH = { active: '●', completed: '✓', terminated: '✕', incident: '!' } as const

function addBadge(overlays: Services['overlays'], element: RegistryElement, mark: ElementMark): void {
  const html = document.createElement('div')
  html.className = 'ruslo-badge'
  html.dataset.state = mark.state
  html.dataset.testid = `element-state-${element.id}`
  const count = mark.turns ?? (mark.runs > 1 ? String(mark.runs) : '')
  html.textContent = `${GLYPH[mark.state]} ${count}`.trim()
  // The name of a gateway may stand right above it.
  const top = element.type?.endsWith('Gateway') ? 0 : -11
  overlays.add(element.id, 'ruslo-count', { position: { top, right: 11 }, html, show: { minZoom: 0.3 } })
}
