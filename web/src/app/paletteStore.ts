/** The palette is loaded when it is first asked for; until then only the wish is kept. */
import { useSyncExternalStore } from 'react'

let wanted = false
let open: (() => void) | undefined
const watchers = new Set<() => void>()

export function openPalette(): void {
  if (open) {
    open()
    return
  }
  wanted = true
  for (const notify of watchers) notify()
}

export function usePaletteWanted(): boolean {
  return useSyncExternalStore(
    (listener) => {
      watchers.add(listener)
      return () => watchers.delete(listener)
    },
    () => wanted,
  )
}

/** Called by the palette once it is there. */
export function paletteReady(opener: () => void): () => void {
  open = opener
  opener()
  return () => {
    open = undefined
  }
}
