/** Saving until nothing is unsaved, one save at a time: who asks may be about to leave. */

export interface Unsaved {
  /** Something changed since the last save began, or that save failed. */
  dirty: boolean
  /** A person has to decide first. */
  stopped: boolean
  running: Promise<boolean> | null
}

/** Tells whether everything is kept. `once` clears `dirty` as it begins, and sets it again when it fails. */
export async function saveAll(live: Unsaved, once: () => Promise<boolean>): Promise<boolean> {
  for (;;) {
    while (live.running) await live.running
    if (!live.dirty) return true
    if (live.stopped) return false
    live.running = once().finally(() => {
      live.running = null
    })
    if (!(await live.running)) return false
  }
}
