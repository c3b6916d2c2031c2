/** What catalogs ask and do. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api, type Catalog, type Field, type Instance, type JsonObject, type Page, type RecordRow } from '@/api'

export const catalogQuery = (id: string) =>
  queryOptions({
    queryKey: ['catalog', 'one', id],
    queryFn: ({ signal }) => api.get<Catalog>(`/catalogs/${id}`, undefined, signal),
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
    queryFn: ({ signal }) => api.get<Page<RecordRow>>(`/catalogs/${catalogId}/records`, { ...filter }, signal),
    placeholderData: keepPreviousData,
  })

export const recordInstancesQuery = (recordId: string) =>
  queryOptions({
    queryKey: ['instance', 'record', recordId],
    queryFn: ({ signal }) => api.get<Page<Instance>>(`/records/${recordId}/instances`, undefined, signal),
  })

export interface CatalogDraft {
  name: string
  key?: string
  fields: Field[]
  titleField?: string
}

export const createCatalog = (draft: CatalogDraft) => api.post<Catalog>('/catalogs', draft)
export const updateCatalog = (id: string, version: number | undefined, draft: CatalogDraft) =>
  api.patch<Catalog>(`/catalogs/${id}`, { version, name: draft.name, fields: draft.fields, titleField: draft.titleField })
export const deleteCatalog = (id: string) => api.delete(`/catalogs/${id}`)
export const createRecord = (catalogId: string, fields: JsonObject) => api.post<RecordRow>(`/catalogs/${catalogId}/records`, { fields })
export const updateRecord = (id: string, version: number, fields: JsonObject) => api.patch<RecordRow>(`/records/${id}`, { version, fields })
export const deleteRecord = (id: string) => api.delete(`/records/${id}`)
