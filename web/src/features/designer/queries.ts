/** What the designer asks and does. */
import { queryOptions } from '@tanstack/react-query'
import { api, type ElementTemplate, type ImportResult } from '@/api'

export const modelsQuery = queryOptions({
  queryKey: ['model', 'list'],
  queryFn: ({ signal }) => api.get('/models', { query: { limit: 500 }, signal }),
})

/** The model as last read; the canvas keeps its own copy while it is drawn on. */
export const modelQuery = (id: string) =>
  queryOptions({
    queryKey: ['drawing', id],
    staleTime: Infinity,
    gcTime: 0,
    queryFn: ({ signal }) => api.get('/models/{id}', { id, signal }),
  })

export const templatesQuery = queryOptions({
  queryKey: ['template', 'list'],
  staleTime: 60_000,
  queryFn: ({ signal }) => api.get('/element-templates', { signal }) as Promise<ElementTemplate[]>,
})

export interface ModelChange {
  version: number
  name: string
  source: string
  catalogId?: string
}

export const readModel = (id: string) => api.get('/models/{id}', { id })
export const createModel = (name: string, source: string, catalogId?: string) => api.post('/models', { body: { name, source, catalogId } })
export const saveModel = (id: string, change: ModelChange) => api.put('/models/{id}', { id, body: change })
export const deleteModel = (id: string) => api.delete('/models/{id}', { id })
export const deployModel = (id: string) => api.post('/models/{id}/deploy', { id })
export const diagnose = (source: string) => api.post('/diagnostics', { body: { source } })

export function importFile(file: File): Promise<ImportResult> {
  const form = new FormData()
  form.append('file', file)
  return api.post('/import', { body: form })
}
