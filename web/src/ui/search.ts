/** State that lives in the URL. */
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useCallback } from 'react'

type Search = Record<string, string | undefined>

/** The page's search params and a way to change some of them; `undefined` and empty remove. */
export function useUrlState(): [Search, (patch: Search, options?: { push?: boolean }) => void] {
  const search = useSearch({ strict: false }) as Search
  const navigate = useNavigate()
  const set = useCallback(
    (patch: Search, options?: { push?: boolean }) => {
      void navigate({
        to: '.',
        search: ((old: Search) => {
          const next: Search = { ...old, ...patch }
          for (const key of Object.keys(next)) if (!next[key]) delete next[key]
          return next
        }) as never,
        replace: !options?.push,
      })
    },
    [navigate],
  )
  return [search, set]
}
