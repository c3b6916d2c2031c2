/**
 * The server cache. Keys begin with the noun that a live event names, so that one event refreshes what it touches:
 * `['task', …]`, `['instance', …]`, `['record', …]`.
 */
import { QueryClient } from '@tanstack/react-query'
import { readAgain, readDelay } from './busy'

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      gcTime: 10 * 60_000,
      refetchOnWindowFocus: false,
      retry: readAgain,
      retryDelay: readDelay,
    },
  },
})
