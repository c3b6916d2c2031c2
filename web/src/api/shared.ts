/** Queries that more than one feature asks: people, catalogs, records, definitions. */
import { queryOptions } from '@tanstack/react-query'
import { api } from './client'
import type { Catalog, Definition, DefinitionDetail, InstanceDetail, Page, RecordRow, User } from './types'

export const usersQuery = queryOptions({
  queryKey: ['user', 'list'],
  queryFn: ({ signal }) => api.get<Page<User>>('/users', { limit: 500 }, signal),
  staleTime: 60_000,
})

export const catalogsQuery = queryOptions({
  queryKey: ['catalog', 'list'],
  queryFn: ({ signal }) => api.get<Page<Catalog>>('/catalogs', { limit: 200 }, signal),
})

export const definitionsQuery = (filter: { search?: string; latest?: boolean } = {}) =>
  queryOptions({
    queryKey: ['definition', 'list', filter],
    queryFn: ({ signal }) =>
      api.get<Page<Definition>>('/definitions', { ...filter, latest: filter.latest ?? true, limit: 200 }, signal),
  })

export const definitionQuery = (id: string) =>
  queryOptions({
    queryKey: ['definition', 'one', id],
    queryFn: ({ signal }) => api.get<DefinitionDetail>(`/definitions/${id}`, undefined, signal),
  })

export const catalogDefinitionsQuery = (catalogId: string) =>
  queryOptions({
    queryKey: ['definition', 'catalog', catalogId],
    queryFn: ({ signal }) => api.get<Page<Definition>>(`/catalogs/${catalogId}/definitions`, undefined, signal),
  })

export const recordSearchQuery = (catalogId: string, search: string) =>
  queryOptions({
    queryKey: ['record', 'search', catalogId, search],
    queryFn: ({ signal }) =>
      api.get<Page<RecordRow>>(`/catalogs/${catalogId}/records`, { search, limit: 20 }, signal),
  })

export const recordQuery = (id: string) =>
  queryOptions({
    queryKey: ['record', 'one', id],
    queryFn: ({ signal }) => api.get<RecordRow>(`/records/${id}`, undefined, signal),
  })

export const instanceQuery = (id: string) =>
  queryOptions({
    queryKey: ['instance', 'one', id],
    queryFn: ({ signal }) => api.get<InstanceDetail>(`/instances/${id}`, undefined, signal),
  })
