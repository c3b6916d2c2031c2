/** Who is signed in, and what the server says about itself. */
import { queryOptions, useSuspenseQuery } from '@tanstack/react-query'
import { isBusy, readAgain } from './busy'
import { api, setCsrfToken } from './client'
import { ApiError } from './error'
import { queryClient } from './query'
import type { Me, Session } from './types'

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  staleTime: Infinity,
  gcTime: Infinity,
  retry: (count, error) => (isBusy(error) ? readAgain(count, error) : count < 3 && !(error instanceof ApiError && error.status === 401)),
  queryFn: async (): Promise<Session | null> => {
    try {
      const session = await api.get('/session')
      setCsrfToken(session.csrfToken)
      return session
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return null
      throw error
    }
  },
})

export async function signIn(login: string, password: string): Promise<Session> {
  const session = await api.post('/session', { body: { login, password } })
  setCsrfToken(session.csrfToken)
  queryClient.setQueryData(sessionQuery.queryKey, session)
  return session
}

export async function signOut(): Promise<void> {
  await api.delete('/session')
  setCsrfToken('')
  queryClient.clear()
  queryClient.setQueryData(sessionQuery.queryKey, null)
}

/** The session inside the shell, where it is always there. */
export function useSession(): Session {
  const { data } = useSuspenseQuery(sessionQuery)
  if (!data) throw new Error('useSession outside the signed-in shell')
  return data
}

export function useMe(): Me {
  return useSession().user
}

export function updateMe(patch: Partial<Me>): void {
  queryClient.setQueryData(sessionQuery.queryKey, (old: Session | null | undefined) =>
    old ? { ...old, user: { ...old.user, ...patch } } : old,
  )
}
