/** A seeded in-memory `/api/v1` for `vite --mode mock`: enough to look at every page without a server. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Connect, Plugin } from 'vite'
import * as db from './data.ts'

interface Request {
  params: string[]
  query: URLSearchParams
  body: Record<string, unknown>
}
type Handler = (request: Request) => unknown

class Refusal extends Error {
  constructor(readonly status: number, readonly code: string, message: string) {
    super(message)
  }
}
const missing = (): never => {
  throw new Refusal(404, 'API-0003', 'No such thing')
}

let signedIn = true
const listeners = new Set<ServerResponse>()
const tell = (topic: string, id: string): void => {
  for (const out of listeners) out.write(`event: ${topic}\ndata: ${JSON.stringify({ topic, id, data: {} })}\n\n`)
}
const page = <T>(items: T[], query?: URLSearchParams) => {
  const offset = Number(query?.get('offset') ?? 0)
  return { items: items.slice(offset, offset + Number(query?.get('limit') ?? 50)), total: items.length }
}
const matching = (text: string | null, ...parts: (string | null | undefined)[]): boolean => !text || parts.some((part) => part?.toLowerCase().includes(text.toLowerCase()))
const session = () => ({ user: db.me, csrfToken: 'mock', server: { version: '0.1.0', publicUrl: 'http://localhost:5173', demo: true } })
const find = <T extends { id: string }>(list: T[], id: string | undefined): T => list.find((item) => item.id === id) ?? missing()
const startable = (id: string | undefined) => ({ ...find(db.definitions, id === 'def_0' ? 'def_3' : id), parameters: id === 'def_2' ? [{ key: 'Days', name: 'Сколько дней', description: 'Календарных', type: 'int', required: true, multiple: false, options: [], default: 14 }] : [], startForm: null, diagnostics: [], kept: { days: 90, own: false } })

const retention = { instancesDays: 90 as number | null, processes: { approve_payment: null as number | null }, callsDays: null as number | null, notificationsDays: null as number | null, deadEffectsDays: null as number | null, packAfterHours: 24 as number | null, done: { instances: 1204, entries: 88, journals: 12, backlog: 0 } }
const figure = { count: 500, p50: 500, p99: 5_000, bounds: [500, 5_000], counts: [400, 100, 0] }
const system = {
  version: '0.1.0', database: 'sqlite', publicUrl: 'http://localhost:8080', startedAt: new Date(Date.now() - 7e6).toISOString(), uptimeS: 7000, demo: true,
  limits: { valueBytes: 1_048_576, scriptMs: 1000 }, counters: { commands: 5120, deliveries: 88 },
  circuits: [{ target: 'crm.example.com', state: 'open', failures: 9, inFlight: 0, ready: 4, opensInMs: 12_000, failingMs: 95_000 }],
  cluster: { shared: false, partitions: 64, unserved: 0, takeoverMs: 10_000, serving: true, nodes: [{ id: 'node_1', me: true, url: 'http://localhost:8080', version: '0.1.0', startedAt: new Date(Date.now() - 7e6).toISOString(), draining: false, silentMs: 0, partitions: 64 }] },
  storage: { bytes: 12_340_000, backlog: 0, purged: 1204 },
  load: { queued: 3, startsQueued: 1, perSecond: 240, refused: 0, batch: figure, batchLimit: 64, commitUs: figure, timerLagMs: figure, timerDueMs: 0, outboxLagMs: figure, outboxDueMs: 0, outboxInFlight: 0, outboxReady: 4, deliveriesFailed: 9, deliveriesGivenUp: 0, deliveriesDeferred: 4, inboxWaiting: 0, inboxDueMs: 0, jobsOpen: 2, jobLagMs: figure, jobsActivated: 40, jobsAbandoned: 1, jobPolls: 1, scripts: 0 },
}

function completeTask(id: string | undefined, body: Record<string, unknown>) {
  const task = find(db.tasks, id)
  if (task.state !== 'open') throw new Refusal(409, 'RUN-0003', 'Done already')
  Object.assign(task, { state: 'completed', outcome: body.outcome, completedAt: new Date().toISOString(), completedBy: db.person('user_1') })
  tell('task', task.id)
  return task
}

const routes: [string, RegExp, Handler][] = [
  ['GET', /^\/session$/, () => (signedIn ? session() : (() => { throw new Refusal(401, 'IDN-0001', 'Nobody') })())],
  ['POST', /^\/session$/, ({ body }) => { if (body.password === 'wrong') throw new Refusal(401, 'IDN-0002', 'Wrong'); signedIn = true; return session() }],
  ['DELETE', /^\/session$/, () => { signedIn = false }],
  ['PATCH', /^\/me$/, ({ body }) => Object.assign(db.me, body)],
  ['GET', /^\/users$/, ({ query }) => page(db.users, query)],
  ['GET', /^\/tasks\/count$/, () => ({ open: db.tasks.filter((t) => t.state === 'open').length })],
  ['GET', /^\/tasks$/, ({ query }) => page(db.tasks.filter((t) => (query.get('view') === 'done') === (t.state !== 'open') && matching(query.get('search'), t.title)), query)],
  ['GET', /^\/tasks\/(\w+)$/, ({ params }) => find(db.tasks, params[0])],
  ['POST', /^\/tasks\/(\w+)\/complete$/, ({ params, body }) => completeTask(params[0], body)],
  ['GET', /^\/catalogs$/, ({ query }) => page(db.catalogs, query)],
  ['GET', /^\/catalogs\/(\w+)$/, ({ params }) => find(db.catalogs, params[0])],
  ['GET', /^\/catalogs\/(\w+)\/records$/, ({ params, query }) => page(db.records.filter((r) => r.catalogId === params[0] && matching(query.get('search'), r.title)), query)],
  ['POST', /^\/catalogs\/(\w+)\/records$/, ({ params, body }) => {
    const fields = body.fields as (typeof db.records)[number]['fields']
    const now = new Date().toISOString()
    const made = { id: `rec_${db.records.length + 1}`, catalogId: params[0]!, version: 1, title: String(fields.NAME ?? ''), fields, createdAt: now, createdBy: db.person('user_1'), updatedAt: now, updatedBy: null }
    db.records.unshift(made)
    return made
  }],
  ['GET', /^\/catalogs\/(\w+)\/definitions$/, ({ params }) => page(db.definitions.filter((d) => d.catalogId === params[0]))],
  ['GET', /^\/records\/(\w+)$/, ({ params }) => find(db.records, params[0])],
  ['PATCH', /^\/records\/(\w+)$/, ({ params, body }) => { const r = find(db.records, params[0]); Object.assign(r.fields, body.fields); r.version += 1; r.title = String(r.fields.NAME ?? ''); return r }],
  ['GET', /^\/records\/(\w+)\/instances$/, ({ params }) => page(db.instances.filter((i) => i.document?.recordId === params[0]))],
  ['GET', /^\/definitions$/, ({ query }) => page(db.definitions.filter((d) => matching(query.get('search'), d.name)), query)],
  ['GET', /^\/definitions\/(\w+)\/versions$/, ({ params }) => page([find(db.definitions, params[0]), { ...find(db.definitions, params[0]), id: 'def_0', version: 2 }])],
  ['GET', /^\/definitions\/(\w+)$/, ({ params }) => startable(params[0])],
  ['GET', /^\/instances$/, ({ query }) => page(db.instances.filter((i) => (!query.get('state') || i.state === query.get('state')) && (query.get('hasIncident') !== 'true' || i.incidentCount > 0) && (!query.get('suspended') || String(i.suspended) === query.get('suspended')) && !query.get('before') && (!query.get('rootId') || i.rootId === query.get('rootId')) && matching(query.get('search'), i.id, i.document?.title)), query)],
  ['POST', /^\/instances$/, () => ({ id: 'pi_1', state: 'active' })],
  ['GET', /^\/instances\/(\w+)$/, ({ params }) => find(db.instances, params[0])],
  ['GET', /^\/instances\/(\w+)\/history$/, ({ params, query }) => page(params[0] === 'pi_5' ? db.orderHistory : db.history, query)],
  ['POST', /^\/instances\/(\w+)\/(suspend|resume)$/, ({ params }) => { const i = find(db.instances, params[0]); i.suspended = params[1] === 'suspend'; tell('instance', i.id) }],
  ['POST', /^\/instances\/(\w+)\/(modify|turns|ad-hoc|cancel-transaction)$/, () => {}],
  ['POST', /^\/incidents\/(\w+)\/skip$/, () => { const i = find(db.instances, 'pi_2'); i.incidents = []; i.incidentCount = 0; tell('incident', 'inc_1') }],
  ['POST', /^\/migrations$/, ({ body }) => ({ items: [Object.keys(body.elements as object).length > 0 || !body.dryRun ? { instanceId: 'pi_5', ok: true } : { instanceId: 'pi_5', ok: false, code: 'ENG-0026', message: 'the instance can not be migrated', details: { problems: [{ element: 'paid', problem: 'otherTrigger' }] } }] })],
  ['POST', /^\/messages$/, ({ body }) => ({ id: 1, reached: body.name === 'оплачено' ? [{ instanceId: 'pi_5', processId: 'order', started: false }, { instanceId: 'pi_1', processId: 'approve_payment', started: true }] : [], kept: Number(body.ttlMs) > 0 })],
  ['POST', /^\/signals$/, () => {}],
  ['POST', /^\/conditions$/, () => ({ reached: [] })],
  ['GET', /^\/messages$/, ({ query }) => page([{ id: 7, name: 'оплачено', correlationKey: 'order-8', messageId: null, variables: { sum: 1200 }, processId: null, elementId: null, reached: ['approve_payment'], publishedAt: new Date().toISOString(), expiresAt: new Date(Date.now() + 7_200_000).toISOString() }].filter((m) => matching(query.get('name'), m.name)), query)],
  ['DELETE', /^\/messages\/(\w+)$/, () => {}],
  ['GET', /^\/subscriptions$/, ({ query }) => page([{ id: 1, kind: 'message', name: 'оплачено', correlationKey: 'order-7', instanceId: 'pi_5', processId: 'order', elementId: 'paid', since: new Date().toISOString() }, { id: 2, kind: 'signal', name: 'тревога', correlationKey: null, instanceId: 'pi_5', processId: 'order', elementId: 'alarm', since: new Date().toISOString() }].filter((m) => matching(query.get('name'), m.name)), query)],
  ['GET', /^\/mutexes$/, ({ query }) => page([{ id: 1, name: 'касса', instanceId: 'pi_5', key: 3, held: true }, { id: 2, name: 'касса', instanceId: 'pi_1', key: 4, held: false }].filter((m) => matching(query.get('name'), m.name)), query)],
  ['GET', /^\/instances\/\w+\/calls$/, () => page(db.calls)],
  ['POST', /^\/incidents\/(\w+)\/retry$/, () => { const i = find(db.instances, 'pi_2'); i.incidents = []; i.incidentCount = 0; tell('incident', 'inc_1') }],
  ['GET', /^\/models$/, ({ query }) => page(db.models, query)],
  ['POST', /^\/models$/, ({ body }) => { const m = { ...db.models[0]!, id: `model_${db.models.length + 1}`, version: 1, kind: String(body.source).includes('DMN/') ? 'dmn' as const : 'bpmn' as const, name: String(body.name), source: String(body.source), updatedAt: new Date().toISOString() }; db.models.push(m); return m }],
  ['GET', /^\/models\/(\w+)$/, ({ params }) => find(db.models, params[0])],
  ['PUT', /^\/models\/(\w+)$/, ({ params, body }) => {
    const m = find(db.models, params[0])
    if (body.version !== m.version) throw new Refusal(409, 'DEF-0007', 'Changed')
    return Object.assign(m, body, { version: m.version + 1 })
  }],
  ['POST', /^\/models\/(\w+)\/deploy$/, () => ({ definitions: [{ id: 'def_1', processId: 'approve_payment', version: 4 }], diagnostics: [] })],
  ['POST', /^\/diagnostics$/, ({ body }) => ({ deployable: true, diagnostics: String(body.source).includes('"reject"') ? [{ code: 'LN-12', severity: 'warning', element: 'reject', message: 'The end “Вернуть автору” tells nobody', messageRu: 'Конец «Вернуть автору» никого не уведомляет', line: 20, column: 5 }, { code: 'LN-03', severity: 'error', element: 'md5', message: 'The job type is not registered', messageRu: 'Тип работы не зарегистрирован ни одним приложением', line: 5, column: 5 }] : [] })],
  ['GET', /^\/element-templates$/, () => db.templates],
  ['GET', /^\/apps$/, ({ query }) => page(db.apps, query)],
  ['POST', /^\/apps$/, ({ body }) => { const a = { ...db.apps[0]!, ...body, id: `app_${db.apps.length + 1}`, activityCount: 0, clientSecret: 'pR7dWq0Jx5mC2vZbNfT8yLk3HsAe6UgX1iOc9wYrBn4tMzQaKj' }; db.apps.push(a); return a }],
  ['GET', /^\/apps\/(\w+)$/, ({ params }) => find(db.apps, params[0])],
  ['POST', /^\/apps\/\w+\/tokens$/, () => ({ accessToken: 'a1b2c3d4e5f60718293a4b5c6d7e8f90', refreshToken: 'f0e1d2c3b4a5968778695a4b3c2d1e0f', expires: 0, expiresIn: 3600, memberId: '0123456789abcdef0123456789abcdef', clientEndpoint: 'http://localhost:8080/rest/', serverEndpoint: 'http://localhost:8080/rest/', scope: 'bizproc', userId: 'user_1', domain: 'localhost:8080' })],
  ['GET', /^\/apps\/(\w+)\/activities$/, ({ params }) => page(params[0] === 'app_1' ? db.activities : [])],
  ['GET', /^\/apps\/\w+\/calls$/, () => page(db.calls)],
  ['GET', /^\/(webhooks|tokens)$/, () => page([])],
  ['POST', /^\/webhooks$/, ({ body }) => ({ id: 'hook_1', userId: 'user_1', createdAt: new Date().toISOString(), ...body, url: 'http://localhost:8080/rest/1/0123456789abcdef/' })],
  ['GET', /^\/notifications$/, () => ({ items: db.notifications, unread: db.notifications.filter((n) => !n.readAt).length })],
  ['POST', /^\/notifications\/read$/, () => { for (const n of db.notifications) n.readAt ??= new Date().toISOString(); tell('notification', '') }],
  ['GET', /^\/search$/, ({ query }) => page([...db.records.filter((r) => matching(query.get('q'), r.title)).map((r) => ({ kind: 'record', id: r.id, title: r.title, hint: 'Заявки на оплату' })), ...db.definitions.filter((d) => matching(query.get('q'), d.name)).map((d) => ({ kind: 'definition', id: d.id, title: d.name, hint: '' }))])],
  ['GET', /^\/system$/, () => system],
  ['GET', /^\/settings\/retention$/, () => retention],
  ['PUT', /^\/settings\/retention$/, ({ body }) => Object.assign(retention, body)],
  ['POST', /^\/settings\/retention\/preview$/, () => ({ processes: [], over: 0, more: false })],
]

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  try {
    return JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>
  } catch {
    return {}
  }
}

function events(request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
  response.write(': hello\n\n')
  listeners.add(response)
  request.on('close', () => listeners.delete(response))
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://mock')
  if (url.pathname === '/events') return events(request, response)
  const send = (status: number, value: unknown) => {
    response.writeHead(value === undefined ? 204 : status, { 'content-type': 'application/json' })
    response.end(value === undefined ? undefined : JSON.stringify(value))
  }
  try {
    const route = routes.find(([method, path]) => method === request.method && path.test(url.pathname)) ?? missing()
    const params = [...(route[1].exec(url.pathname) ?? [])].slice(1)
    send(200, route[2]({ params, query: url.searchParams, body: await bodyOf(request) }))
  } catch (error) {
    const refusal = error instanceof Refusal ? error : new Refusal(500, 'MOCK', String(error))
    send(refusal.status, { code: refusal.code, message: refusal.message, details: null })
  }
}

function mount(server: { middlewares: Connect.Server }): void {
  server.middlewares.use('/api/v1', (request, response) => void answer(request, response))
}

export function mockApi(): Plugin {
  return {
    name: 'mock-api',
    configureServer: mount,
    configurePreviewServer: mount,
  }
}
