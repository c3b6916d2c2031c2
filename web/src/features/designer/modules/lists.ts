/** Lists in the panel that the library does not know: what stands in each, and where the list is kept in the model. */
import { makeInside } from './extensions'
import { extension, type DiagramElement, type FormServices, type Moddle } from './forms'

/** Keys of `designer.column`. */
export type ColumnKey =
  | 'as' | 'key' | 'name' | 'type' | 'required' | 'multiple' | 'default' | 'declared' | 'options' | 'resourceId' | 'resourceType' | 'linkName' | 'bindingType' | 'versionTag' | 'field' | 'value'
  | 'condition' | 'event' | 'from' | 'to'

export interface Column {
  key: ColumnKey
  kind: 'text' | 'check' | 'expression' | 'event' | 'options' | readonly string[]
  attr: string
}
/** Keys of `designer.lists`. */
export type ListKey = 'declarations' | 'resources' | 'storeKeys' | 'behaviors' | 'assignments'

export interface ListSpec {
  key: ListKey
  /** The part whose list it is; none where it does not apply. */
  of: (element: DiagramElement) => Moddle | undefined
  /** The extension element that holds the list, when it is not the part itself. */
  inside?: string
  property: string
  type: string
  initial: Record<string, string>
  columns: readonly Column[]
  label: string
}

const TYPES = ['string', 'text', 'int', 'double', 'bool', 'date', 'datetime', 'user', 'select', 'file'] as const
const loop = (element: DiagramElement): Moddle | undefined => {
  const found = element.businessObject.get('loopCharacteristics') as Moddle | undefined
  return found?.$type === 'bpmn:MultiInstanceLoopCharacteristics' && found.get('behavior') === 'Complex' ? found : undefined
}
const processOf = (element: DiagramElement): Moddle | undefined =>
  element.type === 'bpmn:Process' ? element.businessObject : element.type === 'bpmn:Participant' ? (element.businessObject.get('processRef') as Moddle | undefined) : undefined
const only = (...types: string[]) => (element: DiagramElement) => (types.includes(element.type) ? element.businessObject : undefined)

export const LISTS: readonly ListSpec[] = [
  {
    key: 'declarations', of: processOf, inside: 'extensionElements', property: 'values', type: 'ruslo:Declaration', initial: { as: 'parameter', key: 'parameter', type: 'string' }, label: 'key',
    columns: [
      { key: 'as', kind: ['parameter', 'variable', 'constant'], attr: 'as' },
      { key: 'key', kind: 'text', attr: 'key' },
      { key: 'name', kind: 'text', attr: 'name' },
      { key: 'type', kind: TYPES, attr: 'type' },
      { key: 'options', kind: 'options', attr: 'options' },
      { key: 'default', kind: 'text', attr: 'default' },
      { key: 'declared', kind: 'text', attr: 'description' },
      { key: 'required', kind: 'check', attr: 'required' },
      { key: 'multiple', kind: 'check', attr: 'multiple' },
    ],
  },
  {
    key: 'resources', of: only('bpmn:ServiceTask'), inside: 'zeebe:LinkedResources', property: 'values', type: 'zeebe:LinkedResource', initial: { resourceId: 'resource' }, label: 'resourceId',
    columns: [
      { key: 'resourceId', kind: 'text', attr: 'resourceId' },
      { key: 'resourceType', kind: 'text', attr: 'resourceType' },
      { key: 'linkName', kind: 'text', attr: 'linkName' },
      { key: 'bindingType', kind: ['latest', 'deployment', 'versionTag'], attr: 'bindingType' },
      { key: 'versionTag', kind: 'text', attr: 'versionTag' },
    ],
  },
  {
    key: 'storeKeys', of: only('bpmn:DataStoreReference'), inside: 'ruslo:Store', property: 'keys', type: 'ruslo:Key', initial: { field: 'field' }, label: 'field',
    columns: [{ key: 'field', kind: 'text', attr: 'field' }, { key: 'value', kind: 'text', attr: 'value' }],
  },
  {
    key: 'behaviors', of: loop, property: 'complexBehaviorDefinition', type: 'bpmn:ComplexBehaviorDefinition', initial: {}, label: 'condition',
    columns: [{ key: 'condition', kind: 'expression', attr: 'condition' }, { key: 'event', kind: 'event', attr: 'event' }],
  },
  {
    key: 'assignments', of: only('bpmn:DataInputAssociation', 'bpmn:DataOutputAssociation'), property: 'assignment', type: 'bpmn:Assignment', initial: {}, label: 'to',
    columns: [{ key: 'from', kind: 'expression', attr: 'from' }, { key: 'to', kind: 'expression', attr: 'to' }],
  },
]

