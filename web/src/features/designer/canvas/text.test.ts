import { describe, expect, it } from 'vitest'
import { textOf } from './text'

function drawing(drawn = Promise.resolve()) {
  const listeners = new Map<string, () => void>()
  const state = { written: 0, fails: false }
  const text = textOf(
    {
      saveXML: () => {
        state.written += 1
        return state.fails ? Promise.reject(new Error('no')) : Promise.resolve({ xml: `text ${state.written}` })
      },
      on: (event, _priority, listener) => void listeners.set(event, listener),
    },
    'as read',
    drawn,
  )
  return { state, text, change: () => listeners.get('commandStack.changed')?.() }
}

describe('the text of a drawing', () => {
  it('is the one read in until something changes, and is written once for each change', async () => {
    const { state, text, change } = drawing()
    expect(await text()).toBe('as read')
    change()
    expect(await Promise.all([text(), text(), text()])).toEqual(['text 1', 'text 1', 'text 1'])
    change()
    change()
    expect([await text(), state.written]).toEqual(['text 2', 2])
  })

  it('has what changed while it was drawn, and is written when all is drawn', async () => {
    let whole = () => {}
    const { state, text, change } = drawing(new Promise((resolve) => { whole = resolve }))
    expect(await text()).toBe('as read')
    change()
    const asked = text()
    await Promise.resolve()
    expect(state.written).toBe(0)
    whole()
    expect(await asked).toBe('text 1')
  })

  it('is none when something changed and it was never drawn whole', async () => {
    const { state, text, change } = drawing(Promise.reject(new Error('left')))
    expect(await text()).toBe('as read')
    change()
    await expect(text()).rejects.toThrow('left')
    expect(state.written).toBe(0)
  })

  it('is written again after a failure', async () => {
    const { state, text, change } = drawing()
    change()
    state.fails = true
    await expect(text()).rejects.toThrow('no')
    state.fails = false
    expect(await text()).toBe('text 2')
  })
})
