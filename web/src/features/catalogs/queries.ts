/** What catalogs ask and do. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api, type Field, type JsonObject } from '@/api'

export const catalogQuery = (id: string) =>
  queryOptions({
    queryKey: ['catalog', 'one', id],
    queryFn: ({ signal }) => api.get('/catalogs/{id}', { id, signal }),
  })

export interface RecordFilter {
  search?: string
  sort?: string
  limit: number
  offset: number
}

export const recordsQuery = (catalogId: string, filter: RecordFilter) =>
  queryOptions({
    queryKey: ['record', 'list', catalogId, filter],
    queryFn: ({ signal }) => api.get('/catalogs/{id}/records', { id: catalogId, query: { ...filter }, signal }),
    placeholderData: keepPreviousData,
  })

export const recordInstancesQuery = (recordId: string) =>
  queryOptions({
    queryKey: ['instance', 'record', recordId],
    queryFn: ({ signal }) => api.get('/records/{id}/instances', { id: recordId, signal }),
  })

export interface CatalogDraft {
  name: string
  key?: string
  fields: Field[]
  titleField?: string
}

export const createCatalog = (draft: CatalogDraft) => api.post('/catalogs', { body: draft })
export const updateCatalog = (id: string, version: number | undefined, draft: CatalogDraft) =>
  api.patch('/catalogs/{id}', { id, body: { version, name: draft.name, fields: draft.fields, titleField: draft.titleField } })
export const deleteCatalog = (id: string) => api.delete('/catalogs/{id}', { id })
export const createRecord = (catalogId: string, fields: JsonObject) => api.post('/catalogs/{id}/records', { id: catalogId, body: { fields } })
export const updateRecord = (id: string, version: number, fields: JsonObject) => api.patch('/records/{id}', { id, body: { version, fields } })
export const deleteRecord = (id: string) => api.delete('/records/{id}', { id })
