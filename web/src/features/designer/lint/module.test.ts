/**
 * The module finds what the rules find where they are at home: in the models that `crates/formats` has golden files of.
 * With RUSLO_LINT_REQUIRED (`make web-check`, which builds it) a missing module fails.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkWith } from './module'

const ROOT = path.resolve(import.meta.dirname, '../../../../..')
const MODULE = path.join(import.meta.dirname, 'lint.wasm')

const filesOf = (folder: string, ext: string) => readdirSync(folder).filter((name) => name.endsWith(ext)).map((name) => path.join(folder, name))

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
