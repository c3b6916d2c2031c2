/** What an instance's page asks and does. */
import { queryOptions } from '@tanstack/react-query'
import { api, type JsonObject } from '@/api'

const HISTORY_LIMIT = 500

export const historyQuery = (id: string) =>
  queryOptions({
    queryKey: ['instance', 'history', id],
    queryFn: ({ signal }) => api.get('/instances/{id}/history', { id, query: { limit: HISTORY_LIMIT }, signal }),
  })

export const callsQuery = (id: string) =>
  queryOptions({
    queryKey: ['instance', 'calls', id],
    queryFn: ({ signal }) => api.get('/instances/{id}/calls', { id, query: { limit: 200 }, signal }),
  })

export const cancelInstance = (id: string, reason: string) => api.post('/instances/{id}/cancel', { id, body: { reason } })
export const eraseInstance = (id: string) => api.delete('/instances/{id}', { id })
export const retryIncident = (id: string) => api.post('/incidents/{id}/retry', { id })
export const setVariables = (id: string, scope: number, values: JsonObject) =>
  api.patch('/instances/{id}/variables', { id, body: { scope, values } })
