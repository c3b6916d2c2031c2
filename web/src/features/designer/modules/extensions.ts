/** What can be said of an element beyond the library's panel: where each word stands in the model, and how it is changed. */
import { extension, type DiagramElement, type FormServices, type Moddle } from './forms'
import { ACTIVITIES, CATCH, GATEWAYS, THROW } from './kinds'

/** Keys of `designer.ext` and `designer.extHint`. */
export type ExtKey =
  | 'zone' | 'missedStarts' | 'defaultStart' | 'timerZone' | 'calendar' | 'endDate' | 'code' | 'errorCodeVariable' | 'errorMessageVariable' | 'escalationCodeVariable'
  | 'terminate' | 'messageName' | 'publishKey' | 'publishId' | 'publishTtl' | 'signalName' | 'signalScope' | 'allVariables' | 'asyncBefore' | 'asyncAfter' | 'mutex' | 'skipExpression'
  | 'startQuantity' | 'completionQuantity' | 'indexVariable' | 'zeroBased' | 'loopCardinality' | 'behavior' | 'loopCondition' | 'loopMaximum' | 'testBefore' | 'confirm'
  | 'title' | 'description' | 'decisionResult' | 'wait' | 'localVariables' | 'manual' | 'ordering' | 'assignee' | 'candidateUsers' | 'candidateGroups' | 'value'
  | 'activationCondition' | 'instantiate' | 'eventGatewayType' | 'parallelMultiple' | 'storeCatalog'
  | 'expressionLanguage' | 'jobPriority' | 'lintInclusive' | 'lintComplex' | 'lintSplit' | 'lintEvents' | 'messageRef' | 'messageRefName' | 'messageRefKey' | 'signalRefScope'
  | 'eventCondition' | 'timeDate' | 'timeDuration' | 'timeCycle' | 'flowCondition' | 'behaviorEvent' | 'businessId' | 'dataState' | 'transformation'
  | 'scriptFormat' | 'script' | 'resultVariable'

/** `event` picks one of the file's event definitions, `message` one of its messages. */
type Kind = 'text' | 'expression' | 'check' | 'event' | 'message' | readonly string[]

export interface Field {
  key: ExtKey
  kind: Kind
  /** The object that carries the word; none where it does not apply. */
  of: (element: DiagramElement) => Moddle | undefined
  attr: string
  /** Values of a checkbox that is set and one that is not; `undefined` is absence. */
  set?: string | boolean
  unset?: string | boolean
  /** The extension element that is made when the first word is written. */
  inside?: string
  /** A tick that is one word in a list of words. */
  word?: string
  /** The type of the part that holds the text as its name. */
  named?: string
}

const is = (element: DiagramElement, ...types: string[]): boolean => types.includes(element.type)
const self = (...types: string[]) => (element: DiagramElement) => (is(element, ...types) ? element.businessObject : undefined)
const activity = self(...ACTIVITIES)
/** Tokens are counted in a process only. */
const drawnActivity = (element: DiagramElement) => { const found = activity(element); return found && !found.$type.startsWith('bpmn:Global') ? found : undefined }
const flowNode = self(...ACTIVITIES, ...GATEWAYS, ...CATCH, ...THROW)

/** An element seen with one of its event definitions only: the second of a kind has fields of its own. */
interface OneOfMany extends DiagramElement {
  extra: true
}
const extra = (element: DiagramElement): boolean => 'extra' in element
const definitions = (element: DiagramElement): Moddle[] => (element.businessObject.get('eventDefinitions') as Moddle[] | undefined) ?? []
const defined = (type: string, on: readonly string[] = [...CATCH, ...THROW]) => (element: DiagramElement) =>
  is(element, ...on) ? definitions(element).find((definition) => definition.$type === `bpmn:${type}EventDefinition`) : undefined
