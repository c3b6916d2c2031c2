/** Dialogs opened from code: the wish is kept here, the dialog itself is loaded with the first one. */
import { useSyncExternalStore, type ReactNode } from 'react'

export interface Dialog {
  id: number
  title: string
  size?: 'md' | 'lg'
  children: ReactNode
}

let dialogs: readonly Dialog[] = []
let lastId = 0
const watchers = new Set<() => void>()

function set(next: readonly Dialog[]): void {
  dialogs = next
  for (const notify of watchers) notify()
}

export function openDialog(dialog: Omit<Dialog, 'id'>): number {
  lastId += 1
  set([...dialogs, { ...dialog, id: lastId }])
  return lastId
}

export function closeDialog(id: number): void {
  set(dialogs.filter((dialog) => dialog.id !== id))
}

export function useDialogs(): readonly Dialog[] {
  return useSyncExternalStore(
    (listener) => {
      watchers.add(listener)
      return () => watchers.delete(listener)
    },
    () => dialogs,
  )
}
