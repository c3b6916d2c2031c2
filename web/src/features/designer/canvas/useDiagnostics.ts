/** What the server finds in the drawing, a moment after each change. */
import { useDebouncedCallback } from '@mantine/hooks'
import { useCallback, useRef, useState } from 'react'
import type { Diagnostic } from '@/api'
import { diagnose } from '../queries'

const WAIT_MS = 500

export interface Findings {
  diagnostics: Diagnostic[]
  deployable: boolean
  checking: boolean
  unavailable: boolean
}

const NOTHING: Findings = { diagnostics: [], deployable: true, checking: true, unavailable: false }

export function useDiagnostics(source: () => Promise<string>) {
  const [findings, setFindings] = useState<Findings>(NOTHING)
  const round = useRef(0)
  const run = useCallback(async () => {
    const mine = ++round.current
    setFindings((old) => ({ ...old, checking: true }))
    try {
      const answer = await diagnose(await source())
      if (mine === round.current) setFindings({ ...answer, checking: false, unavailable: false })
    } catch {
      if (mine === round.current) setFindings((old) => ({ ...old, checking: false, unavailable: true }))
    }
  }, [source])
  const soon = useDebouncedCallback(() => void run(), WAIT_MS)
  const show = useCallback((diagnostics: Diagnostic[], deployable: boolean) => setFindings({ diagnostics, deployable, checking: false, unavailable: false }), [])
  return { findings, run, soon, show }
}

export function isError(diagnostic: Diagnostic): boolean {
  return diagnostic.severity === 'error' || diagnostic.severity === 'refused'
}