/** What throws a message: its definition, or the send task. */
const throwing = (element: DiagramElement) => defined('Message', THROW)(element) ?? (extra(element) ? defined('Message')(element) : self('bpmn:SendTask')(element))
const throwsMessage = (element: DiagramElement) => (is(element, 'bpmn:SendTask') || defined('Message', THROW)(element) ? element.businessObject : undefined)
const loop = (type: string) => (element: DiagramElement) => {
  const found = is(element, ...ACTIVITIES) ? (element.businessObject.get('loopCharacteristics') as Moddle | undefined) : undefined
  return found?.$type === `bpmn:${type}LoopCharacteristics` ? found : undefined
}
const process = (element: DiagramElement) =>
  is(element, 'bpmn:Process') ? element.businessObject : is(element, 'bpmn:Participant') ? (element.businessObject.get('processRef') as Moddle | undefined) : undefined
const plainStart = (element: DiagramElement) => (is(element, 'bpmn:StartEvent') && !is(element.parent ?? element, 'bpmn:SubProcess') ? element.businessObject : undefined)
const dataObject = (element: DiagramElement) => (is(element, 'bpmn:DataObjectReference') ? (element.businessObject.get('dataObjectRef') as Moddle | undefined) : undefined)
const several = (element: DiagramElement) => (is(element, ...CATCH) && definitions(element).length > 1 ? element.businessObject : undefined)
const job = self('bpmn:ServiceTask', 'bpmn:SendTask', 'bpmn:ScriptTask', 'bpmn:BusinessRuleTask', 'bpmn:AdHocSubProcess')
const root = (element: DiagramElement) => (process(element) ? definitionsOf(element.businessObject) : undefined)
const association = self('bpmn:DataInputAssociation', 'bpmn:DataOutputAssociation')
const nativeScript = (element: DiagramElement) => {
  const task = self('bpmn:ScriptTask')(element)
  return task && (task.get('script') || task.get('scriptFormat')) ? task : undefined
}
/** A script that stands in no process names its language in another attribute. */
const inProcess = (of: Field['of'], yes: boolean) => (element: DiagramElement) => {
  const found = of(element)
  return found && (found.$type === 'bpmn:GlobalScriptTask') !== yes ? found : undefined
}
const ref = (of: Field['of'], name: string) => (element: DiagramElement) => of(element)?.get(name) as Moddle | undefined
/** Flows whose condition the library's panel does not ask for. */
const flow = (element: DiagramElement) =>
  is(element, 'bpmn:SequenceFlow') && /ComplexGateway|Event$/.test((element.businessObject.get('sourceRef') as Moddle | undefined)?.$type ?? '') ? element.businessObject : undefined
const behavior = (value: string) => (element: DiagramElement) => {
  const found = loop('MultiInstance')(element)
  return found?.get('behavior') === value ? found : undefined
}

/** The file that a part stands in. */
export function definitionsOf(moddle: Moddle): Moddle {
  let at = moddle
  while (at.$parent) at = at.$parent
  return at
}
const LINT = 'ruslo:lint'

const messageDefinitionOf = (element: DiagramElement) => defined('Message')(element) ?? self('bpmn:SendTask', 'bpmn:ReceiveTask')(element)

function onlyExtra(of: Field['of']): Field['of'] {
  return (element) => (extra(element) ? of(element) : undefined)
}
/** Words of an event definition itself, and of the message that it refers to. */
const OF_DEFINITION: ReadonlySet<ExtKey> = new Set<ExtKey>([
  'timeDate', 'timeDuration', 'timeCycle', 'eventCondition', 'timerZone', 'calendar', 'endDate', 'code', 'errorCodeVariable', 'errorMessageVariable', 'escalationCodeVariable',
  'messageRef', 'messageRefName', 'messageRefKey', 'messageName', 'signalName', 'signalScope', 'allVariables',
])

