/** What the settings ask and do. */
import { queryOptions } from '@tanstack/react-query'
import { api, queryClient, type RetentionRules, type Role } from '@/api'

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
  // Only while the page is visible: that is the query library's own rule.
  refetchInterval: 3_000,
  queryFn: ({ signal }) => api.get('/system', { signal }),
})

export const retentionQuery = queryOptions({
  queryKey: ['retention', 'rules'],
  refetchInterval: 5_000,
  queryFn: ({ signal }) => api.get('/settings/retention', { signal }),
})

export const previewRetention = (rules: RetentionRules) => api.post('/settings/retention/preview', { body: rules })

/** The rules of all processes, and what is over its time now. */
export const processesKeptQuery = (rules: RetentionRules) =>
  queryOptions({
    queryKey: ['retention', 'processes', rules],
    refetchInterval: 10_000,
    queryFn: () => previewRetention(rules),
  })

export async function saveRetention(rules: RetentionRules): Promise<void> {
  queryClient.setQueryData(retentionQuery.queryKey, await api.put('/settings/retention', { body: rules }))
  await Promise.all(['retention', 'definition'].map((key) => queryClient.invalidateQueries({ queryKey: [key] })))
}
