/** What parts of the model are changed with: the library's services behind few words, and several changes as one step. */
import type { DiagramElement, FormServices, Moddle } from '../forms'

export interface Injector {
  get: (name: string, strict?: boolean) => unknown
}

export interface PartServices extends FormServices {
  /** An id that nothing in the file has. */
  newId: (prefix: string) => string
  /** What is drawn, labels aside. */
  shapes: () => DiagramElement[]
  connect: (source: DiagramElement, target: DiagramElement, type: string) => DiagramElement
  disconnect: (connection: DiagramElement) => void
  /** Everything that `run` changes is undone and done again in one step. */
  together: (run: () => void) => void
}

interface Modeling {
  updateModdleProperties: FormServices['modeling']['updateModdleProperties']
  connect: (source: DiagramElement, target: DiagramElement, attrs: object) => DiagramElement
  removeConnection: (connection: DiagramElement) => void
}
interface Ids {
  nextPrefixed: (prefix: string, owner: object) => string
}

const COMMAND = 'ruslo.together'

export function partServices(injector: Injector): PartServices {
  const modeling = injector.get('modeling') as Modeling
  const commandStack = injector.get('commandStack') as FormServices['commandStack']
  const registry = injector.get('elementRegistry') as { filter: (test: (element: DiagramElement) => boolean) => DiagramElement[] }
  const { ids } = injector.get('moddle') as { ids: Ids }
  return {
    bpmnFactory: injector.get('bpmnFactory') as FormServices['bpmnFactory'],
    modeling,
    commandStack,
    newId: (prefix) => ids.nextPrefixed(prefix, {}),
    shapes: () => registry.filter((element) => !('labelTarget' in element && element.labelTarget)),
    connect: (source, target, type) => modeling.connect(source, target, { type }),
    disconnect: (connection) => modeling.removeConnection(connection),
    together: (run) => commandStack.execute(COMMAND, { run }),
  }
}

/** Its changes are commands of their own, which the stack keeps as one step. */
class TogetherHandler {
  preExecute({ run }: { run: () => void }): void {
    run()
  }

  execute(): DiagramElement[] {
    return []
  }

  revert(): DiagramElement[] {
    return []
  }
}

class Together {
  static $inject = ['commandStack']

  constructor(commandStack: { registerHandler: (name: string, handler: unknown) => void }) {
    commandStack.registerHandler(COMMAND, TogetherHandler)
  }
}

export const togetherModule = { __init__: ['rusloTogether'], rusloTogether: ['type', Together] }

export const many = (part: Moddle | undefined, name: string): Moddle[] => (part?.get(name) as Moddle[] | undefined) ?? []
export const one = (part: Moddle | undefined, name: string): Moddle | undefined => part?.get(name) as Moddle | undefined
export const text = (part: Moddle | undefined, name: string): string => {
  const value = part?.get(name)
  return typeof value === 'string' ? value : ''
}
export const idOf = (part: Moddle | undefined): string => text(part, 'id')
export const nameOf = (part: Moddle | undefined): string => text(part, 'name') || idOf(part)

/** A new part of `parent`, not yet in any of its lists. */
export function make(services: PartServices, parent: Moddle, type: string, attrs: object = {}): Moddle {
  const made = services.bpmnFactory.create(type, attrs)
  made.$parent = parent
  return made
}

/** The root elements of the file that `element` stands in. */
export function rootsOf(element: DiagramElement): { file: Moddle; roots: Moddle[] } {
  let file = element.businessObject
  while (file.$parent) file = file.$parent
  return { file, roots: many(file, 'rootElements') }
}

export const rootsOfType = (element: DiagramElement, ...types: string[]): Moddle[] => rootsOf(element).roots.filter((root) => types.includes(root.$type))

export function addRoot(services: PartServices, element: DiagramElement, type: string, attrs: object): Moddle {
  const { file, roots } = rootsOf(element)
  const made = make(services, file, type, attrs)
  services.modeling.updateModdleProperties(element, file, { rootElements: [...roots, made] })
  return made
}

export function removeRoot(services: PartServices, element: DiagramElement, root: Moddle): void {
  const { file, roots } = rootsOf(element)
  services.modeling.updateModdleProperties(element, file, { rootElements: roots.filter((other) => other !== root) })
}

export const processOf = (element: DiagramElement): Moddle | undefined =>
  element.type === 'bpmn:Process' ? element.businessObject : element.type === 'bpmn:Participant' ? one(element.businessObject, 'processRef') : undefined

/** Whether `element` is what the canvas shows as a whole: the place of all that belongs to the file. */
export const isFile = (element: DiagramElement): boolean => element.type === 'bpmn:Process' || element.type === 'bpmn:Collaboration'
