import { describe, expect, it } from 'vitest'
import { saveAll, type Unsaved } from './saveAll'

/** A server that answers when it is told to. */
function drawing() {
  const live: Unsaved = { dirty: false, stopped: false, running: null }
  const state = { text: '', saved: [] as string[], waiting: [] as ((well: boolean) => void)[] }
  const once = async () => {
    live.dirty = false
    const { text } = state
    const well = await new Promise<boolean>((resolve) => state.waiting.push(resolve))
    if (well) state.saved.push(text)
    else live.dirty = true
    return well
  }
  const change = (text: string) => {
    state.text = text
    live.dirty = true
  }
  const answer = async (well = true) => {
    state.waiting.shift()?.(well)
    await new Promise((resolve) => setTimeout(resolve))
  }
  return { live, state, change, answer, leave: () => saveAll(live, once) }
}

describe('saving before one leaves', () => {
  it('keeps what changes while the save is under way', async () => {
    const { state, change, answer, leave } = drawing()
    change('a')
    const left = leave()
    change('b')
    await answer()
    expect([state.saved, state.waiting.length]).toEqual([['a'], 1])
    await answer()
    expect([await left, state.saved]).toEqual([true, ['a', 'b']])
  })

  it('saves one at a time, however many ask', async () => {
    const { state, change, answer, leave } = drawing()
    change('a')
    const asked = [leave(), leave(), leave()]
    await answer()
    expect([await Promise.all(asked), state.saved, state.waiting.length]).toEqual([[true, true, true], ['a'], 0])
  })

  it('ends with the first failure, and while a person has to decide', async () => {
    const { live, state, change, answer, leave } = drawing()
    change('a')
    const left = leave()
    await answer(false)
    expect([await left, live.dirty, live.running, state.waiting.length]).toEqual([false, true, null, 0])
    live.stopped = true
    expect(await leave()).toBe(false)
    expect(state.waiting).toEqual([])
  })
})
