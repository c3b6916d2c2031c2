import { BpmnModdle } from 'bpmn-moddle'
import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { en } from '@/i18n/en'
import { ru as russian } from '@/i18n/ru'
import type { DiagramElement, Moddle } from '../forms'
import { mend, type Described } from '../mend'
import ruslo from '../ruslo-moddle.json'
import { zeebe } from '../zeebe'
import { CORRELATION } from './correlation'
import { associationOf, DATA } from './data'
import { GLOBAL, calleesOf, standIn, wrongId } from './globalTasks'
import { HEADERS } from './headers'
import { PEOPLE } from './people'
import { many, one, rootsOf, type PartServices } from './services'
import type { PartSpec, PlainColumn, Spot } from './spec'

const HEAD = '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" xmlns:ruslo="http://ruslo.dev/schema/1.0" id="d" targetNamespace="t">'

interface Opened {
  services: PartServices
  element: (id: string) => DiagramElement
  xml: () => Promise<string>
  moddle: { create: (type: string) => unknown }
}

/** A file without a drawing: what is written goes straight into the model. */
async function open(content: string): Promise<Opened> {
  const moddle = new BpmnModdle({ zeebe, ruslo }) as unknown as { create: (type: string, attrs?: object) => Moddle; fromXML: (xml: string) => Promise<{ rootElement: Moddle; elementsById: Record<string, Moddle>; warnings: unknown[] }>; toXML: (root: unknown, options: object) => Promise<{ xml: string }> }
  mend(moddle as unknown as Described)
  const { rootElement, elementsById, warnings } = await moddle.fromXML(`${HEAD}${content}</bpmn:definitions>`)
  expect(warnings).toEqual([])
  let ids = 0
  const services: PartServices = {
    bpmnFactory: { create: (type, attrs) => moddle.create(type, attrs) },
    modeling: { updateModdleProperties: (_, part, properties) => { for (const [name, value] of Object.entries(properties)) (part as Moddle & { set: (name: string, value: unknown) => void }).set(name, value) } },
    commandStack: { execute: () => {} },
    newId: (prefix) => `${prefix}${++ids}`,
    shapes: () => [],
    connect: () => { throw new Error('nothing is drawn') },
    disconnect: () => {},
    together: (run) => run(),
  }
  const element = (id: string): DiagramElement => ({ id, type: elementsById[id]?.$type ?? '', businessObject: elementsById[id] as Moddle })
  return { services, element, xml: async () => (await moddle.toXML(rootElement, { format: false })).xml, moddle }
}

const spec = (list: readonly PartSpec[], key: string): PartSpec => list.find((one) => one.key === key) as PartSpec
const added = ({ services }: Opened, list: PartSpec, element: DiagramElement): Spot => {
  list.add(services, element)
  return { element, item: list.items(element).at(-1) as Moddle }
}
function write({ services }: Opened, list: PartSpec, spot: Spot, key: string, value: string): void {
  const column = list.columns(spot).find((one) => one.key === key || one.id === key) as PlainColumn
  column.write(services, spot, value)
  expect(column.read(spot)).toBe(value)
}

const TASK = '<bpmn:process id="p"><bpmn:property id="own" name="mine" /><bpmn:task id="t" /><bpmn:endEvent id="e" /><bpmn:startEvent id="s" /></bpmn:process>'

it('takes data in and out of an activity, and leaves nothing behind', async () => {
  const file = await open(TASK)
  const before = await file.xml()
  const task = file.element('t')
  const [inputs, outputs] = [spec(DATA, 'dataInputs'), spec(DATA, 'dataOutputs')]
  const input = added(file, inputs, task)
  // An input that nothing fills has no association: it would be waited for.
  expect(associationOf(input, 'in')).toBeUndefined()
  write(file, inputs, input, 'dataFrom', 'own')
  write(file, inputs, input, 'inputMode', 'later')
  const output = added(file, outputs, task)
  write(file, outputs, output, 'dataTo', 'own')
  const xml = await file.xml()
  expect(xml).toMatch(/<bpmn:sourceRef>own<\/bpmn:sourceRef><bpmn:targetRef>DataInput_\d<\/bpmn:targetRef>/)
  expect(xml).toMatch(/<bpmn:dataInputRefs>DataInput_\d<\/bpmn:dataInputRefs><bpmn:whileExecutingInputRefs>/)
  expect(xml).toMatch(/<bpmn:sourceRef>DataOutput_\d+<\/bpmn:sourceRef><bpmn:targetRef>own<\/bpmn:targetRef>/)
  const nested = inputs.nested
  nested?.add(file.services, input)
  write(file, inputs, input, 'dataFrom', '')
  // The assignment is kept though the source is not.
  expect(nested?.items(input)).toHaveLength(1)
  nested?.remove(file.services, input, nested.items(input)[0] as Moddle)
  expect(associationOf(input, 'in')).toBeUndefined()
  inputs.remove(file.services, input)
  outputs.remove(file.services, output)
  expect(await file.xml()).toBe(before)
})

