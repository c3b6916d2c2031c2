import { expect, test } from 'vitest'
import { after, BEGINNING, walkOn, type Walk } from './bulk'

const IDS = Array.from({ length: 450 }, (_, n) => `pi_${n + 1}`)
const steps = (seen: string[], stopAfter = Infinity) => {
  let pages = 0
  return {
    next: async (cursor: string | undefined) => after(IDS, cursor),
    act: async (ids: string[]) => { seen.push(...ids); pages += 1; return ids.map((id) => ({ id, ok: id !== 'pi_3', why: id === 'pi_3' ? 'no' : '' })) },
    stopped: () => pages >= stopAfter,
    onProgress: () => {},
  }
}

test('all are acted on once, and what failed is told', async () => {
  const seen: string[] = []
  const walk = await walkOn(BEGINNING, steps(seen))
  expect(seen).toEqual(IDS)
  expect(walk).toMatchObject({ seen: 450, done: 449, finished: true, failed: [{ id: 'pi_3', why: 'no' }] })
})

test('a stopped walk goes on from where it was', async () => {
  const seen: string[] = []
  const stopped = await walkOn(BEGINNING, steps(seen, 1))
  expect(stopped).toMatchObject({ seen: 200, finished: false, cursor: 'pi_200' })
  expect(await walkOn(stopped, steps(seen))).toMatchObject({ seen: 450, finished: true })
  expect(seen).toEqual(IDS)
})

test('a page that can not be acted on is not counted', async () => {
  const told: Walk[] = []
  const broken = { ...steps([]), act: () => Promise.reject(new Error('gone')), onProgress: (walk: Walk) => told.push(walk) }
  await expect(walkOn(BEGINNING, broken)).rejects.toThrow('gone')
  expect(told).toEqual([])
})
