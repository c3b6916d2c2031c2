/** Which language an expression is in: FEEL unless its place names another one. Owns the places of all expressions. */
import { extension, extensionsOf, type DiagramElement, type FormServices, type Moddle } from './forms'

export const LANGUAGES = ['javascript', 'bitrix'] as const

/** Where an expression stands: its text and language, or the part that will hold them once they are written. */
export interface Place {
  /** The part that carries text and language; none until something is written. */
  holder: Moddle | undefined
  text: 'body' | 'expression' | 'source'
  language: 'language' | 'ruslo:language'
  /** Makes the holder as a property of its owner, and takes it away. */
  owner?: { moddle: Moddle; property: string }
}

const formal = (owner: Moddle | undefined, property: string): Place | undefined =>
  owner && { holder: owner.get(property) as Moddle | undefined, text: 'body', language: 'language', owner: { moddle: owner, property } }

const definition = (element: DiagramElement, type: string): Moddle | undefined =>
  ((element.businessObject.get('eventDefinitions') as Moddle[] | undefined) ?? []).find((one) => one.$type === `bpmn:${type}EventDefinition`)

function timer(element: DiagramElement): Place | undefined {
  const found = definition(element, 'Timer')
  const said = ['timeDate', 'timeDuration', 'timeCycle'].find((name) => found?.get(name))
  return said ? formal(found, said) : undefined
}

function script(element: DiagramElement): Place | undefined {
  const holder = extension(element.businessObject, 'zeebe:Script')
  return holder && { holder, text: 'expression', language: 'ruslo:language' }
}

/** Expressions of the library's panel, by the entry that asks for them. */
const PLACES: Readonly<Record<string, (element: DiagramElement) => Place | undefined>> = {
  conditionExpression: (element) => formal(element.businessObject, 'conditionExpression'),
  condition: (element) => formal(definition(element, 'Conditional'), 'condition'),
  'multiInstance-completionCondition': (element) => formal(element.businessObject.get('loopCharacteristics') as Moddle | undefined, 'completionCondition'),
  completionCondition: (element) => (element.type === 'bpmn:AdHocSubProcess' ? formal(element.businessObject, 'completionCondition') : undefined),
  timerEventDefinitionValue: timer,
  scriptExpression: script,
}

/** The mapping that an entry of the list of inputs or outputs asks for. */
function mapping(element: DiagramElement, entry: string): Place | undefined {
  const found = /-(input|output)-(\d+)-source$/.exec(entry)
  if (!found || !entry.startsWith(element.id)) return undefined
  const io = extensionsOf(element.businessObject).find((value) => value.$type === 'zeebe:IoMapping')
  const holder = (io?.get(found[1] === 'input' ? 'inputParameters' : 'outputParameters') as Moddle[] | undefined)?.[Number(found[2])]
  return holder && { holder, text: 'source', language: 'ruslo:language' }
}

export const placeOf = (element: DiagramElement, entry: string): Place | undefined => PLACES[entry]?.(element) ?? mapping(element, entry)
export const ownPlace = (owner: Moddle | undefined, property: string): Place | undefined => formal(owner, property)

/** The language as it is chosen here: FEEL is what is meant when nothing is said. */
export function languageOf(place: Place): string {
  const said = ((place.holder?.get(place.language) as string | undefined) ?? '').trim().toLowerCase()
  if (/feel/.test(said)) return ''
  return /^(js|ecmascript|(text|application)\/javascript)$/.test(said) ? 'javascript' : said
}

export const textOf = (place: Place): string => (place.holder?.get(place.text) as string | undefined) ?? ''

/** FEEL begins with `=`, other languages do not. */
function said(text: string, language: string): string {
  const plain = text.replace(/^\s*=/, '')
  return language || !plain ? plain : `=${plain}`
}

export function writeLanguage(services: FormServices, element: DiagramElement, place: Place, language: string): void {
  write(services, element, place, { text: said(textOf(place), language), language })
}

export function writeText(services: FormServices, element: DiagramElement, place: Place, text: string): void {
  write(services, element, place, { text, language: languageOf(place) })
}

function write({ bpmnFactory, modeling }: FormServices, element: DiagramElement, place: Place, value: { text: string; language: string }): void {
  const { holder, owner } = place
  const properties = { [place.text]: value.text, [place.language]: value.language || undefined }
  if (owner && !value.text && !value.language) {
    modeling.updateModdleProperties(element, owner.moddle, { [owner.property]: undefined })
  } else if (holder) {
    modeling.updateModdleProperties(element, holder, properties)
  } else if (owner) {
    const made = bpmnFactory.create('bpmn:FormalExpression', properties)
    made.$parent = owner.moddle
    modeling.updateModdleProperties(element, owner.moddle, { [owner.property]: made })
  }
}
