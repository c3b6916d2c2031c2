// The models that the tests of camunda/bpmnlint-plugin-camunda-compat are made of, as files with what is told of them:
//   node tools/compat-cases.cjs REPOSITORY FOLDER     then     tools/corpora --expect FOLDER
// REPOSITORY is a copy of that repository; its packages need not be installed. FOLDER gets a file for each model and
// expect.tsv: file, rule, `valid` or `invalid`, element ids between commas, type of the report, version, name.
'use strict'
const fs = require('node:fs')
const path = require('node:path')
const Module = require('node:module')

const [repository, folder] = process.argv.slice(2).map((p) => path.resolve(p))
if (!folder) {
  console.error('usage: node tools/compat-cases.cjs REPOSITORY FOLDER')
  process.exit(2)
}

/** What stands for a package that is not there: anything may be asked of it. */
const nothing = () => new Proxy(function () {}, { get: (_, key) => (key === 'isArray' ? Array.isArray : nothing()), apply: () => nothing() })

const suites = []
/** The rule that is being read: its file's name, for two files say the same name. */
let spec = ''
const load = Module._load
Module._load = function (request, parent, isMain) {
  const bySpec = parent?.filename.endsWith('.spec.js')
  if (request === 'bpmnlint/lib/testers/rule-tester') {
    return { verify: (_name, _rule, { valid = [], invalid = [] }) => suites.push({ rule: spec, valid, invalid }) }
  }
  if (bySpec && /rules\/camunda-\w+\/[\w-]+$/.test(request)) return {}
  let found
  try {
    found = load(request, parent, isMain)
  } catch (error) {
    if (error.code === 'MODULE_NOT_FOUND') return nothing()
    throw error
  }
  if (!bySpec || !request.endsWith('/helper')) return found
  const model = (xml) => ({ xml })
  return { ...found, createModdle: model, createModdleCamundaCloud: model, createModdleCamundaPlatform: () => ({}), readModdle: () => ({}) }
}
global.describe = global.it = global.beforeEach = () => {}

const tests = path.join(repository, 'test/camunda-cloud')
for (const name of fs.readdirSync(tests).filter((name) => name.endsWith('.spec.js'))) {
  spec = name.replace('.spec.js', '')
  require(path.join(tests, name))
}

fs.mkdirSync(folder, { recursive: true })
const lines = []
const list = (value) => (Array.isArray(value) ? value : [value]).filter(Boolean)
const plain = (text) => String(text).replaceAll(/\s+/g, ' ')

const PREFIXES = {
  xsi: 'http://www.w3.org/2001/XMLSchema-instance',
  zeebe: 'http://camunda.org/schema/zeebe/1.0',
  modeler: 'http://camunda.org/schema/modeler/1.0',
}

/** Their reader is lax about prefixes that are not declared, and about types in place of names of elements. */
function strict(model) {
  const named = model.replaceAll(/(<\/?zeebe:)([A-Z])/g, (_, tag, first) => tag + first.toLowerCase())
  const missing = Object.entries(PREFIXES).filter(([prefix]) => named.includes(`${prefix}:`) && !named.includes(`xmlns:${prefix}=`))
  return named.replace('xmlns:bpmn=', missing.map(([prefix, uri]) => `xmlns:${prefix}="${uri}" `).join('') + 'xmlns:bpmn=')
}

function write(rule, verdict, at, { name, config, moddleElement, report }) {
  if (!moddleElement?.xml) return
  const xml = strict(moddleElement.xml)
  const file = `${rule}-${verdict}-${String(at).padStart(3, '0')}.bpmn`
  fs.writeFileSync(path.join(folder, file), xml.trim() + '\n')
  const reports = list(report)
  const ids = reports.flatMap(({ id, data }) => [id, data?.node, data?.parentNode]).filter((id) => typeof id === 'string')
  const types = new Set(reports.map((r) => (typeof r.data?.type === 'string' ? r.data.type : '-')))
  const unique = [...new Set(ids)].join(',') || '-'
  lines.push([file, rule, verdict, unique, [...types].join(',') || '-', config?.version ?? '-', plain(name)].join('\t'))
}

for (const { rule, valid, invalid } of suites) {
  valid.forEach((test, at) => write(rule, 'valid', at, test))
  invalid.forEach((test, at) => write(rule, 'invalid', at, test))
}

// The models of the integration tests: what is wrong in them is told by their names.
const rules = [...new Set(suites.map(({ rule }) => rule))].sort((a, b) => b.length - a.length)
const models = path.join(tests, 'integration')
for (const name of fs.readdirSync(models).filter((name) => name.endsWith('.bpmn'))) {
  const base = name.replace(/^camunda-cloud-\d+-\d+-/, '').replace(/\.bpmn$/, '')
  const rule = rules.find((rule) => base === rule || base.startsWith(`${rule}-`))
  if (!rule) continue
  const verdict = /-errors$/.test(base) ? 'invalid' : 'valid'
  fs.writeFileSync(path.join(folder, `integration-${name}`), strict(fs.readFileSync(path.join(models, name), 'utf8')))
  lines.push([`integration-${name}`, rule, verdict, '-', '-', '-', `integration: ${base}`].join('\t'))
}
fs.writeFileSync(path.join(folder, 'expect.tsv'), lines.join('\n') + '\n')
console.log(`${lines.length} models of ${suites.length} rules`)
