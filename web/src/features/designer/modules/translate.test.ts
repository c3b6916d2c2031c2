import base from 'bpmn-js-i18n/translations/ru'
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { russian } from './translate'
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

it('names every kind of element in the head of the panel', () => {
  const events: Record<string, string[]> = {
    '': ['Start', 'End', 'IntermediateThrow', 'IntermediateCatch', 'Boundary'],
    Message: ['Start', 'IntermediateCatch', 'IntermediateThrow', 'End', 'Boundary', 'Start~', 'Boundary~'],
    Timer: ['Start', 'IntermediateCatch', 'Boundary', 'Start~', 'Boundary~'],
    Signal: ['Start', 'IntermediateCatch', 'IntermediateThrow', 'End', 'Boundary', 'Start~', 'Boundary~'],
    Conditional: ['Start', 'IntermediateCatch', 'Boundary', 'Start~', 'Boundary~'],
    Error: ['Start', 'End', 'Boundary'],
    Escalation: ['Start', 'IntermediateThrow', 'End', 'Boundary', 'Start~', 'Boundary~'],
    Compensate: ['Start', 'IntermediateThrow', 'End', 'Boundary'],
    Link: ['IntermediateCatch', 'IntermediateThrow'],
    Cancel: ['End', 'Boundary'],
    Terminate: ['End'],
  }
  const kinds = [
    ...['', 'User', 'Service', 'Send', 'Receive', 'Script', 'Manual', 'BusinessRule'].map((kind) => `${kind}Task`),
    ...['Exclusive', 'Parallel', 'Inclusive', 'Complex', 'EventBased'].map((kind) => `${kind}Gateway`),
    'CollapsedSubProcess', 'ExpandedSubProcess', 'CollapsedAdHocSubProcess', 'ExpandedAdHocSubProcess', 'EventSubProcess', 'Transaction', 'CallActivity',
    'SequenceFlow', 'DefaultFlow', 'ConditionalFlow', 'MessageFlow', 'Association', 'DataInputAssociation', 'DataOutputAssociation',
    'DataObjectReference', 'DataStoreReference', 'DataInput', 'DataOutput', 'TextAnnotation', 'Group', 'Participant', 'Lane', 'Process', 'Collaboration',
    ...Object.entries(events).flatMap(([event, places]) => places.map((place) => `${event}${place.replace('~', '')}Event${place.endsWith('~') ? 'NonInterrupting' : ''}`)),
  ]
  // As the library writes them.
  const heads = kinds.map((kind) => kind.replaceAll(/(\B[A-Z])/g, ' $1').replaceAll(/(\bNon Interrupting)/g, '($1)'))
  expect(heads.filter((head) => !/[а-яё]/i.test(russian(head) ?? ''))).toEqual([])
})
