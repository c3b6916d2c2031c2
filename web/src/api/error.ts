/** What the server refused, or what never reached it. */
import type { Json } from './types'

export class ApiError extends Error {
  /** When it came, in milliseconds of the clock. */
  readonly at = Date.now()
  /** The person has been told already. */
  told = false

  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly details: Json | undefined = undefined,
    /** After so many seconds it is worth trying again, by the server's word. */
    readonly retryAfterS: number | undefined = undefined,
  ) {
    super(message)
    this.name = 'ApiError'
  }
}

/** Code of a request that never reached the server. */
export const OFFLINE = 'NET-0001'

export function isApiError(error: unknown, ...codes: string[]): error is ApiError {
  return error instanceof ApiError && (codes.length === 0 || codes.includes(error.code))
}
