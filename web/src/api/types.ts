/**
 * The words of `/api/v1` as pages use them: names for the types that are generated from the server's contract.
 * No wire shape is written by hand here.
 */
import type { components } from './__generated__/schema'

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
export type JsonObject = { [key: string]: Json }

/** Free JSON is `unknown` in the contract; in pages it is `Json`. */
export type Refine<T> = unknown extends T
  ? Json
  : T extends readonly (infer U)[]
    ? Refine<U>[]
    : T extends object
      ? { [K in keyof T]: Refine<T[K]> }
      : T

type Schemas = components['schemas']
type Wire<K extends keyof Schemas> = Refine<Schemas[K]>

export interface Page<T> {
  items: T[]
  total: number
}

export type Language = Wire<'Language'>
export type Theme = Wire<'Theme'>
export type Role = Wire<'Role'>
export type Person = Wire<'Person'>
export type User = Wire<'User'>
export type Me = Wire<'Me'>
export type Session = Wire<'SessionInfo'>
export type DocumentLink = Wire<'Document'>

export type TaskKind = Wire<'TaskKind'>
export type Task = Wire<'Task'>
export type TaskDetail = Wire<'TaskDetails'>
export type TaskAnswer = Wire<'TaskAnswer'>

export type Parameter = Wire<'Parameter'>
export type Definition = Wire<'Definition'>
export type DefinitionDetail = Omit<Wire<'DefinitionDetails'>, 'startForm'> & { startForm?: JsonObject | null }
export type Diagnostic = Wire<'Diagnostic'>

export type InstanceState = Wire<'InstanceState'>
export type Instance = Wire<'Instance'>
export type InstanceDetail = Wire<'InstanceDetails'>
export type ElementInstance = Wire<'InstanceElement'>
export type Incident = Wire<'Incident'>
export type VariableScope = Wire<'ScopeVariables'>
export type Subscription = Wire<'Subscription'>
export type KeptMessage = Wire<'KeptMessage'>
export type HeldName = Wire<'Mutex'>
export type HistoryEntry = Wire<'HistoryEntry'>
export type CallRecord = Wire<'HandlerCall'>

export type FieldKind = Wire<'FieldType'>
export type Field = Wire<'Field'>
export type Catalog = Wire<'Catalog'>
export type RecordRow = Wire<'Record'>

export type Model = Wire<'Model'>
export type ModelWithSource = Wire<'ModelWithSource'>
export type DeployResult = Wire<'Deployment'>
export type DiagnosticsResult = Wire<'Diagnostics'>
export type ImportResult = Wire<'Imported'>
/** An element template, passed to the designer untouched. */
export type ElementTemplate = JsonObject & { id: string; name: string }

export type Decision = Wire<'Decision'>
export type DecisionDetails = Wire<'DecisionDetails'>
export type DecisionEvaluation = Wire<'DecisionEvaluation'>

export type App = Wire<'App'>
export type AppTokens = Wire<'AppTokens'>
export type Activity = Wire<'AppActivity'>
export type Webhook = Wire<'Webhook'>
export type ApiToken = Wire<'Token'>

export type Notification = Wire<'Notification'>
export type Notifications = Wire<'Notifications'>
export type SearchHit = Wire<'Found'>
export type SystemInfo = Wire<'SystemInfo'>
export type NodeInfo = Wire<'Node'>
export type Circuit = Wire<'Circuit'>
export type Figure = Wire<'Figure'>
export type Load = Wire<'Load'>
export type RetentionRules = Wire<'RetentionRules'>
export type Retention = Wire<'Retention'>
export type RetentionPreview = Wire<'RetentionPreview'>
export type ProcessKept = Wire<'ProcessKept'>