export const FIELDS: readonly Field[] = [
  { key: 'zone', kind: 'text', of: process, attr: 'ruslo:zone' },
  { key: 'missedStarts', kind: ['skip', 'once', 'all'], of: process, attr: 'ruslo:missedStarts' },
  { key: 'expressionLanguage', kind: ['feel', 'javascript'], of: root, attr: 'expressionLanguage' },
  { key: 'jobPriority', kind: 'text', of: (element) => process(element) ?? job(element), attr: 'priority', inside: 'zeebe:JobPriorityDefinition' },
  { key: 'lintInclusive', kind: 'check', of: root, attr: LINT, word: 'no-inclusive-gateway' },
  { key: 'lintComplex', kind: 'check', of: root, attr: LINT, word: 'no-complex-gateway' },
  { key: 'lintSplit', kind: 'check', of: root, attr: LINT, word: 'no-implicit-split' },
  { key: 'lintEvents', kind: 'check', of: root, attr: LINT, word: 'single-event-definition' },
  { key: 'defaultStart', kind: 'check', of: plainStart, attr: 'ruslo:default', set: 'true' },
  { key: 'parallelMultiple', kind: 'check', of: several, attr: 'parallelMultiple', set: true, unset: false },
  { key: 'timeDate', kind: 'expression', of: onlyExtra(defined('Timer')), attr: 'timeDate' },
  { key: 'timeDuration', kind: 'expression', of: onlyExtra(defined('Timer')), attr: 'timeDuration' },
  { key: 'timeCycle', kind: 'expression', of: onlyExtra(defined('Timer')), attr: 'timeCycle' },
  { key: 'eventCondition', kind: 'expression', of: onlyExtra(defined('Conditional')), attr: 'condition' },
  { key: 'timerZone', kind: 'text', of: defined('Timer'), attr: 'ruslo:zone' },
  { key: 'calendar', kind: 'text', of: defined('Timer'), attr: 'ruslo:calendar' },
  { key: 'endDate', kind: 'text', of: defined('Timer'), attr: 'ruslo:endDate' },
  { key: 'code', kind: 'text', of: (element) => defined('Error')(element) ?? defined('Escalation')(element), attr: 'ruslo:code' },
  { key: 'errorCodeVariable', kind: 'text', of: defined('Error', CATCH), attr: 'ruslo:errorCodeVariable' },
  { key: 'errorMessageVariable', kind: 'text', of: defined('Error', CATCH), attr: 'ruslo:errorMessageVariable' },
  { key: 'escalationCodeVariable', kind: 'text', of: defined('Escalation', CATCH), attr: 'ruslo:escalationCodeVariable' },
  { key: 'terminate', kind: ['all', 'multiInstance'], of: defined('Terminate'), attr: 'ruslo:terminate' },
  { key: 'messageName', kind: 'text', of: messageDefinitionOf, attr: 'ruslo:messageName' },
  { key: 'messageRef', kind: 'message', of: throwing, attr: 'messageRef' },
  { key: 'messageRefName', kind: 'text', of: ref(throwing, 'messageRef'), attr: 'name' },
  { key: 'messageRefKey', kind: 'text', of: ref(throwing, 'messageRef'), attr: 'correlationKey', inside: 'zeebe:Subscription' },
  { key: 'publishKey', kind: 'text', of: throwsMessage, attr: 'correlationKey', inside: 'ruslo:PublishMessage' },
  { key: 'publishId', kind: 'text', of: throwsMessage, attr: 'messageId', inside: 'ruslo:PublishMessage' },
  { key: 'publishTtl', kind: 'text', of: throwsMessage, attr: 'timeToLive', inside: 'ruslo:PublishMessage' },
  { key: 'signalName', kind: 'text', of: defined('Signal'), attr: 'ruslo:signalName' },
  { key: 'signalScope', kind: 'check', of: defined('Signal', THROW), attr: 'ruslo:scope', set: 'processInstance' },
  { key: 'signalRefScope', kind: 'check', of: ref(defined('Signal'), 'signalRef'), attr: 'ruslo:scope', set: 'processInstance' },
  { key: 'allVariables', kind: 'check', of: defined('Signal', THROW), attr: 'ruslo:allVariables', set: 'true' },
  { key: 'title', kind: 'text', of: self('bpmn:UserTask'), attr: 'ruslo:title' },
  { key: 'description', kind: 'text', of: self('bpmn:UserTask'), attr: 'ruslo:description' },
  { key: 'confirm', kind: 'check', of: self('bpmn:ManualTask'), attr: 'ruslo:confirm', set: 'true' },
  { key: 'decisionResult', kind: ['singleEntry', 'singleResult', 'collectEntries', 'resultList'], of: self('bpmn:BusinessRuleTask'), attr: 'ruslo:decisionResult' },
  { key: 'wait', kind: 'check', of: self('bpmn:CallActivity'), attr: 'ruslo:wait', set: undefined, unset: 'false' },
  { key: 'localVariables', kind: 'check', of: self('bpmn:CallActivity'), attr: 'ruslo:localVariables', set: 'true' },
  { key: 'businessId', kind: 'text', of: self('bpmn:CallActivity'), attr: 'businessId', inside: 'zeebe:CalledElement' },
  { key: 'manual', kind: ['true', 'false'], of: self('bpmn:AdHocSubProcess'), attr: 'ruslo:manual' },
  { key: 'ordering', kind: ['Parallel', 'Sequential'], of: self('bpmn:AdHocSubProcess'), attr: 'ordering' },
  { key: 'activationCondition', kind: 'expression', of: self('bpmn:ComplexGateway'), attr: 'activationCondition' },
  { key: 'instantiate', kind: 'check', of: self('bpmn:EventBasedGateway', 'bpmn:ReceiveTask'), attr: 'instantiate', set: true, unset: false },
  { key: 'eventGatewayType', kind: ['Exclusive', 'Parallel'], of: self('bpmn:EventBasedGateway'), attr: 'eventGatewayType' },
  { key: 'loopCardinality', kind: 'expression', of: loop('MultiInstance'), attr: 'loopCardinality' },
  { key: 'behavior', kind: ['All', 'None', 'One', 'Complex'], of: loop('MultiInstance'), attr: 'behavior' },
  { key: 'behaviorEvent', kind: 'event', of: behavior('None'), attr: 'noneBehaviorEventRef' },
  { key: 'behaviorEvent', kind: 'event', of: behavior('One'), attr: 'oneBehaviorEventRef' },
  { key: 'indexVariable', kind: 'text', of: loop('MultiInstance'), attr: 'ruslo:indexVariable' },
  { key: 'zeroBased', kind: 'check', of: loop('MultiInstance'), attr: 'ruslo:zeroBased', set: 'true' },
  { key: 'loopCondition', kind: 'expression', of: loop('Standard'), attr: 'loopCondition' },
  { key: 'loopMaximum', kind: 'text', of: loop('Standard'), attr: 'loopMaximum' },
  { key: 'testBefore', kind: 'check', of: loop('Standard'), attr: 'testBefore', set: true, unset: false },
  { key: 'assignee', kind: 'text', of: self('bpmn:Lane'), attr: 'ruslo:assignee' },
  { key: 'candidateUsers', kind: 'text', of: self('bpmn:Lane'), attr: 'ruslo:candidateUsers' },
  { key: 'candidateGroups', kind: 'text', of: self('bpmn:Lane'), attr: 'ruslo:candidateGroups' },
  { key: 'value', kind: 'text', of: dataObject, attr: 'ruslo:value' },
  { key: 'dataState', kind: 'text', of: self('bpmn:DataObjectReference', 'bpmn:DataStoreReference'), attr: 'dataState', named: 'bpmn:DataState' },
  { key: 'transformation', kind: 'expression', of: association, attr: 'transformation' },
  { key: 'flowCondition', kind: 'expression', of: flow, attr: 'conditionExpression' },
  { key: 'scriptFormat', kind: 'text', of: inProcess(nativeScript, true), attr: 'scriptFormat' },
  { key: 'scriptFormat', kind: 'text', of: inProcess(nativeScript, false), attr: 'scriptLanguage' },
  { key: 'script', kind: 'text', of: nativeScript, attr: 'script' },
  { key: 'resultVariable', kind: 'text', of: nativeScript, attr: 'ruslo:resultVariable' },
  { key: 'storeCatalog', kind: 'text', of: self('bpmn:DataStoreReference'), attr: 'catalog', inside: 'ruslo:Store' },
  { key: 'skipExpression', kind: 'text', of: activity, attr: 'ruslo:skipExpression' },
  { key: 'mutex', kind: 'text', of: activity, attr: 'ruslo:mutex' },
  { key: 'asyncBefore', kind: 'check', of: flowNode, attr: 'ruslo:asyncBefore', set: 'true' },
  { key: 'asyncAfter', kind: 'check', of: flowNode, attr: 'ruslo:asyncAfter', set: 'true' },
  { key: 'startQuantity', kind: 'text', of: drawnActivity, attr: 'startQuantity' },
  { key: 'completionQuantity', kind: 'text', of: drawnActivity, attr: 'completionQuantity' },
]

