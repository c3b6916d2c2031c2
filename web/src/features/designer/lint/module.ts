/** The importer and its rules, compiled to WebAssembly (`crates/lint-wasm`): a text goes in by memory, JSON comes out. */
import type { DiagnosticsResult } from '@/api'

interface Exports {
  memory: WebAssembly.Memory
  lint_reserve: (length: number) => number
  lint_check: () => number
  lint_result: () => number
}

export type Check = (source: string) => DiagnosticsResult

const utf8 = new TextEncoder()
const text = new TextDecoder()

/** A function that checks. After a trap the memory is not to be trusted: the next check begins with a new one. */
export function checkWith(module: WebAssembly.Module): Check {
  let instance: Exports | null = null
  return (source) => {
    const bytes = utf8.encode(source)
    const own = (instance ??= new WebAssembly.Instance(module).exports as unknown as Exports)
    try {
      // Each call may let the memory grow, which makes a new buffer.
      const place = own.lint_reserve(bytes.length)
      new Uint8Array(own.memory.buffer, place, bytes.length).set(bytes)
      const length = own.lint_check()
      const answer = text.decode(new Uint8Array(own.memory.buffer, own.lint_result(), length))
      return JSON.parse(answer) as DiagnosticsResult
    } catch (error) {
      instance = null
      throw error
    }
  }
}
