/** Removing something for good: the person writes its name, it goes, and lists are read again. */
import { queryClient } from '@/api'
import { confirm } from './confirm'
import { toastOk } from './errors'
import { navigateTo } from './nav'

interface Removal {
  title: string
  text: string
  action: string
  /** What is to be written. */
  name: string
  remove: () => Promise<unknown>
  done: string
  /** Queries that showed it. */
  shownBy: string[]
  /** Where its own page leads to. */
  leadsTo?: string
}

export function confirmRemoval({ title, text, action, name, remove, done, shownBy, leadsTo }: Removal): void {
  confirm({
    title,
    text,
    action,
    name,
    run: async () => {
      await remove()
      toastOk(done)
      if (leadsTo) navigateTo(leadsTo)
      const read = queryClient.invalidateQueries({ queryKey: shownBy })
      if (!leadsTo) await read
    },
  })
}
