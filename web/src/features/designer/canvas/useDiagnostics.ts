/** What is found in the drawing, a moment after each change: by the rules in the browser, and by the server. */
import { useCallback, useEffect, useRef, useState } from 'react'
import type { Diagnostic } from '@/api'
import { useLatest } from '@/ui/hooks'
import { openChecker } from '../lint/checker'
import { Checks, NOTHING, type Findings } from '../lint/checks'
import { diagnose } from '../queries'

export { isError, type Findings } from '../lint/checks'

export function useDiagnostics(source: () => Promise<string>) {
  const [findings, setFindings] = useState<Findings>(NOTHING)
  const latest = useLatest(source)
  const checks = useRef<Checks | null>(null)
  useEffect(() => {
    const made = new Checks({ source: () => latest.current(), checker: openChecker(), server: diagnose, tell: setFindings })
    checks.current = made
    return () => made.close()
  }, [latest])
  const run = useCallback(async () => checks.current?.run(), [])
  const soon = useCallback(() => checks.current?.soon(), [])
  const show = useCallback((diagnostics: Diagnostic[], deployable: boolean) => checks.current?.show(diagnostics, deployable), [])
  return { findings, run, soon, show }
}
