/** The modeler's life within the page: made once for a model, told of templates, watched for changes. */
import type Modeler from 'bpmn-js/lib/Modeler'
import { useEffect, useRef, useState } from 'react'
import type { ElementTemplate, User } from '@/api'
import { currentLanguage } from '@/i18n'
import type { DiagramElement } from '../modules/forms'
import { createModeler, fit, localize, serviceOf } from './modeler'

interface Options {
  source: string
  templates: ElementTemplate[] | undefined
  people: User[]
  onChange: () => void
  onForm: (element: DiagramElement) => void
  onSelect: (elementId: string | null) => void
}

export interface ModelerState {
  modeler: Modeler | null
  canvas: React.RefObject<HTMLDivElement | null>
  panel: React.RefObject<HTMLDivElement | null>
  failed: string | null
  undo: boolean
  redo: boolean
}

export function useModeler(options: Options): ModelerState {
  const canvas = useRef<HTMLDivElement>(null)
  const panel = useRef<HTMLDivElement>(null)
  const latest = useRef(options)
  latest.current = options
  const [modeler, setModeler] = useState<Modeler | null>(null)
  const [failed, setFailed] = useState<string | null>(null)
  const [stack, setStack] = useState({ undo: false, redo: false })
  const { source, templates } = options

  useEffect(() => {
    if (!canvas.current || !panel.current) return
    let alive = true
    const made = createModeler({
      canvas: canvas.current,
      panel: panel.current,
      host: { people: () => latest.current.people, openForm: (element) => latest.current.onForm(element) },
    })
    made.importXML(source).then(
      () => {
        if (!alive) return
        fit(made)
        setFailed(null)
        setModeler(made)
      },
      (error: Error) => alive && setFailed(error.message),
    )
    made.on('commandStack.changed', () => {
      const commands = serviceOf(made, 'commandStack')
      setStack({ undo: commands.canUndo(), redo: commands.canRedo() })
      latest.current.onChange()
    })
    made.on('selection.changed', (event: { newSelection: { id: string }[] }) => {
      // A listener that answers anything keeps the event from all others.
      latest.current.onSelect(event.newSelection.length === 1 ? event.newSelection[0]!.id : null)
    })
    return () => {
      alive = false
      setModeler(null)
      made.destroy()
    }
  }, [source])

  useEffect(() => {
    if (!modeler || !templates) return
    const language = currentLanguage()
    serviceOf(modeler, 'elementTemplatesLoader').setTemplates(templates.map((template) => localize(template, language)))
    serviceOf(modeler, 'palette')._update?.()
  }, [modeler, templates])

  return { modeler, canvas, panel, failed, ...stack }
}
