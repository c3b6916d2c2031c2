/** Forms embedded in the process: found by the key of a form definition, changed only through commands. */
import type { Json, JsonObject } from '@/api'
import { isObject, parseJson } from '@/util/json'

export interface Moddle {
  $type: string
  $parent?: Moddle
  get: (name: string) => unknown
}
export interface DiagramElement {
  id: string
  type: string
  parent?: DiagramElement
  businessObject: Moddle
}
export interface FormServices {
  bpmnFactory: { create: (type: string, attrs: object) => Moddle }
  modeling: { updateModdleProperties: (element: DiagramElement, moddle: Moddle, properties: object) => void }
  commandStack: { execute: (command: string, context: object) => void }
}

const PREFIX = 'camunda-forms:bpmn:'

export function extensionsOf(moddle: Moddle): Moddle[] {
  const holder = moddle.get('extensionElements') as Moddle | undefined
  return (holder?.get('values') as Moddle[] | undefined) ?? []
}

export function extension(moddle: Moddle, type: string): Moddle | undefined {
  return extensionsOf(moddle).find((value) => value.$type === type)
}

/** What holds the forms drawn into it: the process, or a task that stands in none. */
function processOf(moddle: Moddle): Moddle {
  let at = moddle
  while (at.$parent && at.$type !== 'bpmn:Process' && at.$type !== 'bpmn:GlobalUserTask') at = at.$parent
  return at
}

function embeddedForm(element: DiagramElement): Moddle | undefined {
  const key = extension(element.businessObject, 'zeebe:FormDefinition')?.get('formKey')
  if (typeof key !== 'string' || !key.startsWith(PREFIX)) return undefined
  const id = key.slice(PREFIX.length)
  return extensionsOf(processOf(element.businessObject)).find((value) => value.$type === 'zeebe:UserTaskForm' && value.get('id') === id)
}

/** The form's schema; `null` when the element has none. */
export function formOf(element: DiagramElement): JsonObject | null {
  const body = embeddedForm(element)?.get('body')
  const parsed = typeof body === 'string' ? parseJson(body) : null
  return parsed?.ok && isObject(parsed.value) ? parsed.value : null
}

export function fieldCount(schema: JsonObject | null): number {
  const count = (components: Json | undefined): number =>
    Array.isArray(components)
      ? components.reduce<number>((sum, item) => sum + (isObject(item) ? (typeof item.key === 'string' ? 1 : 0) + count(item.components) : 0), 0)
      : 0
  return count(schema?.components)
}

export function emptyForm(): JsonObject {
  return { type: 'default', schemaVersion: 18, components: [] }
}

/** Adds `values` to an element's extensions; one command of the batch. */
function addExtension(services: FormServices, element: DiagramElement, moddle: Moddle, made: (parent: Moddle) => Moddle): void {
  const { bpmnFactory, modeling } = services
  let holder = moddle.get('extensionElements') as Moddle | undefined
  if (!holder) {
    holder = bpmnFactory.create('bpmn:ExtensionElements', { values: [] })
    holder.$parent = moddle
    modeling.updateModdleProperties(element, moddle, { extensionElements: holder })
  }
  const value = made(holder)
  value.$parent = holder
  modeling.updateModdleProperties(element, holder, { values: [...((holder.get('values') as Moddle[]) ?? []), value] })
}

export function setForm(services: FormServices, element: DiagramElement, schema: JsonObject): void {
  const body = JSON.stringify(schema)
  const existing = embeddedForm(element)
  if (existing) {
    services.modeling.updateModdleProperties(element, existing, { body })
    return
  }
  const id = `form_${element.id}`
  removeDefinition(services, element)
  addExtension(services, element, processOf(element.businessObject), () => services.bpmnFactory.create('zeebe:UserTaskForm', { id, body }))
  addExtension(services, element, element.businessObject, () => services.bpmnFactory.create('zeebe:FormDefinition', { formKey: PREFIX + id }))
}

function removeDefinition(services: FormServices, element: DiagramElement): void {
  const holder = element.businessObject.get('extensionElements') as Moddle | undefined
  const values = extensionsOf(element.businessObject)
  if (!holder || !values.some((value) => value.$type === 'zeebe:FormDefinition')) return
  services.modeling.updateModdleProperties(element, holder, { values: values.filter((value) => value.$type !== 'zeebe:FormDefinition') })
}

export function removeForm(services: FormServices, element: DiagramElement): void {
  removeDefinition(services, element)
}

/** Sets the assignee; an empty text removes it. */
export function setAssignee(services: FormServices, element: DiagramElement, assignee: string): void {
  const definition = extension(element.businessObject, 'zeebe:AssignmentDefinition')
  if (definition) services.modeling.updateModdleProperties(element, definition, { assignee: assignee || undefined })
  else if (assignee) addExtension(services, element, element.businessObject, () => services.bpmnFactory.create('zeebe:AssignmentDefinition', { assignee }))
}

export function assigneeOf(element: DiagramElement): string {
  const value = extension(element.businessObject, 'zeebe:AssignmentDefinition')?.get('assignee')
  return typeof value === 'string' ? value : ''
}
