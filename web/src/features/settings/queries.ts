/** What the settings ask and do. */
import { queryOptions } from '@tanstack/react-query'
import { api, type Me, type Role, type SystemInfo, type User } from '@/api'

export interface UserDraft {
  login: string
  name: string
  lastName: string
  email: string
  role: Role
  password?: string
}

export const createUser = (draft: UserDraft) => api.post<User>('/users', draft)
export const updateUser = (id: string, patch: Partial<Omit<UserDraft, 'login'>> & { active?: boolean }) => api.patch<User>(`/users/${id}`, patch)
export const updateProfile = (patch: { name: string; lastName: string; email: string }) => api.patch<Me>('/me', patch)
export const changePassword = (current: string, next: string) => api.post('/me/password', { current, next })

export const systemQuery = queryOptions({
  queryKey: ['system'],
  refetchInterval: 10_000,
  queryFn: ({ signal }) => api.get<SystemInfo>('/system', undefined, signal),
})
