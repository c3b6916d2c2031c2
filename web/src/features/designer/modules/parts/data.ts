/** Data of activities and events: their properties, data inputs and outputs, and where their data comes from and goes. */
import i18next from 'i18next'
import type { DiagramElement, Moddle } from '../forms'
import { ACTIVITIES, CATCH, THROW } from '../kinds'
import { idOf, make, many, nameOf, one, processOf, addRoot, rootsOfType, text, type PartServices } from './services'
import { isPath, isVariable, type Choice, type NestedSpec, type PartColumn, type PartSpec, type Spot } from './spec'

type Way = 'in' | 'out'

/** The words of each way; the inner end of an association is the activity's own. */
const WAYS = {
  in: { item: 'bpmn:DataInput', items: 'dataInputs', association: 'bpmn:DataInputAssociation', associations: 'dataInputAssociations', set: 'bpmn:InputSet', sets: 'inputSets', eventSet: 'inputSet', refs: 'dataInputRefs' },
  out: { item: 'bpmn:DataOutput', items: 'dataOutputs', association: 'bpmn:DataOutputAssociation', associations: 'dataOutputAssociations', set: 'bpmn:OutputSet', sets: 'outputSets', eventSet: 'outputSet', refs: 'dataOutputRefs' },
} as const
const OPTIONAL = 'optionalInputRefs'
const LATER = 'whileExecutingInputRefs'
/** What the drawing tool writes where a data input would have to be. */
const PLACEHOLDER = '__targetRef_placeholder'

const isActivity = (element: DiagramElement): boolean => ACTIVITIES.includes(element.type)
const isEvent = (element: DiagramElement, way: Way): boolean => (way === 'in' ? THROW : CATCH).includes(element.type)
const moves = (element: DiagramElement, way: Way): boolean => isActivity(element) || isEvent(element, way)

/** What holds the inputs or outputs: the specification of an activity, or the event itself. */
const holderOf = (element: DiagramElement, way: Way): Moddle | undefined => (isEvent(element, way) ? element.businessObject : one(element.businessObject, 'ioSpecification'))

const set = (services: PartServices, element: DiagramElement, part: Moddle, properties: object): void => services.modeling.updateModdleProperties(element, part, properties)

function addData(services: PartServices, element: DiagramElement, way: Way): void {
  const words = WAYS[way]
  services.together(() => {
    const holder = holderOf(element, way) ?? specification(services, element)
    const id = services.newId(way === 'in' ? 'DataInput_' : 'DataOutput_')
    const made = make(services, holder, words.item, { id, name: freeName(many(holder, words.items), way === 'in' ? 'input' : 'output') })
    set(services, element, holder, { [words.items]: [...many(holder, words.items), made] })
    const sets = isEvent(element, way) ? [one(holder, words.eventSet)] : many(holder, words.sets)
    if (sets[0]) set(services, element, sets[0], { [words.refs]: [...many(sets[0], words.refs), made] })
    else {
      const first = make(services, holder, words.set, { id: services.newId(way === 'in' ? 'InputSet_' : 'OutputSet_'), [words.refs]: [made] })
      set(services, element, holder, isEvent(element, way) ? { [words.eventSet]: first } : { [words.sets]: [first] })
    }
  })
}

function freeName(items: Moddle[], word: string): string {
  const taken = new Set(items.map((item) => text(item, 'name')))
  let number = items.length + 1
  while (taken.has(`${word}${number}`)) number += 1
  return `${word}${number}`
}

/** A specification has a set of each way, though it may be empty. */
function specification(services: PartServices, element: DiagramElement): Moddle {
  const made = make(services, element.businessObject, 'bpmn:InputOutputSpecification', { id: services.newId('InputOutputSpecification_') })
  const [input, output] = [make(services, made, 'bpmn:InputSet', { id: services.newId('InputSet_') }), make(services, made, 'bpmn:OutputSet', { id: services.newId('OutputSet_') })]
  set(services, element, made, { inputSets: [input], outputSets: [output] })
  set(services, element, element.businessObject, { ioSpecification: made })
  return made
}