/** Rare words stand in a group of their own, closed at first. */
const RARE: ReadonlySet<ExtKey> = new Set<ExtKey>(['expressionLanguage', 'jobPriority', 'lintInclusive', 'lintComplex', 'lintSplit', 'lintEvents', 'skipExpression', 'mutex', 'asyncBefore', 'asyncAfter', 'startQuantity', 'completionQuantity'])

export function fieldsOf(element: DiagramElement): { common: Field[]; rare: Field[] } {
  const all = FIELDS.filter((field) => field.of(element) !== undefined)
  return { common: all.filter((field) => !RARE.has(field.key)), rare: all.filter((field) => RARE.has(field.key)) }
}

/** The second and later event definitions of a kind: the library's panel knows the first of each. */
export function extraDefinitions(element: DiagramElement): { definition: Moddle; fields: Field[] }[] {
  const all = definitions(element)
  const later = all.filter((definition, at) => all.findIndex((one) => one.$type === definition.$type) < at)
  return later.map((definition) => {
    const { businessObject } = element
    const alone: OneOfMany = { id: element.id, type: element.type, parent: element.parent, extra: true, businessObject: { $type: businessObject.$type, get: (name) => (name === 'eventDefinitions' ? [definition] : businessObject.get(name)) } }
    const own = FIELDS.filter((field) => OF_DEFINITION.has(field.key) && field.of(alone) !== undefined)
    return { definition, fields: own.map((field) => ({ ...field, of: () => field.of(alone) })) }
  })
}

