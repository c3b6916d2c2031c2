/** What the processes section asks and does. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api, type InstanceState, type DeployResult } from '@/api'

export interface InstanceFilter {
  state?: InstanceState
  definitionId?: string
  processId?: string
  hasIncident?: boolean
  suspended?: boolean
  before?: string
  startedBy?: string
  search?: string
  limit?: number
  offset?: number
}

export const instancesQuery = (filter: InstanceFilter) =>
  queryOptions({
    queryKey: ['instance', 'list', filter],
    queryFn: ({ signal }) => api.get('/instances', { query: { ...filter }, signal }),
    placeholderData: keepPreviousData,
  })

export const versionsQuery = (id: string) =>
  queryOptions({
    queryKey: ['definition', 'versions', id],
    queryFn: async ({ signal }) => (await api.get('/definitions/{id}/versions', { id, signal })).items,
  })

export function deployFile(file: File): Promise<DeployResult> {
  const form = new FormData()
  form.append('file', file)
  return api.post('/definitions', { body: form })
}

export const deleteDefinition = (id: string) => api.delete('/definitions/{id}', { id })

export const modelFrom = (name: string, source: string, catalogId?: string | null) =>
  api.post('/models', { body: { name, source, catalogId: catalogId ?? undefined } })