function removeData(services: PartServices, { element, item }: Spot, way: Way): void {
  const words = WAYS[way]
  const holder = holderOf(element, way)
  if (!holder) return
  services.together(() => {
    const association = associationOf({ element, item }, way)
    if (association) removeAssociation(services, element, association, way)
    const sets = isEvent(element, way) ? [one(holder, words.eventSet)] : many(holder, words.sets)
    for (const part of sets) {
      for (const name of part ? [words.refs, ...(way === 'in' ? [OPTIONAL, LATER] : [])] : []) {
        if (part && many(part, name).includes(item)) set(services, element, part, { [name]: many(part, name).filter((other) => other !== item) })
      }
    }
    const left = many(holder, words.items).filter((other) => other !== item)
    set(services, element, holder, { [words.items]: left })
    const other = way === 'in' ? 'out' : 'in'
    if (isEvent(element, way) && left.length === 0) set(services, element, holder, { [words.eventSet]: undefined })
    else if (left.length === 0 && many(holder, WAYS[other].items).length === 0) set(services, element, element.businessObject, { ioSpecification: undefined })
  })
}

const associationsOf = (element: DiagramElement, way: Way): Moddle[] => many(element.businessObject, WAYS[way].associations)
const inner = (association: Moddle, way: Way): Moddle | undefined => (way === 'in' ? one(association, 'targetRef') : many(association, 'sourceRef')[0])
const outer = (association: Moddle, way: Way): Moddle | undefined => (way === 'in' ? many(association, 'sourceRef')[0] : one(association, 'targetRef'))
const innerEnd = (way: Way, item: Moddle): object => (way === 'in' ? { targetRef: item } : { sourceRef: [item] })
const outerEnd = (way: Way, part: Moddle | undefined): object => (way === 'in' ? { sourceRef: part ? [part] : [] } : { targetRef: part })

export const associationOf = ({ element, item }: Spot, way: Way): Moddle | undefined => associationsOf(element, way).find((one) => inner(one, way) === item)

function drawn(services: PartServices, part: Moddle): DiagramElement | undefined {
  return services.shapes().find((shape) => shape.businessObject === part)
}

function removeAssociation(services: PartServices, element: DiagramElement, association: Moddle, way: Way): void {
  const line = drawn(services, association)
  if (line) services.disconnect(line)
  else set(services, element, element.businessObject, { [WAYS[way].associations]: associationsOf(element, way).filter((other) => other !== association) })
}

const isLoose = (association: Moddle, way: Way): boolean => {
  const end = inner(association, way)
  return !end || text(end, 'name') === PLACEHOLDER
}

/** The association that the part gets: one that is drawn already and leads nowhere, a new line, or what no line shows. */
function makeAssociation(services: PartServices, { element, item }: Spot, way: Way, chosen: Moddle | undefined): Moddle {
  const words = WAYS[way]
  const own = drawn(services, element.businessObject)
  const shape = chosen && drawn(services, chosen)
  let found = chosen && associationsOf(element, way).find((one) => outer(one, way) === chosen && isLoose(one, way))
  if (!found && own && shape) {
    const line = way === 'in' ? services.connect(shape, own, words.association) : services.connect(own, shape, words.association)
    found = line.businessObject
  }
  if (found) set(services, element, found, innerEnd(way, item))
  else {
    found = make(services, element.businessObject, words.association, { id: services.newId(way === 'in' ? 'DataInputAssociation_' : 'DataOutputAssociation_'), ...innerEnd(way, item), ...outerEnd(way, chosen) })
    set(services, element, element.businessObject, { [words.associations]: [...associationsOf(element, way), found] })
  }
  dropPlaceholders(services, element)
  return found
}

/** Placeholders to which no line leads any longer. */
function dropPlaceholders(services: PartServices, element: DiagramElement): void {
  const used = new Set(associationsOf(element, 'in').map((one) => inner(one, 'in')))
  const all = many(element.businessObject, 'properties')
  const kept = all.filter((property) => text(property, 'name') !== PLACEHOLDER || used.has(property))
  if (kept.length < all.length) set(services, element, element.businessObject, { properties: kept })
}

