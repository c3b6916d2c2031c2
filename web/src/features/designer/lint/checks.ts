/**
 * Who checks a drawing, and when: the browser a moment after each change, the server less often, for what only it knows
 * (what is deployed, the clock, JavaScript's syntax). Without the browser's module the server's answer is the whole of it.
 */
import type { Diagnostic, DiagnosticsResult } from '@/api'
import type { Checker } from './checker'

export const LOCAL_WAIT_MS = 150
/** A drawing that takes long to write as text is written when the hand rests: after so many times its cost, at most. */
const WAIT_PER_COST = 8
export const LOCAL_WAIT_MAX_MS = 1000
export const SERVER_WAIT_MS = 1500
/** The pause when nobody else checks. */
export const SERVER_ALONE_WAIT_MS = 500

export interface Findings {
  diagnostics: Diagnostic[]
  deployable: boolean
  checking: boolean
  /** Nobody can check. */
  unavailable: boolean
  /** The browser checks alone: the server does not answer. */
  partial: boolean
}

export const NOTHING: Findings = { diagnostics: [], deployable: true, checking: true, unavailable: false, partial: false }

interface Surroundings {
  source: () => Promise<string>
  checker: Checker
  server: (source: string) => Promise<DiagnosticsResult>
  tell: (findings: Findings) => void
}

export class Checks {
  private local: DiagnosticsResult | null = null
  private server: DiagnosticsResult | null = null
  /** What the server found in a text and the browser did not find in the same text. */
  private extra: Diagnostic[] = []
  private serverDown = false
  private localRound = 0
  private serverRound = 0
  private busy = { local: false, server: false }
  private timers: { local?: ReturnType<typeof setTimeout>; server?: ReturnType<typeof setTimeout> } = {}
  private closed = false
  /** What writing the drawing took, as far as it was written anew. */
  private costMs = 0

  constructor(private readonly around: Surroundings) {}

  /** Checks at once. */
  async run(): Promise<void> {
    await Promise.all([this.checkHere(), this.askServer()])
  }

  /** Checks a moment after the last of many changes. */
  soon(): void {
    clearTimeout(this.timers.local)
    clearTimeout(this.timers.server)
    const alone = this.around.checker.isGone()
    if (!alone) this.timers.local = setTimeout(() => void this.checkHere(), this.localWait())
    this.timers.server = setTimeout(() => void this.askServer(), alone ? SERVER_ALONE_WAIT_MS : SERVER_WAIT_MS)
  }

  /** What a deployment was told about the text as it is now. */
  show(diagnostics: Diagnostic[], deployable: boolean): void {
    this.serverRound += 1
    this.busy.server = false
    this.serverDown = false
    this.server = { diagnostics, deployable }
    if (this.local) this.extra = without(diagnostics, this.local.diagnostics)
    this.publish()
  }

  close(): void {
    this.closed = true
    clearTimeout(this.timers.local)
    clearTimeout(this.timers.server)
    this.around.checker.close()
  }

  private async checkHere(): Promise<void> {
    const round = ++this.localRound
    this.busy.local = true
    const answer = await this.here(await this.text())
    if (round !== this.localRound) return
    this.busy.local = false
    this.local = answer
    this.publish()
  }

  private async askServer(): Promise<void> {
    const round = ++this.serverRound
    this.busy.server = true
    if (!this.local) this.publish()
    try {
      const source = await this.around.source()
      const answer = await this.around.server(source)
      if (round !== this.serverRound) return
      this.answered(answer)
      // While the module is being loaded the server's answer stands alone.
      if (!this.local) this.publish()
      const base = await this.here(source)
      if (round !== this.serverRound) return
      this.extra = base ? without(answer.diagnostics, base.diagnostics) : []
    } catch {
      if (round !== this.serverRound) return
      this.serverDown = true
    }
    this.busy.server = false
    this.publish()
  }

  private answered(answer: DiagnosticsResult): void {
    this.server = answer
    this.serverDown = false
  }

  private async here(source: string | null): Promise<DiagnosticsResult | null> {
    return source === null ? null : this.around.checker.check(source)
  }

  private localWait(): number {
    return Math.min(LOCAL_WAIT_MAX_MS, Math.max(LOCAL_WAIT_MS, WAIT_PER_COST * this.costMs))
  }

  /** The drawing as text; null when it can not be written. */
  private async text(): Promise<string | null> {
    const begun = performance.now()
    try {
      const text = await this.around.source()
      this.costMs = Math.max(performance.now() - begun, this.costMs / 2)
      return text
    } catch {
      return null
    }
  }

  private publish(): void {
    if (this.closed) return
    const { local, server } = this
    const common = { checking: this.busy.local || (!local && this.busy.server), partial: this.serverDown && local !== null }
    if (local) {
      const extra = without(this.extra, local.diagnostics)
      const deployable = local.deployable && !extra.some(isError)
      this.around.tell({ ...common, diagnostics: [...local.diagnostics, ...extra], deployable, unavailable: false })
    } else {
      const shown = server ?? NOTHING
      this.around.tell({ ...common, diagnostics: shown.diagnostics, deployable: shown.deployable, unavailable: this.serverDown && !this.busy.local })
    }
  }
}

const nameOf = ({ code, element, message }: Diagnostic) => JSON.stringify([code, element, message])

/** The findings that are not among `known`: places move with each change, so they do not count. */
export function without(findings: Diagnostic[], known: Diagnostic[]): Diagnostic[] {
  const names = new Set(known.map(nameOf))
  return findings.filter((finding) => !names.has(nameOf(finding)))
}

export function isError(diagnostic: Diagnostic): boolean {
  return diagnostic.severity === 'error' || diagnostic.severity === 'refused'
}
