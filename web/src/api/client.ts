/** One thin door to `/api/v1`: typed by the contract, adds the CSRF token, turns refusals into `ApiError`. */
import createClient from 'openapi-fetch'
import { mayActAgain, secondsOf } from './busy'
import { ApiError, OFFLINE } from './error'
import type { paths } from './__generated__/schema'
import type { Json, Refine } from './types'

const WRITES = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])

let csrfToken = ''
let onSignedOut: () => void = () => {}
let onBusy: (error: ApiError) => Promise<boolean> = () => Promise.resolve(false)

export function setCsrfToken(token: string): void {
  csrfToken = token
}
/** Called when the server says that nobody is signed in any more. */
export function setSignedOutHandler(handler: () => void): void {
  onSignedOut = handler
}

/** Called when the server is too busy for an action; answers whether to try it again. The caller goes on waiting. */
export function setBusyHandler(handler: (error: ApiError) => Promise<boolean>): void {
  onBusy = handler
}

const client = createClient<paths>({
  baseUrl: '/api/v1',
  credentials: 'same-origin',
  headers: { accept: 'application/json' },
  // Absent and empty filters are left out of the address.
  querySerializer: (query) => {
    const params = new URLSearchParams()
    for (const [key, value] of Object.entries(query)) if (value !== undefined && value !== null && value !== '') params.set(key, String(value))
    return params.toString()
  },
  bodySerializer: (body: unknown) => (body instanceof FormData ? body : JSON.stringify(body)),
})

client.use({
  onRequest({ request }) {
    if (WRITES.has(request.method) && csrfToken) request.headers.set('x-csrf-token', csrfToken)
  },
})

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete'
type PathsOf<M extends Method> = { [P in keyof paths]: paths[P][M] extends { responses: unknown } ? P : never }[keyof paths]
type Content<R> = R extends { content: { 'application/json': infer D } } ? Refine<D> : void
/** What an operation answers when it succeeds. */
export type AnswerOf<P extends keyof paths, M extends Method> = paths[P][M] extends { responses: infer R }
  ? R extends { 200: infer A } ? Content<A> : R extends { 201: infer A } ? Content<A> : void
  : never
type QueryOf<P extends keyof paths, M extends Method> = paths[P][M] extends { parameters: { query?: infer Q } } ? Q : never
type BodyOf<P extends keyof paths, M extends Method> = paths[P][M] extends { requestBody: { content: infer C } }
  ? C extends { 'application/json': infer B } ? B : FormData
  : undefined

/** `id` is the one path parameter of the contract. */
type WithId<P> = P extends `${string}{id}${string}` ? { id: string } : { id?: never }
type Reading<P extends keyof paths> = WithId<P> & { query?: QueryOf<P, 'get'>; signal?: AbortSignal }
type Writing<P extends keyof paths, M extends Method> = WithId<P> & (BodyOf<P, M> extends undefined ? { body?: undefined } : { body: BodyOf<P, M> })
/** Options may be left out when an operation needs none. */
type Rest<O> = object extends O ? [options?: O] : [options: O]

interface Options {
  id?: string
  query?: unknown
  body?: unknown
  signal?: AbortSignal
}

type Untyped = (method: Method, path: string, init: object) => Promise<{ data?: unknown; error?: unknown; response: Response }>

async function call<T>(method: Method, path: string, options: Options = {}): Promise<T> {
  for (;;) {
    try {
      return await callOnce<T>(method, path, options)
    } catch (error) {
      // Reads are tried again by the cache.
      if (method === 'get' || !mayActAgain(error) || !(await onBusy(error))) throw error
    }
  }
}

async function callOnce<T>(method: Method, path: string, { id, query, body, signal }: Options): Promise<T> {
  // The facade below has checked path, query and body against the contract; here they are just passed on.
  const request = client.request as unknown as Untyped
  let answer: Awaited<ReturnType<Untyped>>
  try {
    answer = await request(method, path, { params: { path: { id }, query }, body, signal, headers: body instanceof FormData ? { 'content-type': null } : undefined })
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause
    if (cause instanceof SyntaxError) throw new ApiError(502, 'HTTP-502', 'The answer can not be read')
    throw new ApiError(0, OFFLINE, 'The server can not be reached')
  }
  if (answer.response.ok) return answer.data as T
  const error = toError(answer.response, answer.error)
  if (error.code === 'IDN-0001' && path !== '/session') onSignedOut()
  throw error
}

function toError({ status, headers }: Response, data: unknown): ApiError {
  const after = secondsOf(headers.get('retry-after'), Date.now())
  if (data && typeof data === 'object' && 'code' in data) {
    const { code, message, details } = data as { code: string; message?: string; details?: Json }
    return new ApiError(status, code, message ?? code, details, after)
  }
  return new ApiError(status, `HTTP-${status}`, `HTTP ${status}`, undefined, after)
}

/** The server's operations: address, query, body and answer are what its contract says, or it does not compile. */
export const api = {
  get: <P extends PathsOf<'get'>>(path: P, ...[options]: Rest<Reading<P>>) => call<AnswerOf<P, 'get'>>('get', path, options),
  post: <P extends PathsOf<'post'>>(path: P, ...[options]: Rest<Writing<P, 'post'>>) => call<AnswerOf<P, 'post'>>('post', path, options),
  put: <P extends PathsOf<'put'>>(path: P, ...[options]: Rest<Writing<P, 'put'>>) => call<AnswerOf<P, 'put'>>('put', path, options),
  patch: <P extends PathsOf<'patch'>>(path: P, ...[options]: Rest<Writing<P, 'patch'>>) => call<AnswerOf<P, 'patch'>>('patch', path, options),
  delete: <P extends PathsOf<'delete'>>(path: P, ...[options]: Rest<Writing<P, 'delete'>>) => call<AnswerOf<P, 'delete'>>('delete', path, options),
}