const NUMBERS = new Set(['loopMaximum', 'startQuantity', 'completionQuantity'])
/** What BPMN means when nothing is said. */
export const DEFAULTS: Readonly<Record<string, string>> = { behavior: 'All', ordering: 'Parallel', eventGatewayType: 'Exclusive' }
/** The object that carries the attribute itself: the element's, its extension's, or a part of that. */
function carrier(field: Field, target: Moddle): Moddle | undefined {
  if (!field.inside) return target
  return extension(target, field.inside)
}

const words = (value: unknown): string[] => (typeof value === 'string' ? value.split(/[\s,]+/).filter(Boolean) : [])

export function readField(field: Field, element: DiagramElement): string | boolean {
  const target = field.of(element)
  const value = target && carrier(field, target)?.get(field.attr)
  if (field.word) return words(value).includes(field.word)
  if (field.kind === 'event' || field.kind === 'message') return ((value as Moddle | undefined)?.get('id') as string | undefined) ?? ''
  if (field.named) return ((value as Moddle | undefined)?.get('name') as string | undefined) ?? ''
  if (field.kind === 'check') return field.unset === undefined ? value === field.set : value === undefined || value === field.set || (field.set === undefined && value !== field.unset)
  if (field.kind === 'expression') return ((value as Moddle | undefined)?.get('body') as string | undefined) ?? ''
  return value === undefined || value === null || (NUMBERS.has(field.attr) && value === 1) ? '' : String(value)
}

