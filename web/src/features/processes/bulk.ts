/** One thing done to many processes: a walk in pages that can be stopped, goes on from where it was, and says what failed. */

export interface Outcome {
  id: string
  ok: boolean
  why: string
}

export interface Walk {
  seen: number
  done: number
  failed: Outcome[]
  /** The last process that was seen. */
  cursor: string | undefined
  finished: boolean
}

export const BEGINNING: Walk = { seen: 0, done: 0, failed: [], cursor: undefined, finished: false }

/** What one request holds: the server takes 1,000 at most. */
export const AT_ONCE = 200

interface Steps {
  /** Ids after the cursor, none at the end. */
  next: (cursor: string | undefined) => Promise<string[]>
  act: (ids: string[]) => Promise<Outcome[]>
  stopped: () => boolean
  onProgress: (walk: Walk) => void
}

/** A page that throws is not counted: going on begins with it again. */
export async function walkOn(from: Walk, { next, act, stopped, onProgress }: Steps): Promise<Walk> {
  let walk = from
  while (!walk.finished && !stopped()) {
    const ids = await next(walk.cursor)
    if (ids.length === 0) {
      walk = { ...walk, finished: true }
    } else {
      const outcomes = await act(ids)
      walk = {
        seen: walk.seen + ids.length,
        done: walk.done + outcomes.filter((one) => one.ok).length,
        failed: [...walk.failed, ...outcomes.filter((one) => !one.ok)],
        cursor: ids.at(-1),
        finished: false,
      }
    }
    onProgress(walk)
  }
  return walk
}

/** The page of a fixed list after the cursor. */
export function after(ids: string[], cursor: string | undefined): string[] {
  const start = cursor === undefined ? 0 : ids.indexOf(cursor) + 1
  return ids.slice(start, start + AT_ONCE)
}
