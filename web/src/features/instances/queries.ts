/** What an instance's page asks and does. */
import { queryOptions } from '@tanstack/react-query'
import { api, type CallRecord, type HistoryEntry, type JsonObject, type Page } from '@/api'

const HISTORY_LIMIT = 500

export const historyQuery = (id: string) =>
  queryOptions({
    queryKey: ['instance', 'history', id],
    queryFn: ({ signal }) => api.get<Page<HistoryEntry>>(`/instances/${id}/history`, { limit: HISTORY_LIMIT }, signal),
  })

export const callsQuery = (id: string) =>
  queryOptions({
    queryKey: ['instance', 'calls', id],
    queryFn: ({ signal }) => api.get<Page<CallRecord>>(`/instances/${id}/calls`, { limit: 200 }, signal),
  })

export const cancelInstance = (id: string, reason: string) => api.post(`/instances/${id}/cancel`, { reason })
export const eraseInstance = (id: string) => api.delete(`/instances/${id}`)
export const retryIncident = (id: string) => api.post(`/incidents/${id}/retry`)
export const setVariables = (id: string, scope: number, values: JsonObject) =>
  api.patch(`/instances/${id}/variables`, { scope, values })
