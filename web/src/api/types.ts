/**
 * The words of `/api/v1` as pages use them.
 * Everything here is a view of the server's contract; pages never declare wire shapes of their own.
 */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
export type JsonObject = { [key: string]: Json }
export type Language = 'ru' | 'en'
export type Theme = 'auto' | 'light' | 'dark'
export type Role = 'admin' | 'employee'

export interface Page<T> {
  items: T[]
  total: number
}

export interface Person {
  id: string
  name: string
}

export interface User {
  id: string
  login: string
  name?: string | null
  lastName?: string | null
  fullName: string
  email?: string | null
  role?: Role
  language?: Language | null
  theme?: Theme | null
  active?: boolean
  createdAt?: string | null
}

export type Me = User & { role: Role }

export interface Session {
  user: Me
  csrfToken: string
  server: { version: string; publicUrl: string; demo?: boolean }
}

export interface DocumentLink {
  catalogId: string
  recordId: string
  title: string
}

export interface Assignee {
  userId: string
  name: string
  status: 'candidate' | 'waiting' | 'done'
  outcome?: string | null
  comment?: string | null
  answeredAt?: string | null
}
export type TaskKind = 'form' | 'approve' | 'review' | 'formOrRefuse'
export interface Task {
  id: string
  title: string
  description?: string | null
  kind: TaskKind
  outcomes: string[]
  instanceId: string
  definitionName?: string | null
  document?: DocumentLink | null
  elementId?: string | null
  priority?: number | null
  dueAt?: string | null
  createdAt: string
  state: 'open' | 'completed' | 'canceled'
  assignees: Assignee[]
  completedAt?: string | null
  completedBy?: Person | null
  outcome?: string | null
  version: number
}
export interface TaskDetail extends Task {
  form?: JsonObject | null
  data?: JsonObject | null
  settings?: JsonObject | null
}

export interface Parameter {
  key: string
  name: string
  description?: string
  type: string
  required?: boolean
  multiple?: boolean
  options?: { key: string; label: string }[]
  default?: Json
}

export interface DefinitionStats {
  active: number
  completed: number
  failed: number
  incidents: number
}
export interface Definition {
  id: string
  processId: string
  name: string
  version: number
  origin: 'bpmn' | 'bpt' | string
  deployedAt: string
  deployedBy?: Person | null
  catalogId?: string | null
  appId?: string | null
  description?: string | null
  deployable?: boolean
  parameters?: Parameter[]
  startForm?: JsonObject | null
  stats?: DefinitionStats | null
}
export interface DefinitionDetail extends Definition {
  bpmn: string
  diagnostics?: Diagnostic[]
}

export interface Diagnostic {
  code: string
  severity: 'hint' | 'warning' | 'error' | 'refused'
  element?: string | null
  message: string
  messageRu?: string | null
  line?: number | null
  column?: number | null
}

export type InstanceState = 'active' | 'completed' | 'failed' | 'canceled'
export interface Instance {
  id: string
  state: InstanceState
  stateTitle?: string | null
  definition: { id: string; name: string; version: number; processId?: string }
  document?: DocumentLink | null
  startedBy?: Person | null
  startedAt: string
  finishedAt?: string | null
  incidentCount: number
  updatedAt?: string
  businessKey?: string | null
}
export interface ElementInstance {
  key: number
  elementId: string
  name?: string | null
  kind?: string | null
  state: 'active' | 'completed' | 'terminated' | 'incident'
  startedAt?: string | null
  endedAt?: string | null
  count?: number
}
export interface Incident {
  id: string
  code: string
  message: string
  elementId?: string | null
  elementName?: string | null
  instanceId?: string
  definitionName?: string | null
  createdAt?: string | null
  state?: string
  variable?: string | null
  details?: Json
}
export interface VariableScope {
  scope: number
  elementId?: string | null
  values: JsonObject
}
export interface InstanceDetail extends Instance {
  bpmn: string
  elements: ElementInstance[]
  takenFlows: { flowId: string; count: number }[]
  variables: VariableScope[]
  incidents: Incident[]
  tasks: Task[]
  jobs: { id: string; type: string; elementId: string; retries: number }[]
}
export interface HistoryEntry {
  seq: number
  at: string
  type: string
  elementId?: string | null
  elementName?: string | null
  event: JsonObject
}
export interface CallRecord {
  id: string | number
  at: string
  elementId?: string | null
  instanceId?: string | null
  attempt: number
  url: string
  request?: Json
  status?: number | null
  response?: Json
  durationMs?: number | null
  error?: string | null
}

export type FieldKind = 'text' | 'number' | 'boolean' | 'date' | 'list' | 'person' | 'link'
export interface Field {
  key: string
  name: string
  type: FieldKind
  required?: boolean
  multiple?: boolean
  multiline?: boolean
  time?: boolean
  options?: { key: string; label: string }[]
  catalog?: string
}
export interface Catalog {
  id: string
  key: string
  name: string
  fields: Field[]
  titleField?: string | null
  recordCount?: number
  version?: number
}
export interface RecordRow {
  id: string
  catalogId: string
  version: number
  title: string
  fields: JsonObject
  createdAt: string
  createdBy?: Person | null
  updatedAt: string
  updatedBy?: Person | null
}

export interface Model {
  id: string
  name: string
  version: number
  catalogId?: string | null
  updatedAt?: string | null
  updatedBy?: Person | null
}
export type ModelWithSource = Model & { source: string }
export interface DeployResult {
  definitions: { id: string; processId: string; version: number }[]
  diagnostics: Diagnostic[]
}
export interface DiagnosticsResult {
  diagnostics: Diagnostic[]
  deployable: boolean
}
export interface ImportResult {
  model: Model
  diagnostics: Diagnostic[]
}
/** An element template: JSON in the element-template schema, passed to the designer untouched. */
export type ElementTemplate = JsonObject & { id: string; name: string }

export interface App {
  id: string
  name: string
  clientId: string
  scopes: string[]
  handlerUrl?: string | null
  installUrl?: string | null
  applicationToken?: string | null
  activityCount?: number
  createdAt?: string | null
  clientSecret?: string
}
export interface AppTokens {
  accessToken: string
  refreshToken: string
  expires?: number
  expiresIn?: number
  memberId: string
  clientEndpoint: string
  serverEndpoint?: string
  scope?: string | string[]
  userId?: string
  domain?: string
}
export interface Property {
  key: string
  name: string
  type: string
  required: boolean
  multiple: boolean
  default?: Json
}
export interface Activity {
  code: string
  jobType: string
  kind?: string
  id: string
  name: string
  description: string
  handler?: string
  properties: Property[]
  returnProperties: Property[]
  useSubscription?: boolean | null
}
export interface Webhook {
  id: string
  title: string
  scopes: string[]
  url?: string
  createdAt?: string | null
  lastUsedAt?: string | null
}
export interface ApiToken {
  id: string
  title: string
  scopes?: string[] | null
  token?: string
  createdAt?: string | null
  lastUsedAt?: string | null
}

export interface Notification {
  id: string
  text: string
  createdAt: string
  readAt?: string | null
  kind?: string
  link?: string | null
  from?: Person | null
}
export interface SearchHit {
  kind: 'definition' | 'instance' | 'record' | 'person' | 'task' | 'model' | 'catalog'
  id: string
  title: string
  hint?: string
}
export interface SystemInfo {
  version: string
  database?: string
  publicUrl?: string
  uptimeS?: number
  startedAt?: string
  limits?: Record<string, number>
  counters?: Record<string, number>
}
