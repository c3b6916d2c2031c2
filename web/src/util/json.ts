/** JSON as people read it. */
import type { Json, JsonObject } from '@/api'

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function parseJson(text: string): { ok: true; value: Json } | { ok: false } {
  try {
    return { ok: true, value: JSON.parse(text) as Json }
  } catch {
    return { ok: false }
  }
}

/** One line for a table cell. */
export function inlineJson(value: unknown, max = 120): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value) ?? ''
  return text.length > max ? `${text.slice(0, max - 1)}…` : text
}

/** Indented JSON when the text is JSON, the text itself otherwise. */
export function prettyBody(body: unknown): string {
  if (body === null || body === undefined || body === '') return ''
  if (typeof body !== 'string') return JSON.stringify(body, null, 2)
  const parsed = parseJson(body)
  return parsed.ok && typeof parsed.value === 'object' ? JSON.stringify(parsed.value, null, 2) : body
}