export const listsOf = (element: DiagramElement): ListSpec[] => LISTS.filter((spec) => spec.of(element) !== undefined)

function holderOf(spec: ListSpec, part: Moddle): Moddle | undefined {
  if (spec.inside === 'extensionElements') return part.get('extensionElements') as Moddle | undefined
  return spec.inside ? extension(part, spec.inside) : part
}

const all = (spec: ListSpec, holder: Moddle | undefined): Moddle[] => (holder?.get(spec.property) as Moddle[] | undefined) ?? []

export function itemsOf(spec: ListSpec, element: DiagramElement): Moddle[] {
  const part = spec.of(element)
  return part ? all(spec, holderOf(spec, part)).filter((item) => item.$type === spec.type) : []
}

export function addItem(services: FormServices, spec: ListSpec, element: DiagramElement): void {
  const part = spec.of(element)
  if (!part) return
  if (spec.inside === 'extensionElements') {
    makeInside(services, element, part, { type: spec.type, attrs: spec.initial })
    return
  }
  const holder = holderOf(spec, part) ?? (spec.inside ? makeInside(services, element, part, { type: spec.inside }) : part)
  const made = services.bpmnFactory.create(spec.type, spec.initial)
  made.$parent = holder
  services.modeling.updateModdleProperties(element, holder, { [spec.property]: [...all(spec, holder), made] })
}

export function removeItem(services: FormServices, spec: ListSpec, element: DiagramElement, item: Moddle): void {
  const part = spec.of(element)
  const holder = part && holderOf(spec, part)
  if (holder) services.modeling.updateModdleProperties(element, holder, { [spec.property]: all(spec, holder).filter((one) => one !== item) })
}

const bodyOf = (value: unknown): string => ((value as Moddle | undefined)?.get('body') as string | undefined) ?? ''

/** What an item's event refers to; the event itself is only a shell. */
const thrown = (item: Moddle): Moddle | undefined => ((item.get('event') as Moddle | undefined)?.get('eventDefinitionRef') as Moddle[] | undefined)?.[0]

export function readColumn(column: Column, item: Moddle): string {
  const value = item.get(column.attr)
  if (column.kind === 'expression') return bodyOf(value)
  if (column.kind === 'event') return (thrown(item)?.get('id') as string | undefined) ?? ''
  if (column.kind === 'options') return ((value as Moddle[] | undefined) ?? []).map((option) => `${String(option.get('key'))}=${String(option.get('label'))}`).join(', ')
  return typeof value === 'string' ? value : ''
}

export interface Written {
  element: DiagramElement
  column: Column
  item: Moddle
}

export function writeColumn(services: FormServices, { element, column, item }: Written, value: string | Moddle | undefined): void {
  const { bpmnFactory, modeling } = services
  const child = (type: string, attrs: object): Moddle => {
    const made = bpmnFactory.create(type, attrs)
    made.$parent = item
    return made
  }
  modeling.updateModdleProperties(element, item, { [column.attr]: stored(child, column, value) })
}

function stored(child: (type: string, attrs: object) => Moddle, column: Column, value: string | Moddle | undefined): unknown {
  if (value === undefined || value === '') return column.kind === 'options' ? [] : undefined
  if (typeof value !== 'string') return child('bpmn:ImplicitThrowEvent', { eventDefinitionRef: [value] })
  if (column.kind === 'expression') return child('bpmn:FormalExpression', { body: value })
  if (column.kind !== 'options') return value
  const pairs = value.split(',').map((pair) => pair.split('=').map((side) => side.trim()))
  return pairs.filter(([key]) => key).map(([key, label]) => child('ruslo:Option', { key, label: label || key }))
}

/** The short name of an item in its list. */
export function itemLabel(spec: ListSpec, item: Moddle): string {
  const value = item.get(spec.label)
  return (typeof value === 'string' ? value : bodyOf(value)) || '…'
}