/** Where the data comes from, or goes to. */
export function choose(services: PartServices, spot: Spot, way: Way, chosen: Moddle | undefined): void {
  const current = associationOf(spot, way)
  if (current && outer(current, way) === chosen) return
  services.together(() => {
    const kept = { transformation: one(current, 'transformation'), assignment: many(current, 'assignment') }
    if (current) removeAssociation(services, spot.element, current, way)
    if (!chosen && !kept.transformation && kept.assignment.length === 0) return
    const made = makeAssociation(services, spot, way, chosen)
    for (const part of [kept.transformation, ...kept.assignment]) if (part) part.$parent = made
    if (kept.transformation || kept.assignment.length > 0) set(services, spot.element, made, kept)
  })
}

/** An association without anything to bring would be waited for in vain. */
function dropEmpty(services: PartServices, spot: Spot, way: Way): void {
  const found = associationOf(spot, way)
  if (found && !outer(found, way) && !one(found, 'transformation') && many(found, 'assignment').length === 0) removeAssociation(services, spot.element, found, way)
}

/** Everything that holds data where `element` stands: what is drawn, and the properties around it. */
export function holdersOf(services: Pick<PartServices, 'shapes'>, element: DiagramElement): Moddle[] {
  const found = services.shapes().filter((shape) => shape.type === 'bpmn:DataObjectReference' || shape.type === 'bpmn:DataStoreReference').map((shape) => shape.businessObject)
  let at: Moddle | undefined = element.businessObject
  while (at) {
    found.push(...ownProperties(at))
    at = at.$parent
  }
  return found
}

const ownProperties = (part: Moddle | undefined): Moddle[] => many(part, 'properties').filter((property) => property.$type === 'bpmn:Property' && text(property, 'name') !== PLACEHOLDER)

const dataChoices = (services: PartServices, element: DiagramElement): { part: Moddle; choice: Choice }[] => holdersOf(services, element).map((part) => ({ part, choice: { value: idOf(part), label: nameOf(part) } }))

function modeOf({ element, item }: Spot): string {
  const sets = many(holderOf(element, 'in'), 'inputSets')
  if (sets.some((one) => many(one, LATER).includes(item))) return 'later'
  return sets.some((one) => many(one, OPTIONAL).includes(item)) ? 'optional' : 'required'
}

function writeMode(services: PartServices, { element, item }: Spot, mode: string): void {
  const first = many(holderOf(element, 'in'), 'inputSets').find((one) => many(one, 'dataInputRefs').includes(item))
  if (!first) return
  const without = (name: string): Moddle[] => many(first, name).filter((other) => other !== item)
  set(services, element, first, { [OPTIONAL]: [...without(OPTIONAL), ...(mode === 'optional' ? [item] : [])], [LATER]: [...without(LATER), ...(mode === 'later' ? [item] : [])] })
}

const nameColumn: PartColumn = {
  key: 'partName', kind: 'text',
  read: ({ item }) => text(item, 'name'),
  write: (services, { element, item }, value) => set(services, element, item, { name: value || undefined }),
  wrong: (value) => (!value || isVariable(value) ? undefined : i18next.t('designer.partWrong.variable')),
}

function dataColumns(way: Way): PartColumn[] {
  return [
    nameColumn,
    {
      key: way === 'in' ? 'dataFrom' : 'dataTo', kind: 'choice',
      read: (spot) => { const found = associationOf(spot, way); return idOf(found && outer(found, way)) },
      write: (services, spot, value) => choose(services, spot, way, dataChoices(services, spot.element).find(({ choice }) => choice.value === value)?.part),
      choices: ({ element }, services) => [{ value: '', label: i18next.t('designer.extNone') }, ...dataChoices(services, element).map(({ choice }) => choice)],
    },
    {
      key: 'transformation', kind: 'expression', property: 'transformation',
      owner: (spot) => associationOf(spot, way),
      makeOwner: (services, spot) => makeAssociation(services, spot, way, undefined),
      after: (services, spot) => dropEmpty(services, spot, way),
    },
    {
      key: 'inputMode', kind: 'choice',
      hidden: ({ element }) => way === 'out' || !isActivity(element),
      read: modeOf,
      write: writeMode,
      choices: () => (['required', 'optional', 'later'] as const).map((value) => ({ value, label: i18next.t(`designer.inputMode.${value}`) })),
    },
  ]
}

