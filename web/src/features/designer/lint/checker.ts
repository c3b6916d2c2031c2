/** The browser's own check, in a worker that lives as long as the page of a drawing. */
import { queryClient, type DiagnosticsResult, type ElementTemplate } from '@/api'
import { templatesQuery } from '../queries'
import type { FromWorker, ToWorker } from './worker'

export interface Checker {
  /** What the rules find; null: they can not say. */
  check: (source: string) => Promise<DiagnosticsResult | null>
  /** Whether they will never say: the UI was built without them, or they could not be loaded. */
  isGone: () => boolean
  close: () => void
}

/** The module's address; none when the UI was built without it. */
const [moduleUrl] = Object.values(import.meta.glob<string>('./lint.wasm', { query: '?url', import: 'default', eager: true }))

export function openChecker(): Checker {
  const worker = moduleUrl ? started(moduleUrl) : null
  const waiting = new Map<number, (answer: DiagnosticsResult | null) => void>()
  let last = 0
  let broken = worker === null
  let sent: ElementTemplate[] | undefined
  /** The palette's templates, as they were read last: the drawing is held to what it offers. */
  const bringTemplates = (to: Worker) => {
    const known = queryClient.getQueryData(templatesQuery.queryKey)
    if (!known || known === sent) return
    sent = known
    to.postMessage({ templates: JSON.stringify(known) } satisfies ToWorker, [])
  }
  const giveUp = () => {
    broken = true
    for (const answer of waiting.values()) answer(null)
    waiting.clear()
  }
  worker?.addEventListener('error', giveUp)
  worker?.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => {
    if (data.gone) broken = true
    waiting.get(data.id)?.(data.answer)
    waiting.delete(data.id)
  })
  return {
    check: (source) =>
      new Promise((resolve) => {
        if (!worker || broken) {
          resolve(null)
          return
        }
        bringTemplates(worker)
        const id = ++last
        waiting.set(id, resolve)
        worker.postMessage({ id, source } satisfies ToWorker, [])
      }),
    isGone: () => broken,
    close: () => {
      worker?.terminate()
      giveUp()
    },
  }
}

function started(url: string): Worker | null {
  try {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' })
    worker.postMessage({ url: new URL(url, location.href).href } satisfies ToWorker, [])
    return worker
  } catch {
    return null
  }
}
