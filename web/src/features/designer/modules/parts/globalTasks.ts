/** Tasks of the file that stand in no process and are called: made, renamed, removed, and shown to the panel as elements. */
import i18next from 'i18next'
import { extension, type DiagramElement, type Moddle } from '../forms'
import { addRoot, idOf, isFile, make, many, nameOf, one, removeRoot, rootsOf, text, type PartServices } from './services'
import { isId, type PartColumn, type PartSpec, type Spot } from './spec'

/** What each kind is when it stands in a process: its panel asks the same. */
const KINDS: Readonly<Record<string, string>> = {
  'bpmn:GlobalUserTask': 'bpmn:UserTask',
  'bpmn:GlobalScriptTask': 'bpmn:ScriptTask',
  'bpmn:GlobalBusinessRuleTask': 'bpmn:BusinessRuleTask',
  'bpmn:GlobalManualTask': 'bpmn:ManualTask',
  'bpmn:GlobalTask': 'bpmn:Task',
}

export const isGlobalTask = (part: Moddle): boolean => part.$type in KINDS
export const globalTasksOf = (element: DiagramElement): Moddle[] => rootsOf(element).roots.filter(isGlobalTask)

/** What a kind begins with: a user task is one of the engine's own, a script has a place for its text. */
function beginning(services: PartServices, task: Moddle, type: string): Moddle | undefined {
  const inside = ({ 'bpmn:GlobalUserTask': 'zeebe:UserTask', 'bpmn:GlobalScriptTask': 'zeebe:Script', 'bpmn:GlobalBusinessRuleTask': 'zeebe:CalledDecision' } as Record<string, string>)[type]
  if (!inside) return undefined
  const holder = make(services, task, 'bpmn:ExtensionElements')
  many(holder, 'values').push(make(services, holder, inside, inside === 'zeebe:UserTask' ? {} : { resultVariable: 'result' }))
  return holder
}

function add(services: PartServices, element: DiagramElement): void {
  const number = globalTasksOf(element).length + 1
  services.together(() => {
    const task = addRoot(services, element, 'bpmn:GlobalUserTask', { id: services.newId('GlobalTask_'), name: i18next.t('designer.newGlobalTask', { number }) })
    services.modeling.updateModdleProperties(element, task, { extensionElements: beginning(services, task, task.$type) })
  })
}

/** Extensions that mean the same in every kind. */
const LASTING = new Set(['zeebe:IoMapping', 'zeebe:ExecutionListeners', 'zeebe:Properties'])

/** Another kind is another part with the same name and id. */
function writeKind(services: PartServices, { element, item }: Spot, type: string): void {
  const { file, roots } = rootsOf(element)
  const made = make(services, file, type, { id: idOf(item), name: text(item, 'name') || undefined, documentation: many(item, 'documentation'), resources: many(item, 'resources') })
  const holder = beginning(services, made, type) ?? make(services, made, 'bpmn:ExtensionElements')
  many(holder, 'values').push(...many(one(item, 'extensionElements'), 'values').filter((value) => LASTING.has(value.$type)))
  services.together(() => {
    if (many(holder, 'values').length > 0) services.modeling.updateModdleProperties(element, made, { extensionElements: holder })
    services.modeling.updateModdleProperties(element, file, { rootElements: roots.map((root) => (root === item ? made : root)) })
  })
}

/** Call activities of the file that call `id` by its plain name. */
function callers(element: DiagramElement, id: string): Moddle[] {
  const found: Moddle[] = []
  const visit = (scope: Moddle): void => {
    for (const part of many(scope, 'flowElements')) {
      const called = part.$type === 'bpmn:CallActivity' ? extension(part, 'zeebe:CalledElement') : undefined
      if (called?.get('processId') === id) found.push(called)
      visit(part)
    }
  }
  rootsOf(element).roots.filter((root) => root.$type === 'bpmn:Process').forEach(visit)
  return found
}

function writeId(services: PartServices, { element, item }: Spot, id: string): void {
  const calling = callers(element, idOf(item))
  services.together(() => {
    services.modeling.updateModdleProperties(element, item, { id })
    for (const called of calling) services.modeling.updateModdleProperties(element, called, { processId: id })
  })
}

/** Every id below `part`, as far as the panel makes them. */
function idsOf(part: Moddle): string[] {
  return [idOf(part), ...['rootElements', 'flowElements', 'participants', 'artifacts', 'messageFlows'].flatMap((name) => many(part, name).flatMap(idsOf))]
}

export function wrongId(value: string, { element, item }: Spot): string | undefined {
  if (!isId(value)) return i18next.t('designer.partWrong.id')
  const taken = idsOf(rootsOf(element).file).filter((id) => id === value).length > (idOf(item) === value ? 1 : 0)
  return taken ? i18next.t('designer.partWrong.taken') : undefined
}

export const GLOBAL_COLUMNS: readonly PartColumn[] = [
  {
    key: 'globalKind', kind: 'choice',
    read: ({ item }) => item.$type,
    write: writeKind,
    choices: () => Object.keys(KINDS).map((value) => ({ value, label: i18next.t(`designer.globalKind.${value.slice(5) as 'GlobalTask'}`) })),
  },
  { key: 'partName', kind: 'text', read: ({ item }) => text(item, 'name'), write: (services, { element, item }, value) => services.modeling.updateModdleProperties(element, item, { name: value || undefined }) },
  { key: 'globalId', kind: 'text', read: ({ item }) => idOf(item), write: writeId, wrong: wrongId },
]

const globalTasks: PartSpec = {
  key: 'globalTasks',
  shown: isFile,
  items: globalTasksOf,
  add,
  remove: (services, { element, item }) => removeRoot(services, element, item),
  label: nameOf,
  opens: true,
  columns: () => GLOBAL_COLUMNS,
}

export const GLOBAL: readonly PartSpec[] = [globalTasks]

interface Typed {
  $instanceOf: (type: string) => boolean
}

/** A global task as an element of its kind, for the library's panel: what is written goes to the task itself. */
export function standIn(moddle: { create: (type: string) => unknown }, root: DiagramElement, task: Moddle): DiagramElement {
  const type = KINDS[task.$type] ?? 'bpmn:Task'
  const kind = moddle.create(type) as Typed
  const businessObject = new Proxy(task, {
    get: (target, name) => (name === '$instanceOf' ? (asked: string) => kind.$instanceOf(asked) || (target as Moddle & Typed).$instanceOf(asked) : Reflect.get(target, name) as unknown),
  })
  return { id: idOf(task), type, parent: root, businessObject }
}

/** Processes and global tasks of the file that a call activity can call. */
export const calleesOf = (element: DiagramElement): Moddle[] => rootsOf(element).roots.filter((root) => root.$type === 'bpmn:Process' || isGlobalTask(root))
