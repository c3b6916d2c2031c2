import { expect, it } from 'vitest'
import { starterSource } from './templates'

it.each(['blank', 'approval', 'appCall'] as const)('%s: every reference of the drawing is there', (kind) => {
  const xml = starterSource(kind, 'A & "B" <C>', 'ru')
  expect(xml).toContain('name="A &amp; &quot;B&quot; &lt;C&gt;"')
  const ids = new Set([...xml.matchAll(/ id="([^"]+)"/g)].map((m) => m[1]))
  for (const [, ref] of xml.matchAll(/(?:sourceRef|targetRef|bpmnElement|default)="([^"]+)"/g)) expect(ids).toContain(ref)
  for (const [, ref] of xml.matchAll(/<bpmn:(?:incoming|outgoing)>([^<]+)</g)) expect(ids).toContain(ref)
})

it('gives each model a process id of its own', () => {
  const id = (xml: string) => /<bpmn:process id="([^"]+)"/.exec(xml)?.[1]
  expect(id(starterSource('blank', 'x', 'en'))).not.toBe(id(starterSource('blank', 'x', 'en')))
})
