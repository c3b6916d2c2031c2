/** The sample company that the mock answers from. */
import { decisionSource } from '../src/features/decisions/starter.ts'
import { readFileSync } from 'node:fs'
import type {
  App, CallRecord, Catalog, Definition, HistoryEntry, Incident, InstanceDetail, JsonObject, Me, ModelWithSource, Notification, RecordRow, TaskDetail, User,
} from '../src/api/types'

const ago = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString()
export const diagram = readFileSync(new URL('./approval.bpmn', import.meta.url), 'utf8')

export const me: Me = { id: 'user_1', login: 'admin', name: 'Анна', lastName: 'Орлова', fullName: 'Анна Орлова', email: 'anna@example.com', role: 'admin', language: 'ru', theme: 'auto' }
const user = (id: string, login: string, fullName: string, role: 'admin' | 'employee' = 'employee', active = true): User => {
  const [name = '', lastName = ''] = fullName.split(' ')
  return { id, login, fullName, name, lastName, email: `${login}@example.com`, role, active, language: 'ru', createdAt: ago(90_000) }
}
export const users: User[] = [user('user_1', 'admin', 'Анна Орлова', 'admin'), user('user_2', 'petr', 'Пётр Лебедев'), user('user_3', 'maria', 'Мария Соколова'), user('user_4', 'oleg', 'Олег Зайцев', 'employee', false)]
export const person = (id: string) => ({ id, name: users.find((u) => u.id === id)?.fullName ?? id })

export const catalogs: Catalog[] = [
  {
    id: 'cat_1', key: 'requests', name: 'Заявки на оплату', titleField: 'NAME', recordCount: 3, version: 2,
    fields: [
      { key: 'NAME', name: 'Название', type: 'text', required: true, multiple: false, multiline: false },
      { key: 'AMOUNT', name: 'Сумма, ₽', type: 'number', required: true, multiple: false },
      { key: 'DUE', name: 'Оплатить до', type: 'date', required: false, multiple: false, time: false },
      { key: 'STAGE', name: 'Статья', type: 'list', required: false, multiple: false, options: [{ key: 'rent', label: 'Аренда' }, { key: 'goods', label: 'Закупка' }, { key: 'travel', label: 'Командировки' }] },
      { key: 'OWNER', name: 'Ответственный', type: 'person', required: false, multiple: false },
      { key: 'URGENT', name: 'Срочно', type: 'boolean', required: false, multiple: false },
      { key: 'NOTE', name: 'Примечание', type: 'text', required: false, multiple: false, multiline: true },
    ],
  },
  { id: 'cat_2', key: 'suppliers', name: 'Поставщики', titleField: 'NAME', recordCount: 0, version: 1, fields: [{ key: 'NAME', name: 'Название', type: 'text', required: true, multiple: false, multiline: false }] },
]
const record = (id: string, title: string, fields: JsonObject, minutes: number): RecordRow => ({ id, catalogId: 'cat_1', version: 1, title, fields: { NAME: title, ...fields }, createdAt: ago(minutes + 500), createdBy: person('user_2'), updatedAt: ago(minutes), updatedBy: person('user_1') })
export const records: RecordRow[] = [
  record('rec_1', 'Аренда офиса, март', { AMOUNT: 184_000, DUE: '2026-12-01', STAGE: 'rent', OWNER: 'user_2', URGENT: true }, 14),
  record('rec_2', 'Ноутбуки для разработки', { AMOUNT: 742_500.5, DUE: '2026-12-10', STAGE: 'goods', OWNER: 'user_3', URGENT: false }, 190),
  record('rec_3', 'Поездка на выставку', { AMOUNT: 61_200, STAGE: 'travel', OWNER: 'user_1' }, 2900),
]

export const definitions: (Definition & { bpmn: string })[] = [
  { id: 'def_3', processId: 'order', name: 'Исполнение заказа', version: 2, origin: 'bpmn', deployedAt: ago(2000), deployedBy: person('user_1'), description: '', deployable: true, stats: { active: 1, completed: 0, failed: 0, incidents: 0, purged: 0 }, bpmn: readFileSync(new URL('./order.bpmn', import.meta.url), 'utf8') },
  { id: 'def_1', processId: 'approve_payment', name: 'Согласование оплаты', version: 3, origin: 'bpmn', deployedAt: ago(2600), deployedBy: person('user_1'), catalogId: 'cat_1', modelId: 'model_1', description: 'Контрольная сумма приложением, затем решение руководителя.', deployable: true, stats: { active: 4, completed: 118, failed: 2, incidents: 1, purged: 0 }, bpmn: diagram },
  { id: 'def_2', processId: 'Template_42', name: 'Отпуск сотрудника', version: 1, origin: 'bpt', deployedAt: ago(9000), deployedBy: person('user_1'), description: '', deployable: true, stats: { active: 0, completed: 12, failed: 0, incidents: 0, purged: 0 }, bpmn: diagram },
]