export function writeField(services: FormServices, field: Field, element: DiagramElement, value: string | boolean | undefined): void {
  const target = field.of(element)
  if (!target) return
  const stored = storable(services, field, target, value)
  if (!field.inside) {
    services.modeling.updateModdleProperties(element, target, { [field.attr]: stored })
    return
  }
  const holder = extension(target, field.inside)
  // Made together with its word: the library takes away what is empty.
  if (holder) services.modeling.updateModdleProperties(element, holder, { [field.attr]: stored })
  else if (stored !== undefined) makeInside(services, element, target, { type: field.inside, attrs: { [field.attr]: stored } })
}

function storable({ bpmnFactory }: FormServices, field: Field, target: Moddle, value: string | boolean | undefined): unknown {
  if (field.word) return words(target.get(field.attr)).filter((word) => word !== field.word).concat(value ? [field.word] : []).join(' ') || undefined
  if (field.kind === 'check') return value ? field.set : field.unset
  if (value === undefined || value === '') return undefined
  if (field.kind === 'expression') {
    const expression = bpmnFactory.create('bpmn:FormalExpression', { body: value })
    expression.$parent = target
    return expression
  }
  if (field.named) {
    const part = bpmnFactory.create(field.named, { name: value })
    part.$parent = target
    return part
  }
  if (!NUMBERS.has(field.attr)) return value
  const number = Number(value)
  return Number.isInteger(number) && number > 0 ? number : undefined
}

/** A new extension element of `target`. */
export function makeInside(services: FormServices, element: DiagramElement, target: Moddle, { type, attrs = {} }: { type: string; attrs?: object }): Moddle {
  let holder = target.get('extensionElements') as Moddle | undefined
  if (!holder) {
    holder = services.bpmnFactory.create('bpmn:ExtensionElements', { values: [] })
    holder.$parent = target
    services.modeling.updateModdleProperties(element, target, { extensionElements: holder })
  }
  const made = services.bpmnFactory.create(type, attrs)
  made.$parent = holder
  services.modeling.updateModdleProperties(element, holder, { values: [...((holder.get('values') as Moddle[] | undefined) ?? []), made] })
  return made
}

/** Kinds of triggers that an event may get besides its own. */
export const TRIGGERS = ['Message', 'Timer', 'Signal', 'Conditional', 'Error', 'Escalation'] as const
export type Trigger = (typeof TRIGGERS)[number]

/** Events that are something else as soon as another trigger stands beside. */
const ALONE = /^bpmn:(Link|Cancel|Compensate|Terminate)EventDefinition$/

/** Which triggers can be added to an event that has one already. */
export function addable(element: DiagramElement): readonly Trigger[] {
  const own = definitions(element)
  if (own.length === 0 || own.some((definition) => ALONE.test(definition.$type))) return []
  if (is(element, 'bpmn:EndEvent', 'bpmn:IntermediateThrowEvent')) return ['Message', 'Signal', 'Escalation']
  if (is(element, 'bpmn:BoundaryEvent')) return TRIGGERS
  return is(element, 'bpmn:StartEvent', 'bpmn:IntermediateCatchEvent') ? ['Message', 'Timer', 'Signal', 'Conditional'] : []
}

export function addTrigger(services: FormServices, element: DiagramElement, trigger: Trigger): void {
  const made = services.bpmnFactory.create(`bpmn:${trigger}EventDefinition`, {})
  made.$parent = element.businessObject
  services.modeling.updateModdleProperties(element, element.businessObject, { eventDefinitions: [...definitions(element), made] })
}

export function removeLastTrigger(services: FormServices, element: DiagramElement): void {
  services.modeling.updateModdleProperties(element, element.businessObject, { eventDefinitions: definitions(element).slice(0, -1) })
}

export const triggerCount = (element: DiagramElement): number => definitions(element).length
