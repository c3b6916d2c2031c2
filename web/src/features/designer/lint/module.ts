/** The importer and its rules, compiled to WebAssembly (`crates/lint-wasm`): a text goes in by memory, JSON comes out. */
import type { DiagnosticsResult } from '@/api'

interface Exports {
  memory: WebAssembly.Memory
  lint_reserve: (length: number) => number
  lint_check: () => number
  lint_result: () => number
  lint_templates: () => number
}

/** `templates`: the element templates of apps as JSON; without them elements made from those are not checked. */
export type Check = (source: string, templates?: string) => DiagnosticsResult

const utf8 = new TextEncoder()
const text = new TextDecoder()

/** A function that checks. After a trap the memory is not to be trusted: the next check begins with a new one. */
export function checkWith(module: WebAssembly.Module): Check {
  let instance: Exports | null = null
  let known: string | undefined
  return (source, templates) => {
    const own = (instance ??= new WebAssembly.Instance(module).exports as unknown as Exports)
    try {
      if (templates !== undefined && templates !== known) {
        put(own, templates)
        own.lint_templates()
        known = templates
      }
      put(own, source)
      const length = own.lint_check()
      const answer = text.decode(new Uint8Array(own.memory.buffer, own.lint_result(), length))
      return JSON.parse(answer) as DiagnosticsResult
    } catch (error) {
      instance = null
      known = undefined
      throw error
    }
  }
}

function put(own: Exports, content: string): void {
  const bytes = utf8.encode(content)
  const place = own.lint_reserve(bytes.length)
  // Each call may let the memory grow, which makes a new buffer.
  new Uint8Array(own.memory.buffer, place, bytes.length).set(bytes)
}
