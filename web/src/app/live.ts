/** Live updates: one event stream; each event refreshes the queries whose keys begin with its topic. */
import { useEffect, useSyncExternalStore } from 'react'
import { queryClient } from '@/api'

const TOPICS = ['task', 'instance', 'notification', 'record', 'catalog', 'definition', 'app', 'model', 'incident'] as const
type Topic = (typeof TOPICS)[number]

/** What else an event of a topic may have changed. */
const ALSO: Partial<Record<Topic, string[]>> = {
  incident: ['instance'],
  record: ['catalog'],
  app: ['activity', 'template'],
  task: ['instance'],
  model: ['compare'],
}
const GATHER_MS = 80

let connected = true
const watchers = new Set<() => void>()
function setConnected(value: boolean): void {
  if (connected === value) return
  connected = value
  for (const notify of watchers) notify()
}

export function useConnected(): boolean {
  return useSyncExternalStore(
    (listener) => {
      watchers.add(listener)
      return () => watchers.delete(listener)
    },
    () => connected,
  )
}

export function useLiveUpdates(): void {
  useEffect(() => {
    let source: EventSource | undefined
    let pending = new Set<string>()
    let gather: ReturnType<typeof setTimeout> | undefined
    let lost: ReturnType<typeof setTimeout> | undefined
    let retry: ReturnType<typeof setTimeout> | undefined
    let wasLost = false
    let stopped = false

    const flush = () => {
      gather = undefined
      const topics = pending
      pending = new Set()
      for (const topic of topics) void queryClient.invalidateQueries({ queryKey: [topic] })
    }
    const touch = (topic: Topic) => {
      pending.add(topic)
      for (const other of ALSO[topic] ?? []) pending.add(other)
      gather ??= setTimeout(flush, GATHER_MS)
    }
    const connect = () => {
      if (stopped) return
      source = new EventSource('/api/v1/events')
      source.addEventListener('open', () => {
        clearTimeout(lost)
        lost = undefined
        setConnected(true)
        if (wasLost) void queryClient.invalidateQueries({ predicate: (query) => query.queryKey[0] !== 'session' })
        wasLost = false
      })
      source.addEventListener('error', () => {
        wasLost = true
        lost ??= setTimeout(() => setConnected(false), 3000)
        if (source?.readyState === EventSource.CLOSED) retry = setTimeout(connect, 3000)
      })
      // The server dropped events for a slow listener: everything may be out of date.
      source.addEventListener('lost', () => void queryClient.invalidateQueries({ predicate: (query) => query.queryKey[0] !== 'session' }))
      for (const topic of TOPICS) source.addEventListener(topic, () => touch(topic))
    }
    connect()
    return () => {
      stopped = true
      source?.close()
      clearTimeout(gather)
      clearTimeout(lost)
      clearTimeout(retry)
      setConnected(true)
    }
  }, [])
}
