/** What an instance's page asks and does. */
import { queryOptions } from '@tanstack/react-query'
import { api, type HistoryEntry, type JsonObject, type Page } from '@/api'

const HISTORY_PAGE = 500
/** A history longer than this is shown from its beginning to here. */
const HISTORY_MAX = 10_000

export const historyQuery = (id: string) =>
  queryOptions({
    queryKey: ['instance', 'history', id],
    queryFn: async ({ signal }): Promise<Page<HistoryEntry>> => {
      const first = await api.get('/instances/{id}/history', { id, query: { limit: HISTORY_PAGE }, signal })
      const items = [...first.items]
      while (items.length < Math.min(first.total, HISTORY_MAX)) {
        const next = await api.get('/instances/{id}/history', { id, query: { limit: HISTORY_PAGE, offset: items.length }, signal })
        if (next.items.length === 0) break
        items.push(...next.items)
      }
      return { items, total: first.total }
    },
  })

export const callsQuery = (id: string) =>
  queryOptions({
    queryKey: ['instance', 'calls', id],
    queryFn: ({ signal }) => api.get('/instances/{id}/calls', { id, query: { limit: 200 }, signal }),
  })

/** Everything that was called, at any depth, under the instance that began it all. */
export const treeQuery = (rootId: string) =>
  queryOptions({
    queryKey: ['instance', 'tree', rootId],
    queryFn: async ({ signal }) => (await api.get('/instances', { query: { rootId, limit: 200 }, signal })).items,
  })

export const versionsQuery = (definitionId: string) =>
  queryOptions({
    queryKey: ['definition', 'versions', definitionId],
    queryFn: async ({ signal }) => (await api.get('/definitions/{id}/versions', { id: definitionId, signal })).items,
  })

export const cancelInstance = (id: string, reason: string) => api.post('/instances/{id}/cancel', { id, body: { reason } })
export const eraseInstance = (id: string) => api.delete('/instances/{id}', { id })
export const retryIncident = (id: string) => api.post('/incidents/{id}/retry', { id })
export const setVariables = (id: string, scope: number, values: JsonObject) =>
  api.patch('/instances/{id}/variables', { id, body: { scope, values } })

export const suspendInstance = (id: string, reason: string) => api.post('/instances/{id}/suspend', { id, body: { reason } })
export const resumeInstance = (id: string) => api.post('/instances/{id}/resume', { id })
export const skipIncident = (id: string, output: JsonObject, reason: string) => api.post('/incidents/{id}/skip', { id, body: { output, reason } })
export const addTurn = (id: string, key: number, item: unknown) => api.post('/instances/{id}/turns', { id, body: { do: 'add', key, item: item as never } })
export const deleteTurn = (id: string, turn: number) => api.post('/instances/{id}/turns', { id, body: { do: 'delete', turn } })
export const completeTurns = (id: string, key: number) => api.post('/instances/{id}/turns', { id, body: { do: 'complete', key } })
export const chooseAdHoc = (id: string, key: number, elements: string[], variables: JsonObject) =>
  api.post('/instances/{id}/ad-hoc', { id, body: { do: 'activate', key, elements, variables } })
export const completeAdHoc = (id: string, key: number) => api.post('/instances/{id}/ad-hoc', { id, body: { do: 'complete', key } })
export const cancelTransaction = (id: string, key: number) => api.post('/instances/{id}/cancel-transaction', { id, body: { key } })

/** What a person wants changed about where the process stands. */
export interface Plan {
  activate: string[]
  terminate: number[]
  moves: { from: number; to: string }[]
}

export const modifyInstance = (id: string, plan: Plan, reason: string) =>
  api.post('/instances/{id}/modify', { id, body: { activate: plan.activate.map((elementId) => ({ elementId, variables: {} })), terminate: plan.terminate, moves: plan.moves, reason } })

export const migrateInstance = (id: string, to: string, elements: Record<string, string>, more: { dryRun: boolean; reason?: string }) =>
  api.post('/migrations', { body: { instances: [id], to, elements, reason: more.reason ?? '', dryRun: more.dryRun } })
