/** The modeler's life within the page: made once for a model, told of templates, watched for changes. */
import type Modeler from 'bpmn-js/lib/Modeler'
import { useCallback, useEffect, useRef, useState } from 'react'
import type { ElementTemplate, User } from '@/api'
import { currentLanguage } from '@/i18n'
import { useLatest } from '@/ui/hooks'
import type { DiagramElement } from '../modules/forms'
import { createModeler, fit, localize, serviceOf } from './modeler'
import { importInSlices, pause } from './slices'
import { textOf } from './text'

interface Options {
  canvas: React.RefObject<HTMLDivElement | null>
  panel: React.RefObject<HTMLDivElement | null>
  source: string
  templates: ElementTemplate[] | undefined
  people: User[]
  onChange: () => void
  onForm: (element: DiagramElement) => void
}

export interface ModelerState {
  modeler: Modeler | null
  /** The drawing as text. */
  text: () => Promise<string>
  failed: string | null
  undo: boolean
  redo: boolean
}

export function useModeler(options: Options): ModelerState {
  const latest = useLatest(options)
  const [modeler, setModeler] = useState<Modeler | null>(null)
  const written = useRef<(() => Promise<string>) | null>(null)
  const [failed, setFailed] = useState<string | null>(null)
  const [stack, setStack] = useState({ undo: false, redo: false })
  const { source, templates, canvas, panel } = options

  useEffect(() => {
    if (!canvas.current || !panel.current) return
    let alive = true
    const made = createModeler({
      canvas: canvas.current,
      panel: panel.current,
      host: { people: () => latest.current.people, openForm: (element) => latest.current.onForm(element) },
    })
    const drawn = importInSlices(made, source, () => alive).then(() => {
      if (!alive) throw new Error('left before it was drawn')
    })
    // From the start: what changes while it is drawn is a change too.
    written.current = textOf(made, source, drawn)
    drawn
      .then(async () => {
        await pause()
        if (!alive) return
        fit(made)
        await pause()
        if (!alive) return
        setFailed(null)
        setModeler(made)
      })
      .catch((error: Error) => alive && setFailed(error.message))
    // A listener that answers anything would keep the event from all others.
    made.on('commandStack.changed', () => {
      const commands = serviceOf(made, 'commandStack')
      setStack({ undo: commands.canUndo(), redo: commands.canRedo() })
      latest.current.onChange()
    })
    return () => {
      alive = false
      // `written` stays: a save that still waits must not take the text that was read in for what was drawn.
      setModeler(null)
      made.destroy()
    }
  }, [source, latest, canvas, panel])

  useEffect(() => {
    if (!modeler || !templates) return
    const language = currentLanguage()
    serviceOf(modeler, 'elementTemplatesLoader').setTemplates(templates.map((template) => localize(template, language)))
    serviceOf(modeler, 'palette')._update?.()
  }, [modeler, templates])

  const text = useCallback(() => written.current?.() ?? Promise.resolve(source), [source])
  return { modeler, text, failed, ...stack }
}
