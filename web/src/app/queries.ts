/** What the shell asks: counts, notifications, search. */
import { queryOptions } from '@tanstack/react-query'
import { api } from '@/api'

export const taskCountQuery = queryOptions({
  queryKey: ['task', 'count'],
  queryFn: ({ signal }) => api.get('/tasks/count', { signal }),
})

export const notificationsQuery = queryOptions({
  queryKey: ['notification', 'list'],
  queryFn: ({ signal }) => api.get('/notifications', { query: { limit: 30 }, signal }),
})

export const searchQuery = (q: string) =>
  queryOptions({
    queryKey: ['search', q],
    enabled: q.trim().length > 1,
    staleTime: 5_000,
    queryFn: async ({ signal }) => (await api.get('/search', { query: { q }, signal })).items,
  })
