/** Queries that more than one feature asks: people, catalogs, records, definitions. */
import { queryOptions } from '@tanstack/react-query'
import { api } from './client'
import type { DefinitionDetail } from './types'

export const usersQuery = queryOptions({
  queryKey: ['user', 'list'],
  queryFn: ({ signal }) => api.get('/users', { query: { limit: 500 }, signal }),
  staleTime: 60_000,
})

export const catalogsQuery = queryOptions({
  queryKey: ['catalog', 'list'],
  queryFn: ({ signal }) => api.get('/catalogs', { query: { limit: 200 }, signal }),
})

export const definitionsQuery = (filter: { search?: string; latest?: boolean } = {}) =>
  queryOptions({
    queryKey: ['definition', 'list', filter],
    queryFn: ({ signal }) =>
      api.get('/definitions', { query: { ...filter, latest: filter.latest ?? true, limit: 200 }, signal }),
  })

export const definitionQuery = (id: string) =>
  queryOptions({
    queryKey: ['definition', 'one', id],
    queryFn: ({ signal }) => api.get('/definitions/{id}', { id, signal }) as Promise<DefinitionDetail>,
  })

export const catalogDefinitionsQuery = (catalogId: string) =>
  queryOptions({
    queryKey: ['definition', 'catalog', catalogId],
    queryFn: ({ signal }) => api.get('/catalogs/{id}/definitions', { id: catalogId, signal }),
  })

export const recordSearchQuery = (catalogId: string, search: string) =>
  queryOptions({
    queryKey: ['record', 'search', catalogId, search],
    queryFn: ({ signal }) =>
      api.get('/catalogs/{id}/records', { id: catalogId, query: { search, limit: 20 }, signal }),
  })

export const recordQuery = (id: string) =>
  queryOptions({
    queryKey: ['record', 'one', id],
    queryFn: ({ signal }) => api.get('/records/{id}', { id, signal }),
  })

export const instanceQuery = (id: string) =>
  queryOptions({
    queryKey: ['instance', 'one', id],
    queryFn: ({ signal }) => api.get('/instances/{id}', { id, signal }),
  })
