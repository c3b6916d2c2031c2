/**
 * Reading a drawing in without keeping the page from answering: what bpmn-js would draw at one go is noted down while it
 * walks the model, and drawn in slices of a few hundredths of a second. Listeners hear of a drawing when it is whole.
 */
import type BaseModeler from 'bpmn-js/lib/Modeler'
import BpmnImporter from 'bpmn-js/lib/import/BpmnImporter'

/** How long the page may be busy at a time. */
const SLICE_MS = 30
/** Before any listener of the library. */
const FIRST = 10_000
const COMPLETE = 'import.render.complete'

interface Noted {
  semantic: object
  di: { $type: string }
  parent: unknown
}

/** What stands for an element until it is drawn. */
class Later {
  drawn: unknown
  constructor(readonly businessObject: object) {}
}

interface Warning {
  message: string
  context: object
}

class SlicedImporter extends BpmnImporter {
  private noted: (Noted & { later: Later })[] = []

  override add(semantic: object, di: Noted['di'], parent?: unknown): unknown {
    if (di.$type === 'bpmndi:BPMNPlane') return super.add(semantic, di, parent)
    const later = new Later(semantic)
    this.noted.push({ semantic, di, parent, later })
    return later
  }

  /** Draws what is noted until `until`; tells whether all is drawn. */
  draw(until: number, warnings: Warning[]): boolean {
    while (this.noted.length > 0) {
      if (performance.now() >= until) return false
      const { semantic, di, parent, later } = this.noted.shift() as Noted & { later: Later }
      try {
        later.drawn = super.add(semantic, di, parent instanceof Later ? parent.drawn : parent)
      } catch (error) {
        warnings.push({ message: (error as Error).message, context: { element: semantic, error } })
      }
    }
    return true
  }
}

export const slicedImportModule = { bpmnImporter: ['type', SlicedImporter] }

interface Bus {
  on: (event: string, priority: number, listener: (event: { stopPropagation: () => void }) => void) => void
  fire: (event: string, data: object) => void
}

/** Lets the page answer, paint and go on. */
export function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve))
}

/** Reads `source` in; ends without an effect when `alive` says that nobody waits any more. */
export async function importInSlices(modeler: BaseModeler, source: string, alive: () => boolean): Promise<void> {
  const importer = modeler.get('bpmnImporter') as SlicedImporter
  const bus = modeler.get('eventBus') as Bus
  let whole = false
  bus.on(COMPLETE, FIRST, (event) => {
    if (!whole) event.stopPropagation()
  })
  const open = modeler.open.bind(modeler)
  modeler.open = async (diagram) => {
    // Parsing was one piece of work.
    await pause()
    if (!alive()) return { warnings: [] }
    const result = await open(diagram)
    const warnings = result.warnings as unknown as Warning[]
    while (alive() && !importer.draw(performance.now() + SLICE_MS, warnings)) await pause()
    if (!alive()) return result
    whole = true
    bus.fire(COMPLETE, { error: undefined, warnings })
    return result
  }
  await pause()
  if (alive()) await modeler.importXML(source)
}
