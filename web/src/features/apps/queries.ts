/** What the apps section asks and does. */
import { queryOptions } from '@tanstack/react-query'
import { api, type Activity, type ApiToken, type App, type AppTokens, type CallRecord, type Page, type Webhook } from '@/api'

export const appsQuery = queryOptions({
  queryKey: ['app', 'list'],
  queryFn: ({ signal }) => api.get<Page<App>>('/apps', { limit: 200 }, signal),
})
export const appQuery = (id: string) =>
  queryOptions({ queryKey: ['app', 'one', id], queryFn: ({ signal }) => api.get<App>(`/apps/${id}`, undefined, signal) })
export const activitiesQuery = (id: string) =>
  queryOptions({ queryKey: ['app', 'activities', id], queryFn: ({ signal }) => api.get<Page<Activity>>(`/apps/${id}/activities`, undefined, signal) })
export const appCallsQuery = (id: string) =>
  queryOptions({
    queryKey: ['app', 'calls', id],
    refetchInterval: 10_000,
    queryFn: ({ signal }) => api.get<Page<CallRecord>>(`/apps/${id}/calls`, { limit: 30 }, signal),
  })
export const webhooksQuery = queryOptions({
  queryKey: ['webhook', 'list'],
  queryFn: ({ signal }) => api.get<Page<Webhook>>('/webhooks', undefined, signal),
})
export const tokensQuery = queryOptions({
  queryKey: ['token', 'list'],
  queryFn: ({ signal }) => api.get<Page<ApiToken>>('/tokens', undefined, signal),
})

export interface AppDraft {
  name: string
  scopes: string[]
  handlerUrl?: string
  installUrl?: string
}

/** Makes the app and its first tokens: both are shown once. */
export async function createApp(draft: AppDraft): Promise<{ app: App; tokens: AppTokens }> {
  const app = await api.post<App>('/apps', draft)
  const tokens = await api.post<AppTokens>(`/apps/${app.id}/tokens`)
  return { app, tokens }
}
export const newSecret = (id: string) => api.post<App>(`/apps/${id}/secret`)
export const newTokens = (id: string) => api.post<AppTokens>(`/apps/${id}/tokens`)
export const deleteApp = (id: string) => api.delete(`/apps/${id}`)
export const createWebhook = (title: string, scopes: string[]) => api.post<Webhook>('/webhooks', { title, scopes })
export const deleteWebhook = (id: string) => api.delete(`/webhooks/${id}`)
export const createToken = (title: string) => api.post<ApiToken>('/tokens', { title })
export const deleteToken = (id: string) => api.delete(`/tokens/${id}`)
