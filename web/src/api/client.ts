/** One thin door to `/api/v1`: adds the CSRF token, parses JSON, turns refusals into `ApiError`. */
import type { Json } from './types'

const BASE = '/api/v1'
const WRITES = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly details: Json | undefined = undefined,
  ) {
    super(message)
    this.name = 'ApiError'
  }
}

/** Code of a request that never reached the server. */
export const OFFLINE = 'NET-0001'

let csrfToken = ''
let onSignedOut: () => void = () => {}

export function setCsrfToken(token: string): void {
  csrfToken = token
}
/** Called when the server says that nobody is signed in any more. */
export function setSignedOutHandler(handler: () => void): void {
  onSignedOut = handler
}

export type Query = Record<string, string | number | boolean | null | undefined>

export function withQuery(path: string, query?: Query): string {
  if (!query) return path
  const params = new URLSearchParams()
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '') params.set(key, String(value))
  }
  const text = params.toString()
  return text ? `${path}?${text}` : path
}

interface CallOptions {
  query?: Query
  body?: unknown
  signal?: AbortSignal
}

async function call<T>(method: string, path: string, options: CallOptions = {}): Promise<T> {
  const headers: Record<string, string> = { accept: 'application/json' }
  let body: BodyInit | undefined
  if (options.body instanceof FormData) {
    body = options.body
  } else if (options.body !== undefined) {
    headers['content-type'] = 'application/json'
    body = JSON.stringify(options.body)
  }
  if (WRITES.has(method) && csrfToken) headers['x-csrf-token'] = csrfToken
  let response: Response
  try {
    response = await fetch(withQuery(BASE + path, options.query), {
      method,
      headers,
      body,
      signal: options.signal,
      credentials: 'same-origin',
    })
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause
    throw new ApiError(0, OFFLINE, 'The server can not be reached')
  }
  const text = await response.text()
  const data: unknown = text ? parse(text) : undefined
  if (response.ok) return data as T
  const error = toError(response.status, data)
  if (error.code === 'IDN-0001' && path !== '/session') onSignedOut()
  throw error
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function toError(status: number, data: unknown): ApiError {
  if (data && typeof data === 'object' && 'code' in data) {
    const { code, message, details } = data as { code: string; message?: string; details?: Json }
    return new ApiError(status, code, message ?? code, details)
  }
  return new ApiError(status, `HTTP-${status}`, `HTTP ${status}`)
}

export const api = {
  get: <T>(path: string, query?: Query, signal?: AbortSignal) => call<T>('GET', path, { query, signal }),
  post: <T>(path: string, body: unknown = {}) => call<T>('POST', path, { body }),
  put: <T>(path: string, body: unknown) => call<T>('PUT', path, { body }),
  patch: <T>(path: string, body: unknown) => call<T>('PATCH', path, { body }),
  delete: <T = void>(path: string) => call<T>('DELETE', path),
}

export function isApiError(error: unknown, ...codes: string[]): error is ApiError {
  return error instanceof ApiError && (codes.length === 0 || codes.includes(error.code))
}
