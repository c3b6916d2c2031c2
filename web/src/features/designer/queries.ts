/** What the designer asks and does. */
import { queryOptions } from '@tanstack/react-query'
import { api, type DeployResult, type DiagnosticsResult, type ElementTemplate, type ImportResult, type Model, type ModelWithSource, type Page } from '@/api'

export const modelsQuery = queryOptions({
  queryKey: ['model', 'list'],
  queryFn: ({ signal }) => api.get<Page<Model>>('/models', { limit: 500 }, signal),
})

/** The model as last read; the canvas keeps its own copy while it is drawn on. */
export const modelQuery = (id: string) =>
  queryOptions({
    queryKey: ['drawing', id],
    staleTime: Infinity,
    gcTime: 0,
    queryFn: ({ signal }) => api.get<ModelWithSource>(`/models/${id}`, undefined, signal),
  })

export const templatesQuery = queryOptions({
  queryKey: ['template', 'list'],
  staleTime: 60_000,
  queryFn: ({ signal }) => api.get<ElementTemplate[]>('/element-templates', undefined, signal),
})

export interface ModelChange {
  version: number
  name: string
  source: string
  catalogId?: string
}

export const readModel = (id: string) => api.get<ModelWithSource>(`/models/${id}`)
export const createModel = (name: string, source: string, catalogId?: string) => api.post<ModelWithSource>('/models', { name, source, catalogId })
export const saveModel = (id: string, change: ModelChange) => api.put<Model>(`/models/${id}`, change)
export const deleteModel = (id: string) => api.delete(`/models/${id}`)
export const deployModel = (id: string) => api.post<DeployResult>(`/models/${id}/deploy`)
export const diagnose = (source: string) => api.post<DiagnosticsResult>('/diagnostics', { source })

export function importFile(file: File): Promise<ImportResult> {
  const form = new FormData()
  form.append('file', file)
  return api.post<ImportResult>('/import', form)
}
