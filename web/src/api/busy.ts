/** A server that has too much to do says when to come again: what is read waits and reads again by itself. */
import { ApiError } from './error'

/** Reads are tried so often before a page says that it can not load. */
const READS_MAX = 20
/** When the server names no time. */
const DEFAULT_S = 5
const LONGEST_S = 60

/** Throttled sign-in is about the person, not about the server. */
const OWN_SENTENCE = new Set(['IDN-0016'])

export type BusyError = ApiError & { readonly status: 429 | 503 }

/** Refused because the server, its database or a node can not take it now. */
export function isBusy(error: unknown): error is BusyError {
  return error instanceof ApiError && (error.status === 429 || error.status === 503) && !OWN_SENTENCE.has(error.code)
}

/** `CLU-0002` is one of them that may have been done: who acts has to look first. */
export function mayActAgain(error: unknown): error is BusyError {
  return isBusy(error) && error.code !== 'CLU-0002'
}

/** The seconds of a `Retry-After` header: a number or a date. */
export function secondsOf(header: string | null, now: number): number | undefined {
  if (header === null || header.trim() === '') return undefined
  const seconds = /^\d+$/.test(header.trim()) ? Number(header) : Math.ceil((Date.parse(header) - now) / 1000)
  return Number.isFinite(seconds) ? Math.max(0, seconds) : undefined
}

/** When it is worth trying again, in milliseconds of the clock. */
export function againAt(error: ApiError): number {
  return error.at + Math.min(error.retryAfterS ?? DEFAULT_S, LONGEST_S) * 1000
}

/** Whole seconds until then. */
export function secondsLeft(error: ApiError, now: number): number {
  return Math.max(0, Math.ceil((againAt(error) - now) / 1000))
}

export function readAgain(count: number, error: unknown): boolean {
  if (isBusy(error)) return count < READS_MAX
  return count < 2 && !(error instanceof ApiError && error.status >= 400 && error.status < 500)
}

export function readDelay(attempt: number, error: unknown): number {
  if (!isBusy(error)) return 400 * 2 ** attempt
  // Not all pages in the same moment.
  return Math.max(0, againAt(error) - Date.now()) + Math.random() * 500
}