it('lets events throw data in and catch data out', async () => {
  const file = await open(TASK)
  const before = await file.xml()
  const [inputs, outputs] = [spec(DATA, 'dataInputs'), spec(DATA, 'dataOutputs')]
  expect([inputs.shown(file.element('s')), outputs.shown(file.element('s')), inputs.shown(file.element('e')), outputs.shown(file.element('e'))]).toEqual([false, true, true, false])
  const spot = added(file, outputs, file.element('s'))
  write(file, outputs, spot, 'dataTo', 'own')
  expect(await file.xml()).toMatch(/<bpmn:startEvent id="s"><bpmn:dataOutput id="(\w+)" name="output1" \/><bpmn:dataOutputAssociation [^>]*><bpmn:sourceRef>\1<\/bpmn:sourceRef><bpmn:targetRef>own<\/bpmn:targetRef><\/bpmn:dataOutputAssociation><bpmn:outputSet [^>]*><bpmn:dataOutputRefs>\1</)
  outputs.remove(file.services, spot)
  expect(await file.xml()).toBe(before)
})

it('gives properties a type that the file says once', async () => {
  const file = await open(TASK)
  const list = spec(DATA, 'properties')
  for (const id of ['p', 't', 'e']) {
    const spot = added(file, list, file.element(id))
    write(file, list, spot, 'dataType', 'int')
    write(file, list, spot, 'collection', 'true')
  }
  const { roots } = rootsOf(file.element('p'))
  expect(roots.filter((root) => root.$type === 'bpmn:ItemDefinition').map((root) => [root.get('structureRef'), root.get('isCollection')])).toEqual([['int', false], ['int', true]])
  const spot = { element: file.element('t'), item: list.items(file.element('t'))[0] as Moddle }
  const name = list.columns(spot)[0]
  expect([name?.wrong?.('good_1', spot), name?.wrong?.('not good', spot)]).toEqual([undefined, expect.any(String)])
})

it('names who does a task by expression or resource', async () => {
  const file = await open('<bpmn:process id="p"><bpmn:userTask id="t" /><bpmn:manualTask id="m" /></bpmn:process>')
  const list = spec(PEOPLE, 'roles')
  expect(list.shown(file.element('m'))).toBe(false)
  const spot = added(file, list, file.element('t'))
  const expression = list.columns(spot).find((column) => column.key === 'roleExpression')
  if (expression?.kind !== 'expression') throw new Error('no expression')
  const owner = expression.makeOwner?.(file.services, spot) as Moddle
  file.services.modeling.updateModdleProperties(spot.element, owner, { expression: file.services.bpmnFactory.create('bpmn:FormalExpression', { body: '=boss' }) })
  const column = list.columns(spot)[0] as PlainColumn
  column.write(file.services, spot, 'bpmn:HumanPerformer')
  expect(await file.xml()).toContain('<bpmn:humanPerformer id="PotentialOwner_1"><bpmn:resourceAssignmentExpression id="ResourceAssignmentExpression_2"><bpmn:expression xsi:type="bpmn:tFormalExpression">=boss</bpmn:expression>')
  const now = { element: spot.element, item: list.items(spot.element)[0] as Moddle }
  ;(list.columns(now).find((one) => one.key === 'resource') as PlainColumn).write(file.services, now, 'create-new')
  expect(await file.xml()).toMatch(/<bpmn:humanPerformer id="\w+"><bpmn:resourceRef>Resource_3<\/bpmn:resourceRef><\/bpmn:humanPerformer>.*<bpmn:resource id="Resource_3"/)
})

it('correlates by keys, and forgets a property everywhere', async () => {
  const file = await open('<bpmn:process id="p" />')
  const root = file.element('p')
  const [properties, keys, bindings] = ['correlationProperties', 'correlationKeys', 'correlationBindings'].map((key) => spec(CORRELATION, key)) as [PartSpec, PartSpec, PartSpec]
  const first = added(file, properties, root)
  const second = added(file, properties, root)
  const key = added(file, keys, root)
  write(file, keys, key, String(second.item.get('id')), 'true')
  added(file, bindings, root)
  added(file, bindings, root)
  const xml = await file.xml()
  expect(xml).toMatch(/<bpmn:correlationSubscription id="\w+" correlationKeyRef="CorrelationKey_4"><bpmn:correlationPropertyBinding id="\w+" correlationPropertyRef="CorrelationProperty_1" \/><bpmn:correlationPropertyBinding id="\w+" correlationPropertyRef="CorrelationProperty_2" \/>/)
  expect(xml).toMatch(/<bpmn:collaboration id="Collaboration_3"><bpmn:correlationKey id="CorrelationKey_4"[^>]*><bpmn:correlationPropertyRef>CorrelationProperty_1<\/bpmn:correlationPropertyRef><bpmn:correlationPropertyRef>CorrelationProperty_2</)
  properties.remove(file.services, first)
  expect(await file.xml()).not.toContain('CorrelationProperty_1')
  keys.remove(file.services, key)
  expect(await file.xml()).not.toContain('correlationSubscription')
})

