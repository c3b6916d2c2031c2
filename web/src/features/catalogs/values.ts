/** A record's values while they are edited: what is missing, what changed, what conflicts. */
import type { Field, Json, JsonObject } from '@/api'

export function isBlank(value: Json | undefined): boolean {
  return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)
}

export function missingFields(fields: Field[], values: JsonObject): string[] {
  return fields.filter((field) => field.required && field.type !== 'boolean' && isBlank(values[field.key])).map((field) => field.key)
}

function same(a: Json | undefined, b: Json | undefined): boolean {
  if (isBlank(a) && isBlank(b)) return true
  return JSON.stringify(a) === JSON.stringify(b)
}

/** Only what differs from the record as it was read. */
export function changedValues(before: JsonObject, after: JsonObject): JsonObject {
  const changed: JsonObject = {}
  for (const [key, value] of Object.entries(after)) if (!same(before[key], value)) changed[key] = value
  return changed
}

export interface FieldConflict {
  field: Field
  mine: Json | undefined
  theirs: Json | undefined
}

/** Fields that both sides changed to different values since `base`. */
export function conflictsOf(fields: Field[], base: JsonObject, mine: JsonObject, theirs: JsonObject): FieldConflict[] {
  return fields
    .filter(({ key }) => !same(base[key], mine[key]) && !same(base[key], theirs[key]) && !same(mine[key], theirs[key]))
    .map((field) => ({ field, mine: mine[field.key], theirs: theirs[field.key] }))
}