export const form: JsonObject = {
  type: 'default', schemaVersion: 18,
  components: [
    { type: 'text', text: 'Проверьте сумму и статью расхода.', id: 'f0' },
    { type: 'number', label: 'Сумма к оплате, ₽', key: 'amount', id: 'f1', validate: { required: true, min: 1 } },
    { type: 'select', label: 'Счёт', key: 'account', id: 'f2', values: [{ label: 'Основной', value: 'main' }, { label: 'Резервный', value: 'reserve' }], validate: { required: true } },
    { type: 'checkbox', label: 'Договор проверен', key: 'checked', id: 'f3' },
    { type: 'textarea', label: 'Что передать бухгалтерии', key: 'note', id: 'f4' },
  ],
}
const doc = (id: string) => ({ catalogId: 'cat_1', recordId: id, title: records.find((r) => r.id === id)?.title ?? '' })
const task = (n: number, title: string, more: Partial<TaskDetail>): TaskDetail => ({
  id: `task_${n}`, title, description: '', kind: 'approve', outcomes: ['yes', 'no'], instanceId: `pi_${n}`, definitionId: 'def_1', definitionName: 'Согласование оплаты', document: doc('rec_1'), elementId: 'approve', priority: 50, dueAt: null, createdAt: ago(n * 23), state: 'open', assignees: [{ userId: 'user_1', name: 'Анна Орлова', status: 'waiting' }], version: 1, form: null, data: {}, settings: {}, ...more,
})
export const tasks: TaskDetail[] = [
  task(1, 'Согласовать оплату аренды', { dueAt: ago(95), priority: 90, description: 'Арендодатель ждёт оплату до конца дня. Контрольная сумма договора совпала.', form, data: { amount: 184_000 } }),
  task(2, 'Согласовать закупку ноутбуков', { dueAt: ago(-300), document: doc('rec_2'), data: { amount: 742_500, supplier: { name: 'ООО «Техно»', inn: '7701234567' } } }),
  task(3, 'Уточнить даты командировки', { kind: 'formOrRefuse', outcomes: ['ok', 'cancel'], document: doc('rec_3'), form }),
  task(4, 'Ознакомиться с приказом об отпусках', { kind: 'review', outcomes: ['ok'], definitionName: 'Отпуск сотрудника', document: null }),
]

const run = (key: number, elementId: string, name: string, kind: string, state: 'active' | 'completed' | 'incident', minutes: number, count = 1) => ({ key, elementId, name, kind, state, startedAt: ago(minutes), endedAt: state === 'completed' ? ago(minutes - 1) : null, count })
const instance = (n: number, more: Partial<InstanceDetail>): InstanceDetail => ({
  id: `pi_${n}`, state: 'active', definition: { id: 'def_1', name: 'Согласование оплаты', version: 3, processId: 'approve_payment' }, document: doc('rec_1'), businessKey: null, startedBy: person('user_2'), startedAt: ago(n * 25), finishedAt: null, updatedAt: ago(n * 20), stateTitle: null, incidentCount: 0, bpmn: diagram,
  elements: [run(1, 'start', 'Заявка создана', 'startEvent', 'completed', 30), run(2, 'md5', 'Контрольная сумма', 'serviceTask', 'completed', 28, 2), run(3, 'check', 'Сумма верна?', 'exclusiveGateway', 'completed', 26), run(4, 'approve', 'Согласовать оплату', 'userTask', 'active', 25)],
  takenFlows: [{ flowId: 'f1', count: 1 }, { flowId: 'f2', count: 1 }, { flowId: 'f3', count: 1 }], waitingFlows: [],
  variables: [{ scope: 0, elementId: 'approve_payment', values: { amount: 184_000, outputString: '9e107d9d372bb6826bd81d3542a419d6', approved: null, supplier: { name: 'ООО «Дом»', contacts: ['+7 900 000-00-00', 'office@example.com'] } } }],
  incidents: [], tasks: [tasks[n - 1] ?? tasks[0]!], jobs: [], children: [], bodies: [], suspended: false, ...more,
})
const incident: Incident = { id: 'inc_1', instanceId: 'pi_2', definitionId: 'def_1', definitionName: 'Согласование оплаты', elementId: 'md5', elementName: 'Контрольная сумма', code: 'OUT-0002', message: 'http://app.example/md5 answered 500 Internal Server Error, 3 tries', createdAt: ago(12), resolvedAt: null }
export const instances: InstanceDetail[] = [
  instance(1, {}),
  instance(2, { incidentCount: 1, incidents: [incident], elements: [run(1, 'start', 'Заявка создана', 'startEvent', 'completed', 30), run(2, 'md5', 'Контрольная сумма', 'serviceTask', 'incident', 28)], takenFlows: [{ flowId: 'f1', count: 1 }], tasks: [], document: doc('rec_2') }),
  instance(3, { state: 'completed', finishedAt: ago(40), tasks: [], document: doc('rec_3') }),
  instance(4, { state: 'canceled', finishedAt: ago(80), tasks: [], document: null }),
]
const orderRef = { id: 'def_3', name: 'Исполнение заказа', version: 2, processId: 'order' }
const called = (n: number, state: 'active' | 'completed'): InstanceDetail => instance(n, { state, parentId: 'pi_5', rootId: 'pi_5', definition: { id: 'def_4', name: 'Отгрузка', version: 1, processId: 'shipment' }, tasks: [], finishedAt: state === 'completed' ? ago(3) : null })
instances.push(instance(5, {
  definition: orderRef, bpmn: readFileSync(new URL('./order.bpmn', import.meta.url), 'utf8'), tasks: [], document: null, takenFlows: ['g1', 'g2', 'g3', 'g4'].map((flowId) => ({ flowId, count: 1 })),
  elements: [run(1, 'begin', 'Заказ принят', 'startEvent', 'completed', 30), run(2, 'split', '', 'parallelGateway', 'completed', 30), run(3, 'paid', 'Дождаться оплаты', 'receiveTask', 'active', 30), run(7, 'ship', 'Отгрузить позицию', 'callActivity', 'active', 20, 4), run(5, 'care', 'Сопровождение', 'subProcess', 'active', 30)],
}))
instances.push(called(6, 'completed'), called(7, 'active'))
instances[4]!.children = [instances[6]!, instances[5]!]