it('makes global tasks of every kind, renames them with their callers, and shows them as elements', async () => {
  const file = await open('<bpmn:process id="p"><bpmn:subProcess id="sub"><bpmn:callActivity id="c"><bpmn:extensionElements><zeebe:calledElement processId="GlobalTask_1" /></bpmn:extensionElements></bpmn:callActivity></bpmn:subProcess></bpmn:process>')
  const root = file.element('p')
  const list = spec(GLOBAL, 'globalTasks')
  const spot = added(file, list, root)
  expect(calleesOf(root).map((callee) => callee.get('id'))).toEqual(['p', 'GlobalTask_1'])
  expect([wrongId('p', spot), wrongId('sub', spot), wrongId('two words', spot), wrongId('GlobalTask_1', spot), wrongId('fresh', spot)].map((wrong) => wrong !== undefined)).toEqual([true, true, true, false, false])
  write(file, list, spot, 'globalId', 'ask')
  expect(await file.xml()).toContain('processId="ask"')
  for (const kind of ['GlobalScriptTask', 'GlobalBusinessRuleTask', 'GlobalManualTask', 'GlobalTask', 'GlobalUserTask']) {
    const now = { element: root, item: list.items(root)[0] as Moddle }
    ;(list.columns(now)[0] as PlainColumn).write(file.services, now, `bpmn:${kind}`)
    const task = list.items(root)[0] as Moddle
    const shown = standIn(file.moddle, root, task).businessObject as Moddle & { $instanceOf: (type: string) => boolean; set: (name: string, value: unknown) => void }
    expect([task.$type, shown.$instanceOf(`bpmn:${kind.slice(6)}`), shown.$instanceOf('bpmn:GlobalTask')]).toEqual([`bpmn:${kind}`, true, true])
    shown.set('ruslo:mutex', kind)
    expect(task.get('ruslo:mutex')).toBe(kind)
  }
  expect(await file.xml()).toMatch(/<bpmn:globalUserTask id="ask"[^>]*ruslo:mutex="GlobalUserTask"[^>]*><bpmn:extensionElements><zeebe:userTask \/>/)
  list.remove(file.services, { element: root, item: list.items(root)[0] as Moddle })
  expect(list.items(root)).toEqual([])
})

it('gives listeners headers, of tasks too', async () => {
  const file = await open('<bpmn:process id="p"><bpmn:userTask id="t"><bpmn:extensionElements><zeebe:taskListeners><zeebe:taskListener eventType="creating" type="x" /></zeebe:taskListeners></bpmn:extensionElements></bpmn:userTask></bpmn:process>')
  const before = await file.xml()
  const task = file.element('t')
  const item = many(many(one(task.businessObject, 'extensionElements'), 'values')[0], 'listeners')[0] as Moddle
  HEADERS.add(file.services, { element: task, item })
  const [header] = HEADERS.items({ element: task, item })
  ;(HEADERS.columns[0] as PlainColumn).write(file.services, { element: task, item: header as Moddle }, 'url')
  expect(await file.xml()).toContain('<zeebe:taskHeaders><zeebe:header key="url" /></zeebe:taskHeaders>')
  HEADERS.remove(file.services, { element: task, item }, header as Moddle)
  expect(await file.xml()).toBe(before)
})

it('has a Russian text of its own for everything that is asked', () => {
  const [english, own] = [en.designer, russian.designer]
  for (const group of ['parts', 'partTip', 'part', 'partWrong', 'inputMode', 'dataType', 'role', 'globalKind', 'changes'] as const)
    for (const [key, text] of Object.entries(own[group])) if (text) expect([key, /[а-яё]/i.test(text), text === (english[group] as Record<string, string>)[key]]).toEqual([key, true, false])
})

it('asks only for what the importer reads', () => {
  const folder = '../crates/formats/src/bpmn'
  const sources = readdirSync(folder).filter((name) => name.endsWith('.rs')).map((name) => readFileSync(`${folder}/${name}`, 'utf8')).join('\n')
  for (const word of ['property', 'dataInputAssociation', 'optionalInputRefs', 'whileExecutingInputRefs', 'potentialOwner', 'humanPerformer', 'performer', 'resourceAssignmentExpression', 'resourceRef', 'correlationKey', 'correlationPropertyRetrievalExpression', 'messagePath', 'dataPath', 'globalScriptTask', 'header', 'variableEvents'])
    expect(sources).toContain(`"${word}"`)
})
