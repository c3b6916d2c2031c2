/** The picture and tables of a file of decisions: to draw on, or only to look at; matched rules shine. */
import { SegmentedControl } from '@mantine/core'
import { useEffect, useImperativeHandle, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { DecisionEvaluation } from '@/api'
import { EmptyState } from '@/ui/Page'
import { useLatest } from '@/ui/hooks'
import css from './decisions.module.css'
import { createEditor, createViewer, firstView, fitPicture, type ActiveViewer, type Dmn, type View } from './dmn'

export interface CanvasHandle {
  xml: () => Promise<string>
  undo: () => void
  redo: () => void
  show: (elementId: string) => void
}

interface DmnCanvasProps {
  source: string
  editable: boolean
  evaluation: DecisionEvaluation | null
  onChange?: () => void
  ref?: React.Ref<CanvasHandle>
}

interface CommandStack {
  undo: () => void
  redo: () => void
}

export default function DmnCanvas({ source, editable, evaluation, onChange, ref }: DmnCanvasProps) {
  const { t } = useTranslation()
  const box = useRef<HTMLDivElement>(null)
  const dmn = useRef<Dmn | null>(null)
  /** Until it is read the editor has nothing to save. */
  const read = useRef(false)
  const [views, setViews] = useState<View[]>([])
  const [active, setActive] = useState<string | null>(null)
  const [failed, setFailed] = useState<string | null>(null)
  const changed = useLatest(onChange)

  useEffect(() => {
    if (!box.current) return
    const made = editable ? createEditor(box.current) : createViewer(box.current)
    dmn.current = made
    read.current = false
    let alive = true
    const watched = new WeakSet<ActiveViewer>()
    made.on('views.changed', () => {
      if (!alive) return
      setViews([...made.getViews()])
      setActive(made.getActiveView()?.element.id ?? null)
      const viewer = made.getActiveViewer()
      if (!viewer || watched.has(viewer)) return
      watched.add(viewer)
      viewer.on('commandStack.changed', () => changed.current?.())
    })
    made.importXML(source).then(
      async () => {
        if (alive) read.current = true
        const first = firstView(made)
        if (alive && first) await made.open(first)
        if (alive) fitPicture(made, editable)
      },
      (error: Error) => alive && setFailed(error.message),
    )
    return () => {
      // `dmn` stays: a save that still waits must not take the text that was read in for what was drawn.
      alive = false
      made.destroy()
    }
  }, [source, editable, changed])

  useImperativeHandle(ref, () => {
    const stack = () => dmn.current?.getActiveViewer()?.get('commandStack') as CommandStack | undefined
    return {
      xml: async () => (dmn.current && read.current ? (await dmn.current.saveXML({ format: true })).xml : source),
      undo: () => stack()?.undo(),
      redo: () => stack()?.redo(),
      show: (id) => {
        const view = dmn.current?.getViews().find((one) => one.element.id === id)
        if (view) void dmn.current?.open(view)
      },
    }
  }, [source])

  useEffect(() => {
    const matched = new Set(evaluation?.decisions.flatMap((run) => run.tables.flatMap((table) => table.matched.map((rule) => rule.id))) ?? [])
    const root = box.current
    if (!root) return
    const paint = () => {
      for (const row of root.querySelectorAll('tbody tr')) {
        const id = row.querySelector('[data-row-id]')?.getAttribute('data-row-id')
        row.classList.toggle('ruslo-matched', Boolean(id && matched.has(id)))
      }
    }
    paint()
    // The table draws its rows anew as it pleases.
    const observer = new MutationObserver(paint)
    observer.observe(root, { childList: true, subtree: true })
    return () => observer.disconnect()
  }, [evaluation])

  const open = async (view: View) => {
    const shown = dmn.current
    await shown?.open(view)
    if (shown) fitPicture(shown, editable)
  }
  const title = (view: View) => (view.type === 'drd' ? t('decisions.drd') : view.element.name || view.element.id)
  return (
    <div className={css.canvas}>
      <div ref={box} className="ruslo-dmn" data-testid="dmn" />
      {failed && <EmptyState title={t('designer.importError')} hint={failed} />}
      {views.length > 1 && (
        <div className={css.views}>
          <SegmentedControl
            size="xs"
            aria-label={t('decisions.views')}
            value={active ?? ''}
            data={views.map((view) => ({ value: view.element.id, label: title(view) }))}
            onChange={(id) => {
              const view = views.find((one) => one.element.id === id)
              if (view) void open(view)
            }}
          />
        </div>
      )}
    </div>
  )
}
