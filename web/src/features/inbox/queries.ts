/** What the inbox asks and does. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api, type JsonObject } from '@/api'

export type View = 'mine' | 'all' | 'done'

export const tasksQuery = (view: View, search: string) =>
  queryOptions({
    queryKey: ['task', 'list', view, search],
    queryFn: ({ signal }) => api.get('/tasks', { query: { view, search, limit: 100 }, signal }),
    placeholderData: keepPreviousData,
  })

export const taskQuery = (id: string) =>
  queryOptions({
    queryKey: ['task', 'one', id],
    queryFn: ({ signal }) => api.get('/tasks/{id}', { id, signal }),
  })

export interface Answer {
  outcome: string
  values: JsonObject
  comment?: string
}

export const completeTask = (id: string, answer: Answer) => api.post('/tasks/{id}/complete', { id, body: answer })
export const reassignTask = (id: string, userIds: string[]) => api.post('/tasks/{id}/reassign', { id, body: { userIds } })