/** Assignments stand in the association of their input or output. */
const assignments = (way: Way): NestedSpec => ({
  key: 'dataAssignments',
  items: (spot) => many(associationOf(spot, way), 'assignment'),
  add: (services, spot) => services.together(() => {
    const found = associationOf(spot, way) ?? makeAssociation(services, spot, way, undefined)
    set(services, spot.element, found, { assignment: [...many(found, 'assignment'), make(services, found, 'bpmn:Assignment')] })
  }),
  remove: (services, spot, gone) => services.together(() => {
    const found = associationOf(spot, way)
    if (found) set(services, spot.element, found, { assignment: many(found, 'assignment').filter((other) => other !== gone) })
    dropEmpty(services, spot, way)
  }),
  label: (assignment) => text(one(assignment, 'to'), 'body') || '…',
  columns: [
    { key: 'assignFrom', kind: 'expression', property: 'from', owner: ({ item }) => item },
    { key: 'assignTo', kind: 'expression', property: 'to', owner: ({ item }) => item, plain: true, wrong: (value) => (isPath(value.replace(/^\s*=/, '').trim()) ? undefined : i18next.t('designer.partWrong.path')) },
  ],
})

const dataSpec = (way: Way): PartSpec => ({
  key: way === 'in' ? 'dataInputs' : 'dataOutputs',
  shown: (element) => moves(element, way),
  items: (element) => many(holderOf(element, way), WAYS[way].items),
  add: (services, element) => addData(services, element, way),
  remove: (services, spot) => removeData(services, spot, way),
  label: nameOf,
  columns: () => dataColumns(way),
  nested: assignments(way),
})

const ownerOfProperties = (element: DiagramElement): Moddle | undefined =>
  processOf(element) ?? (isActivity(element) || CATCH.includes(element.type) || THROW.includes(element.type) ? element.businessObject : undefined)

export const TYPES = ['string', 'int', 'double', 'boolean', 'date', 'dateTime', 'time'] as const

/** The structure that a property's item has, without its prefix; a text when nothing is said. */
const structureOf = (item: Moddle): string => text(one(item, 'itemSubjectRef'), 'structureRef').split(':').pop() || 'string'
const isMany = (item: Moddle): boolean => one(item, 'itemSubjectRef')?.get('isCollection') === true

/** Refers to the item of that structure; it is made when the file has none. */
function writeItem(services: PartServices, { element, item }: Spot, structure: string, collection: boolean): void {
  services.together(() => {
    const plain = structure === 'string' && !collection
    const known = rootsOfType(element, 'bpmn:ItemDefinition').find((one) => text(one, 'structureRef').split(':').pop() === structure && (one.get('isCollection') === true) === collection)
    const found = plain ? undefined : known ?? addRoot(services, element, 'bpmn:ItemDefinition', { id: services.newId('ItemDefinition_'), structureRef: structure, ...(collection ? { isCollection: true } : {}) })
    set(services, element, item, { itemSubjectRef: found })
  })
}

const properties: PartSpec = {
  key: 'properties',
  shown: (element) => ownerOfProperties(element) !== undefined,
  items: (element) => ownProperties(ownerOfProperties(element)),
  add: (services, element) => {
    const owner = ownerOfProperties(element)
    if (!owner) return
    const made = make(services, owner, 'bpmn:Property', { id: services.newId('Property_'), name: freeName(ownProperties(owner), 'property') })
    set(services, element, owner, { properties: [...many(owner, 'properties'), made] })
  },
  remove: (services, { element, item }) => {
    const owner = ownerOfProperties(element)
    if (owner) set(services, element, owner, { properties: many(owner, 'properties').filter((other) => other !== item) })
  },
  label: nameOf,
  columns: () => [
    nameColumn,
    {
      key: 'dataType', kind: 'choice',
      read: ({ item }) => structureOf(item),
      write: (services, spot, value) => writeItem(services, spot, value, isMany(spot.item)),
      choices: ({ item }) => {
        const own = structureOf(item)
        const known = TYPES.map((value) => ({ value, label: i18next.t(`designer.dataType.${value}`) }))
        return known.some(({ value }) => value === own) ? known : [...known, { value: own as typeof TYPES[number], label: own }]
      },
    },
    { key: 'collection', kind: 'check', read: ({ item }) => String(isMany(item)), write: (services, spot, value) => writeItem(services, spot, structureOf(spot.item), value === 'true') },
  ],
}

export const DATA: readonly PartSpec[] = [properties, dataSpec('in'), dataSpec('out')]
