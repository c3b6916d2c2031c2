import { describe, expect, it } from 'vitest'
import { bytesText, isBeyond } from './figures'

describe('figures', () => {
  it('gives bytes a unit', () => {
    expect(bytesText(0, 'en')).toBe('0 byte')
    expect(bytesText(4_096, 'en')).toBe('4 kB')
    expect(bytesText(12_340_000, 'en')).toBe('12.3 MB')
    expect(bytesText(5.2e15, 'en')).toBe('5,200 TB')
  })

  it('knows what lies beyond the last bound', () => {
    expect(isBeyond({ count: 0, counts: [0, 0] }, 'p99')).toBe(false)
    expect(isBeyond({ count: 100, counts: [99, 1] }, 'p99')).toBe(false)
    expect(isBeyond({ count: 100, counts: [98, 2] }, 'p99')).toBe(true)
    expect(isBeyond({ count: 100, counts: [50, 50] }, 'p50')).toBe(false)
  })
})
