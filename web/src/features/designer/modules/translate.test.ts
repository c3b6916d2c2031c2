import base from 'bpmn-js-i18n/translations/ru'
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { ru } from './translate.ru'

/** What a library asks to be translated: the texts it names itself. */
function asked(file: string, until?: string): string[] {
  const text = readFileSync(file, 'utf8')
  const end = until ? text.indexOf(until) : text.length
  expect(end).toBeGreaterThan(0)
  return [...text.slice(0, end).matchAll(/\btranslate\(\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")/g)].map(([, single, double]) => (single ?? double ?? '').replaceAll(/\\n/g, '\n').replaceAll(/\\(.)/g, '$1'))
}

it('leaves no text of the panel and of templates in English', () => {
  const known = new Set([...Object.keys(base), ...Object.keys(ru)])
  // Behind it stand the groups of another product, which the designer does not use.
  const texts = [...asked('node_modules/bpmn-js-properties-panel/dist/index.js', 'function AsynchronousContinuationsProps('), ...asked('node_modules/bpmn-js-element-templates/dist/index.js')]
  expect(texts.length).toBeGreaterThan(200)
  expect([...new Set(texts)].filter((text) => !known.has(text))).toEqual([])
})
