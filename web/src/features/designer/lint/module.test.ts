/**
 * The module finds what the rules find where they are at home: in the models that `crates/formats` has golden files of, in
 * the examples, in the cases of other crates and in the models that the tests of the rules build (`crates/lint-wasm/tests`).
 * With RUSLO_LINT_REQUIRED (`make web-check`, which builds it) a missing module fails.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkWith } from './module'

const ROOT = path.resolve(import.meta.dirname, '../../../../..')
const MODULE = path.join(import.meta.dirname, 'lint.wasm')

const filesOf = (folder: string, ext: string) => readdirSync(folder).filter((name) => name.endsWith(ext)).map((name) => path.join(folder, name))

/** FNV-1a over UTF-8, as `crates/lint-wasm/tests/answers.rs` writes it. */
function hash(text: string): string {
  let sum = 2_166_136_261
  for (const byte of new TextEncoder().encode(text)) sum = Math.imul(sum ^ byte, 16_777_619)
  return (sum >>> 0).toString(16).padStart(8, '0')
}

it('is there when it must be', () => {
  expect(existsSync(MODULE) || !process.env.RUSLO_LINT_REQUIRED).toBe(true)
})

describe.skipIf(!existsSync(MODULE))('the module', { timeout: 60_000 }, async () => {
  const check = existsSync(MODULE) ? checkWith(await WebAssembly.compile(readFileSync(MODULE))) : () => ({ diagnostics: [], deployable: false })

  it.each(filesOf(path.join(ROOT, 'crates/formats/tests/cases/bpmn'), '.bpmn'))('finds what is told of %s', (file) => {
    const { diagnostics, deployable } = check(readFileSync(file, 'utf8'))
    const [told = ''] = readFileSync(file.replace(/bpmn$/, 'golden'), 'utf8').split('\n\n')
    const lines = diagnostics.map((d) => `${d.line}:${d.column} ${d.code} ${d.severity} ${d.element ?? '-'}: ${d.message}`)
    const expected = told.trimEnd().split('\n').filter((line) => !line.includes('the script can not be read'))
    const scripts = told.includes('the script can not be read')
    expect(lines).toEqual(expected.slice(1))
    if (!scripts) expect(`deployable: ${deployable}`).toBe(expected[0])
  })

  it('finds what the rules find natively in every example and in the models of their tests', () => {
    const tests = path.join(ROOT, 'crates/lint-wasm/tests')
    const built = readFileSync(path.join(tests, 'rule_models.txt'), 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line) as string)
    const listed = readFileSync(path.join(tests, 'answers.txt'), 'utf8').split('\n').filter(Boolean)
    let compared = 0
    for (const line of listed) {
      const [name = '', sourceHash, count, answerHash] = line.split(' ')
      const file = path.join(ROOT, name)
      const source = name.startsWith('#') ? built[Number(name.slice(1))] : existsSync(file) ? readFileSync(file, 'utf8') : undefined
      // A model that has changed since is another model.
      if (source === undefined || hash(source) !== sourceHash) continue
      compared += 1
      const told = check(source).diagnostics.filter((d) => !d.message.includes('the script can not be read'))
      const lines = told.map((d) => `${d.line}:${d.column} ${d.code} ${d.severity} ${d.element ?? '-'}: ${d.message}\n`)
      expect([name, told.length, hash(lines.join(''))], lines.join('')).toEqual([name, Number(count), answerHash])
    }
    expect(compared).toBeGreaterThan(listed.length * 0.8)
    expect(compared).toBeGreaterThan(300)
  })

  it('holds elements to the templates of apps that it is given', () => {
    const properties = [{ id: 'text', label: 'Text', constraints: { notEmpty: true }, binding: { type: 'zeebe:input', name: 'text' } }]
    const templates = JSON.stringify([{ id: 'app.local.1.md5', version: 1, name: 'MD5', appliesTo: ['bpmn:ServiceTask'], properties }])
    const model = (template: string) => `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0"><process id="p" isExecutable="true"><startEvent id="s"/><serviceTask id="t" zeebe:modelerTemplate="${template}"><extensionElements><zeebe:taskDefinition type="rest_1"/></extensionElements></serviceTask><sequenceFlow id="f" sourceRef="s" targetRef="t"/></process></definitions>`
    const told = (template: string, given?: string) => check(model(template), given).diagnostics.filter((d) => d.code === 'LN-28').map((d) => [d.element, d.severity, d.message])
    expect(told('app.local.1.md5')).toEqual([])
    expect(told('app.local.1.md5', templates)).toEqual([['t', 'error', '`Text` must be filled in']])
    // They are kept, and others take their place.
    expect(told('app.local.1.md5')).toHaveLength(1)
    expect(told('app.local.1.gone', templates)).toEqual([['t', 'warning', expect.stringContaining('not known')]])
    expect(told('app.local.1.md5', '[]')).toEqual([['t', 'warning', expect.stringContaining('not known')]])
  })

  it('reads any text, whatever came before', () => {
    for (const source of ['', '<', '\u0000', 'a:1:{', '<a>'.repeat(5000), `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL">${'<process>'.repeat(190)}`]) {
      expect(check(source)).toMatchObject({ deployable: false, diagnostics: [{ severity: 'refused' }] })
    }
    const deep = (text: string) => `<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"><process id="p" isExecutable="true"><startEvent id="s"/><exclusiveGateway id="g"/><endEvent id="e"/><sequenceFlow id="f" sourceRef="s" targetRef="g"/><sequenceFlow id="h" sourceRef="g" targetRef="e"><conditionExpression>=${text}</conditionExpression></sequenceFlow></process></definitions>`
    for (const text of ['('.repeat(100_000), `${'('.repeat(150)}1${')'.repeat(150)}`, '['.repeat(5000), `${'if a then b else '.repeat(3000)}c`, '-'.repeat(20_000), `${'a['.repeat(200)}1${']'.repeat(200)}`]) {
      expect(check(deep(text)).diagnostics.length, text.slice(0, 20)).toBeGreaterThan(0)
    }
    expect(check(deep('true')).diagnostics.some((d) => d.code === 'LN-22')).toBe(false)
  })
})
