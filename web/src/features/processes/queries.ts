/** What the processes section asks and does. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api, type Definition, type DeployResult, type Instance, type Model, type Page } from '@/api'

export interface InstanceFilter {
  state?: string
  definitionId?: string
  processId?: string
  hasIncident?: boolean
  startedBy?: string
  search?: string
  limit?: number
  offset?: number
}

export const instancesQuery = (filter: InstanceFilter) =>
  queryOptions({
    queryKey: ['instance', 'list', filter],
    queryFn: ({ signal }) => api.get<Page<Instance>>('/instances', { ...filter }, signal),
    placeholderData: keepPreviousData,
  })

export const versionsQuery = (id: string) =>
  queryOptions({
    queryKey: ['definition', 'versions', id],
    queryFn: async ({ signal }) => (await api.get<Page<Definition>>(`/definitions/${id}/versions`, undefined, signal)).items,
  })

export function deployFile(file: File): Promise<DeployResult> {
  const form = new FormData()
  form.append('file', file)
  return api.post<DeployResult>('/definitions', form)
}

export const deleteDefinition = (id: string) => api.delete(`/definitions/${id}`)

export const modelFrom = (name: string, source: string, catalogId?: string | null) =>
  api.post<Model>('/models', { name, source, catalogId: catalogId ?? undefined })
