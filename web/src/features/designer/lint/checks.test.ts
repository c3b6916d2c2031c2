import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Diagnostic, DiagnosticsResult } from '@/api'
import { Checks, LOCAL_WAIT_MAX_MS, LOCAL_WAIT_MS, SERVER_ALONE_WAIT_MS, SERVER_WAIT_MS, without, type Findings } from './checks'

const finding = (code: string, element: string, severity: Diagnostic['severity'] = 'warning', line = 1): Diagnostic => ({ code, element, severity, message: code, messageRu: code, line, column: 1 })
const answer = (...diagnostics: Diagnostic[]): DiagnosticsResult => ({ diagnostics, deployable: diagnostics.every((d) => d.severity !== 'error') })

/** A drawing whose text names what the browser finds and, after a bar, what the server finds besides. */
function surroundings({ module = true } = {}) {
  const state = { text: '', down: false, asked: 0, told: [] as Findings[], codes: () => state.told.at(-1)?.diagnostics.map((d) => d.code) }
  const found = (part: string | undefined) => (part ?? '').split(' ').filter(Boolean).map((code) => finding(code, 'a', code.startsWith('E') ? 'error' : 'warning'))
  const checks = new Checks({
    source: () => Promise.resolve(state.text),
    checker: {
      check: (source) => Promise.resolve(module ? answer(...found(source.split('|')[0])) : null),
      isGone: () => !module,
      close: () => {},
    },
    server: (source) => {
      state.asked += 1
      const [here, there] = source.split('|')
      return state.down ? Promise.reject(new Error('down')) : Promise.resolve(answer(...found(here), ...found(there)))
    },
    tell: (findings) => state.told.push(findings),
  })
  return { state, checks }
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('checks', () => {
  it('shows what the browser finds soon, and what only the server finds later, once each', async () => {
    const { state, checks } = surroundings()
    state.text = 'LN-09|LN-24'
    checks.soon()
    await vi.advanceTimersByTimeAsync(LOCAL_WAIT_MS)
    expect([state.codes(), state.asked]).toEqual([['LN-09'], 0])
    await vi.advanceTimersByTimeAsync(SERVER_WAIT_MS)
    expect([state.codes(), state.asked]).toEqual([['LN-09', 'LN-24'], 1])
  })

  it('keeps what the server said while the drawing goes on', async () => {
    const { state, checks } = surroundings()
    state.text = 'LN-09|E-24'
    await checks.run()
    expect(state.told.at(-1)).toMatchObject({ deployable: false, checking: false, partial: false })
    state.text = 'LN-30|E-24'
    checks.soon()
    await vi.advanceTimersByTimeAsync(LOCAL_WAIT_MS)
    expect(state.codes()).toEqual(['LN-30', 'E-24'])
    state.text = 'LN-30'
    checks.soon()
    await vi.advanceTimersByTimeAsync(SERVER_WAIT_MS)
    expect([state.codes(), state.asked]).toEqual([['LN-30'], 2])
    expect(state.told.at(-1)?.deployable).toBe(true)
  })

  it('waits longer after a change when the drawing takes long to write', async () => {
    let written = 0
    const checks = new Checks({
      source: () => new Promise((resolve) => setTimeout(() => resolve(String(++written)), 200)),
      checker: { check: () => Promise.resolve(answer()), isGone: () => false, close: () => {} },
      server: () => new Promise(() => {}),
      tell: () => {},
    })
    checks.soon()
    await vi.advanceTimersByTimeAsync(LOCAL_WAIT_MS + 200)
    expect(written).toBe(1)
    checks.soon()
    await vi.advanceTimersByTimeAsync(LOCAL_WAIT_MAX_MS - 1)
    expect(written).toBe(1)
    await vi.advanceTimersByTimeAsync(1 + 200)
    expect(written).toBe(2)
    checks.close()
  })

  it('says when the server does not answer, and checks on', async () => {
    const { state, checks } = surroundings()
    Object.assign(state, { text: 'LN-09|LN-24', down: true })
    await checks.run()
    expect([state.codes(), state.told.at(-1)]).toMatchObject([['LN-09'], { partial: true, unavailable: false, checking: false }])
    state.down = false
    await checks.run()
    expect([state.codes(), state.told.at(-1)]).toMatchObject([['LN-09', 'LN-24'], { partial: false }])
  })

  it('leaves all to the server where the module is missing', async () => {
    const { state, checks } = surroundings({ module: false })
    state.text = 'LN-09|LN-24'
    checks.soon()
    await vi.advanceTimersByTimeAsync(SERVER_ALONE_WAIT_MS)
    expect([state.codes(), state.asked]).toEqual([['LN-09', 'LN-24'], 1])
    state.down = true
    await checks.run()
    expect([state.codes(), state.told.at(-1)]).toMatchObject([['LN-09', 'LN-24'], { unavailable: true, checking: false }])
  })

  it('shows what a deployment was told beside what the browser finds', async () => {
    const { state, checks } = surroundings()
    state.text = 'LN-09'
    await checks.run()
    checks.show([finding('LN-09', 'a'), finding('E-24', 'a', 'error')], false)
    expect([state.codes(), state.told.at(-1)?.deployable]).toEqual([['LN-09', 'E-24'], false])
  })

  it('is silent when closed', async () => {
    const { state, checks } = surroundings()
    checks.soon()
    checks.close()
    await vi.advanceTimersByTimeAsync(SERVER_WAIT_MS)
    expect(state.told).toEqual([])
  })
})

describe('without', () => {
  it('knows a finding wherever it has moved', () => {
    expect(without([finding('A', 'x', 'hint', 5), finding('B', 'x')], [finding('A', 'x', 'hint', 9)])).toEqual([finding('B', 'x')])
  })
})
