import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'

const source = (path: string): string => (readFileSync(`../crates/${path}`, 'utf8').split('#[cfg(test)]')[0] ?? '')
/** Drawn as an element of its own: a business rule task. */
const ELEMENTS = new Set(['ruslo:decision'])

/** Job types that arms of a `match` name; those of Bitrix come from `.bpt` files and are not drawn. */
function arms(path: string): string[] {
  const patterns = source(path).split('\n').filter((line) => line.includes(' => ')).map((line) => line.split(' => ')[0] ?? '')
  return patterns.flatMap((pattern) => [...pattern.matchAll(/"(ruslo:[^"]+)"/g)].map(([, type]) => type ?? '')).filter((type) => !type.startsWith('ruslo:bitrix.') && !ELEMENTS.has(type))
}

it('has a template for every component that the server runs, and a component for every template', () => {
  const components = [...new Set([...arms('runtime/src/components/mod.rs'), ...arms('runtime/src/jobs/route.rs')])]
  const templates = [...source('formats/src/element_template.rs').matchAll(/^\s+id: "(ruslo:[^"]+)"/gm)].map(([, id]) => id ?? '')
  expect(components.length).toBeGreaterThanOrEqual(8)
  expect(templates.toSorted()).toEqual(components.toSorted())
})
