/** What the apps section asks and does. */
import { queryOptions } from '@tanstack/react-query'
import { api, type App, type AppTokens } from '@/api'

export const appsQuery = queryOptions({
  queryKey: ['app', 'list'],
  queryFn: ({ signal }) => api.get('/apps', { query: { limit: 200 }, signal }),
})
export const appQuery = (id: string) =>
  queryOptions({ queryKey: ['app', 'one', id], queryFn: ({ signal }) => api.get('/apps/{id}', { id, signal }) })
export const activitiesQuery = (id: string) =>
  queryOptions({ queryKey: ['app', 'activities', id], queryFn: ({ signal }) => api.get('/apps/{id}/activities', { id, signal }) })
export const appCallsQuery = (id: string) =>
  queryOptions({
    queryKey: ['app', 'calls', id],
    refetchInterval: 10_000,
    queryFn: ({ signal }) => api.get('/apps/{id}/calls', { id, query: { limit: 30 }, signal }),
  })
export const webhooksQuery = queryOptions({
  queryKey: ['webhook', 'list'],
  queryFn: ({ signal }) => api.get('/webhooks', { signal }),
})
export const tokensQuery = queryOptions({
  queryKey: ['token', 'list'],
  queryFn: ({ signal }) => api.get('/tokens', { signal }),
})

export interface AppDraft {
  name: string
  scopes: string[]
  handlerUrl?: string
  installUrl?: string
}

/** Makes the app and its first tokens: both are shown once. */
export async function createApp(draft: AppDraft): Promise<{ app: App; tokens: AppTokens }> {
  const app = await api.post('/apps', { body: draft })
  const tokens = await api.post('/apps/{id}/tokens', { id: app.id })
  return { app, tokens }
}
export const newSecret = (id: string) => api.post('/apps/{id}/secret', { id })
export const newTokens = (id: string) => api.post('/apps/{id}/tokens', { id })
export const deleteApp = (id: string) => api.delete('/apps/{id}', { id })
export const createWebhook = (title: string, scopes: string[]) => api.post('/webhooks', { body: { title, scopes } })
export const deleteWebhook = (id: string) => api.delete('/webhooks/{id}', { id })
export const createToken = (title: string) => api.post('/tokens', { body: { title } })
export const deleteToken = (id: string) => api.delete('/tokens/{id}', { id })
