/**
 * Checks beside the page, so that drawing never waits. The first message brings the module's address, others a text, or
 * the element templates that texts are checked with from then on.
 */
import type { DiagnosticsResult } from '@/api'
import { checkWith, type Check } from './module'

export type ToWorker = { url: string } | { templates: string } | { id: number; source: string }
/** No answer: the text could not be checked. `gone`: no text can, for the module could not be loaded. */
export interface FromWorker {
  id: number
  answer: DiagnosticsResult | null
  gone: boolean
}

let check: Promise<Check> | undefined
let templates: string | undefined

async function load(url: string): Promise<Check> {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`${url}: ${response.status}`)
  return checkWith(await WebAssembly.compile(await response.arrayBuffer()))
}

async function answerTo(source: string): Promise<Omit<FromWorker, 'id'>> {
  let ready: Check | undefined
  try {
    ready = await check
    return { answer: ready?.(source, templates) ?? null, gone: false }
  } catch (error) {
    console.warn('The drawing could not be checked in the browser', error)
    return { answer: null, gone: !ready }
  }
}

self.addEventListener('message', ({ data }: MessageEvent<ToWorker>) => {
  if ('url' in data) {
    check = load(data.url)
    // Whoever asks is told.
    check.catch(() => {})
    return
  }
  if ('templates' in data) {
    templates = data.templates
    return
  }
  void answerTo(data.source).then((answer) => self.postMessage({ id: data.id, ...answer } satisfies FromWorker, { transfer: [] }))
})