const entry = (seq: number, minutes: number, type: string, event: JsonObject, elementId?: string, elementName?: string): HistoryEntry => ({ seq, at: ago(minutes), type, event, elementId, elementName })
export const history: HistoryEntry[] = [
  entry(1, 30, 'instanceCreated', { startedBy: 'user_2', document: 'rec_1' }),
  entry(2, 30, 'elementActivated', { key: 1 }, 'start', 'Заявка создана'),
  entry(3, 30, 'elementCompleted', { key: 1 }, 'start', 'Заявка создана'),
  entry(4, 30, 'flowTaken', { flow: 'f1' }),
  entry(5, 29, 'jobCreated', { type: 'rest_1b6b1fb2b5f5c4f1', input: { inputString: 'Аренда офиса, март' } }, 'md5', 'Контрольная сумма'),
  entry(6, 29, 'logged', { text: 'Строка получена, считаю', level: 'info' }, 'md5', 'Контрольная сумма'),
  entry(7, 28, 'jobCompleted', { result: { outputString: '9e107d9d372bb6826bd81d3542a419d6' } }, 'md5', 'Контрольная сумма'),
  entry(8, 28, 'variablesSet', { values: { outputString: '9e107d9d372bb6826bd81d3542a419d6' } }),
  entry(9, 26, 'userTaskCreated', { assignees: ['user_1'], title: 'Согласовать оплату' }, 'approve', 'Согласовать оплату'),
]
export const orderHistory: HistoryEntry[] = [
  entry(1, 30, 'instanceCreated', { startedBy: 'user_2' }),
  entry(2, 30, 'elementActivated', { key: 3, element: 'paid', scope: 0 }, 'paid', 'Дождаться оплаты'),
  entry(3, 30, 'subscriptionOpened', { key: 3, element: 'paid', subscription: 1, awaited: { message: { name: 'оплачено', key: 'заказ-7' } } }, 'paid', 'Дождаться оплаты'),
  entry(4, 30, 'timerArmed', { key: 3, element: 'slow', timer: 1, due: ago(-4000) }, 'slow', '3 дня'),
  entry(5, 29, 'elementActivated', { key: 4, element: 'ship', scope: 0 }, 'ship', 'Отгрузить позицию'),
  entry(6, 29, 'turnsPlanned', { key: 4, total: 3, items: ['A', 'B', 'C'] }),
  entry(7, 28, 'elementActivated', { key: 6, element: 'ship', scope: 4 }, 'ship', 'Отгрузить позицию'),
  entry(8, 28, 'turnStarted', { key: 4, turn: 6, index: 0 }),
  entry(9, 28, 'childStarted', { key: 6, element: 'ship', child: 1, process: 'shipment', variables: { item: 'A' }, wait: true }, 'ship', 'Отгрузить позицию'),
  entry(10, 20, 'childFinished', { key: 6, child: 1, outcome: { completed: {} } }),
  entry(11, 20, 'elementCompleted', { key: 6, element: 'ship' }, 'ship', 'Отгрузить позицию'),
  entry(12, 20, 'turnEnded', { key: 4, turn: 6, output: null }),
  entry(13, 20, 'elementActivated', { key: 7, element: 'ship', scope: 4 }, 'ship', 'Отгрузить позицию'),
  entry(14, 20, 'turnStarted', { key: 4, turn: 7, index: 1 }),
  entry(15, 20, 'childStarted', { key: 7, element: 'ship', child: 2, process: 'shipment', variables: { item: 'B' }, wait: true }, 'ship', 'Отгрузить позицию'),
  entry(16, 19, 'elementActivated', { key: 5, element: 'care', scope: 0 }, 'care', 'Сопровождение'),
]
export const calls: CallRecord[] = [
  { id: 1, at: ago(29), instanceId: 'pi_1', elementId: 'md5', attempt: 1, url: 'http://127.0.0.1:9090/md5', request: 'workflow_id=0000000000007b.12345678&code=md5&properties%5BinputString%5D=%D0%90%D1%80%D0%B5%D0%BD%D0%B4%D0%B0&event_token=abc', status: 500, response: 'Internal Server Error', durationMs: 1240, error: null },
  { id: 2, at: ago(28), instanceId: 'pi_1', elementId: 'md5', attempt: 2, url: 'http://127.0.0.1:9090/md5', request: 'workflow_id=0000000000007b.12345678&code=md5', status: 200, response: '{"ok":true}', durationMs: 38, error: null },
]
export const models: ModelWithSource[] = [{ id: 'model_1', name: 'Согласование оплаты', kind: 'bpmn', catalogId: 'cat_1', version: 7, updatedAt: ago(60), updatedBy: person('user_1'), source: diagram }, { id: 'model_2', name: 'Скидка', kind: 'dmn', version: 1, updatedAt: ago(90), updatedBy: person('user_1'), source: decisionSource('Скидка', 'ru') }]
export const apps: App[] = [{ id: 'app_1', name: 'Расчёт md5', clientId: 'local.5c8bb1b0a6d1e2.12345678', applicationToken: '0f3a5d7c9b1e2f4a6d8c0b2e4f6a8d1c', scopes: ['bizproc', 'user'], handlerUrl: 'http://127.0.0.1:9090/', installUrl: null, createdAt: ago(300), createdBy: person('user_1'), activityCount: 1 }]
export const notifications: Notification[] = [
  { id: 'note_1', text: 'Новое задание: Согласовать оплату аренды', kind: 'task', link: '/inbox/task_1', from: null, createdAt: ago(3), readAt: null },
  { id: 'note_2', text: 'Процесс «Согласование оплаты» остановился на элементе «Контрольная сумма»', kind: 'process', link: '/instances/pi_2', from: null, createdAt: ago(12), readAt: null },
  { id: 'note_3', text: 'Отпуск согласован', kind: 'message', link: null, from: person('user_2'), createdAt: ago(1500), readAt: ago(1400) },
]
const property = (key: string, name: string) => ({ key, name, type: 'string', required: true, multiple: false, default: null })
export const activities = [{ id: 'act_1', code: 'md5', jobType: 'rest_1b6b1fb2b5f5c4f1', kind: 'activity', name: 'MD5 строки', description: '', handler: 'http://127.0.0.1:9090/md5', useSubscription: true, properties: [property('inputString', 'Строка')], returnProperties: [property('outputString', 'MD5')], updatedAt: ago(200) }]
const serviceTemplate = (id: string, name: string, type: string, category: { id: string; name: string }, input: [string, string]) => ({
  $schema: 'https://unpkg.com/@camunda/zeebe-element-templates-json-schema/resources/schema.json', id, version: 1, name, category, appliesTo: ['bpmn:Task', 'bpmn:ServiceTask'], elementType: { value: 'bpmn:ServiceTask' },
  groups: [{ id: 'inputs', label: 'Inputs' }, { id: 'output', label: 'Result' }],
  properties: [
    { type: 'Hidden', value: type, binding: { type: 'zeebe:taskDefinition', property: 'type' } },
    { id: input[0], label: input[1], type: 'String', group: 'inputs', feel: 'optional', value: '{=Document:NAME}', binding: { type: 'zeebe:input', name: input[0] }, constraints: { notEmpty: true } },
    { id: 'resultVariable', label: 'Result variable', type: 'String', group: 'output', value: 'result', binding: { type: 'zeebe:taskHeader', key: 'resultVariable' } },
  ],
})
export const templates = [
  serviceTemplate('app.local.md5', 'MD5 строки', 'rest_1b6b1fb2b5f5c4f1', { id: 'app.local', name: 'Расчёт md5' }, ['inputString', 'Строка']),
  { ...serviceTemplate('ruslo:notify', 'Notify', 'ruslo:notify', { id: 'ruslo', name: 'Ruslo' }, ['text', 'Text']), keywords: ['Уведомить'] },
]
