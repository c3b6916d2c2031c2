/** Lists of parts in the panel: what is asked of each part, where it stands, how it is made and taken away. */
import type { DiagramElement, Moddle } from '../forms'
import type { PartServices } from './services'

/** Keys of `designer.part`. */
export type ColumnKey =
  | 'partName' | 'dataType' | 'collection' | 'dataFrom' | 'dataTo' | 'transformation' | 'inputMode' | 'assignFrom' | 'assignTo'
  | 'role' | 'roleExpression' | 'resource' | 'resourceName'
  | 'message' | 'messagePath' | 'property' | 'dataPath' | 'globalKind' | 'globalId' | 'headerKey' | 'headerValue'

/** Keys of `designer.parts`: titles of lists. */
export type PartKey = 'properties' | 'dataInputs' | 'dataOutputs' | 'dataAssignments' | 'roles' | 'correlationProperties' | 'retrievals' | 'correlationKeys' | 'correlationBindings' | 'globalTasks' | 'headers'

export interface Choice {
  value: string
  label: string
}
/** A part, and the element under whose panel it is asked for. */
export interface Spot {
  element: DiagramElement
  item: Moddle
}

interface ColumnBase {
  key: ColumnKey
  /** Another label than that of the key: a name from the model. */
  label?: string
  /** Tells several columns of one key apart. */
  id?: string
  hidden?: (spot: Spot) => boolean
  /** What is wrong with a value, in the person's language. */
  wrong?: (value: string, spot: Spot) => string | undefined
}
export interface PlainColumn extends ColumnBase {
  kind: 'text' | 'check' | 'choice'
  read: (spot: Spot) => string
  write: (services: PartServices, spot: Spot, value: string) => void
  choices?: (spot: Spot, services: PartServices) => Choice[]
}
/** Text and language of a formal expression that `owner` has as `property`. */
export interface ExpressionColumn extends ColumnBase {
  kind: 'expression'
  owner: (spot: Spot) => Moddle | undefined
  property: string
  /** Makes the owner when the first word is written. */
  makeOwner?: (services: PartServices, spot: Spot) => Moddle
  /** Takes away what has become empty. */
  after?: (services: PartServices, spot: Spot) => void
  /** The text is a name: it has no language. */
  plain?: boolean
}
export type PartColumn = PlainColumn | ExpressionColumn

/** A list inside a part. */
export interface NestedSpec {
  key: PartKey
  items: (spot: Spot) => Moddle[]
  add: (services: PartServices, spot: Spot) => void
  remove: (services: PartServices, spot: Spot, inner: Moddle) => void
  label: (inner: Moddle) => string
  columns: readonly PartColumn[]
}

export interface PartSpec {
  key: PartKey
  shown: (element: DiagramElement) => boolean
  items: (element: DiagramElement) => Moddle[]
  add: (services: PartServices, element: DiagramElement) => void
  remove: (services: PartServices, spot: Spot) => void
  label: (item: Moddle) => string
  /** Opens the panel of the part itself. */
  opens?: boolean
  columns: (spot: Spot) => readonly PartColumn[]
  nested?: NestedSpec
}

const NAME = /^[\p{L}_][\p{L}\p{N}_]*$/u
const PATH = /^[\p{L}_][\p{L}\p{N}_]*(\.[\p{L}_][\p{L}\p{N}_]*)*$/u
const ID = /^[\p{L}_][\p{L}\p{N}._-]*$/u

/** What may be the name of a variable. */
export const isVariable = (value: string): boolean => NAME.test(value)
export const isPath = (value: string): boolean => PATH.test(value)
export const isId = (value: string): boolean => ID.test(value)

export const CREATE = 'create-new'
