/** What the settings ask and do. */
import { queryOptions } from '@tanstack/react-query'
import { api, type Role } from '@/api'

export interface UserDraft {
  login: string
  name: string
  lastName: string
  email: string
  role: Role
  password: string
}

export const createUser = (draft: UserDraft) => api.post('/users', { body: draft })
export const updateUser = (id: string, patch: Partial<Omit<UserDraft, 'login'>> & { active?: boolean }) => api.patch('/users/{id}', { id, body: patch })
export const updateProfile = (patch: { name: string; lastName: string; email: string }) => api.patch('/me', { body: patch })
export const changePassword = (current: string, next: string) => api.post('/me/password', { body: { current, next } })

export const systemQuery = queryOptions({
  queryKey: ['system'],
  refetchInterval: 10_000,
  queryFn: ({ signal }) => api.get('/system', { signal }),
})
