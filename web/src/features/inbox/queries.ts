/** What the inbox asks and does. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import { api, type JsonObject, type Page, type Task, type TaskDetail } from '@/api'

export type View = 'mine' | 'all' | 'done'

export const tasksQuery = (view: View, search: string) =>
  queryOptions({
    queryKey: ['task', 'list', view, search],
    queryFn: ({ signal }) => api.get<Page<Task>>('/tasks', { view, search, limit: 100 }, signal),
    placeholderData: keepPreviousData,
  })

export const taskQuery = (id: string) =>
  queryOptions({
    queryKey: ['task', 'one', id],
    queryFn: ({ signal }) => api.get<TaskDetail>(`/tasks/${id}`, undefined, signal),
  })

export interface Answer {
  outcome: string
  values: JsonObject
  comment?: string
}

export const completeTask = (id: string, answer: Answer) => api.post<Task>(`/tasks/${id}/complete`, answer)
export const reassignTask = (id: string, userIds: string[]) => api.post(`/tasks/${id}/reassign`, { userIds })
