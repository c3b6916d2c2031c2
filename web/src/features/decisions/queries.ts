/** What the decisions ask and do. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api, type JsonObject } from '@/api'

export const decisionsQuery = (search: string) =>
  queryOptions({
    queryKey: ['decision', 'list', search],
    queryFn: ({ signal }) => api.get('/decisions', { query: { search: search || undefined, limit: 200 }, signal }),
    placeholderData: keepPreviousData,
  })

export const decisionQuery = (id: string) =>
  queryOptions({ queryKey: ['decision', id], queryFn: ({ signal }) => api.get('/decisions/{id}', { id, signal }) })

export const decisionVersionsQuery = (id: string) =>
  queryOptions({ queryKey: ['decision', 'versions', id], queryFn: async ({ signal }) => (await api.get('/decisions/{id}/versions', { id, signal })).items })

export const withdrawDecision = (id: string) => api.delete('/decisions/{id}', { id })

/** A deployed version, or a text that needs not be deployed. */
export type Tried = { id: string } | { source: string; decisionId?: string }

export const tryOut = (tried: Tried, variables: JsonObject) =>
  'id' in tried
    ? api.post('/decisions/{id}/evaluate', { id: tried.id, body: { variables } })
    : api.post('/decisions/evaluate', { body: { ...tried, variables } })
