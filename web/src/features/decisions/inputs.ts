/** What a file of decisions asks for: its decisions and the names that come from outside. */
import { parse, type XmlNode } from '@/features/compare/diff'
import type { Choice } from './TryOut'

export function decisionsOf(xml: string): Choice[] {
  try {
    return choices(parse(xml))
  } catch {
    return []
  }
}

/** Names in the texts of columns and expressions count as inputs unless a requirement answers for them. */
export function choices(root: XmlNode): Choice[] {
  const decisions = root.children.filter((node) => node.name === 'decision')
  const byId = new Map(root.children.map((node) => [node.attributes.id ?? '', node]))
  const needs = (decision: XmlNode, seen: Set<string>): string[] => {
    const id = decision.attributes.id ?? ''
    if (seen.has(id)) return []
    seen.add(id)
    const names = new Set<string>()
    const answered = new Set<string>()
    for (const requirement of decision.children.filter((node) => node.name === 'informationRequirement' || node.name === 'knowledgeRequirement')) {
      for (const link of requirement.children) {
        const required = byId.get((link.attributes.href ?? '').replace(/^.*#/, ''))
        if (!required) continue
        if (link.name === 'requiredInput') names.add(variableOf(required))
        else if (link.name === 'requiredKnowledge') answered.add(variableOf(required))
        else {
          answered.add(variableOf(required))
          for (const name of needs(required, seen)) names.add(name)
        }
      }
    }
    for (const text of expressions(decision)) for (const name of namesIn(text, [...names, ...answered])) if (!answered.has(name)) names.add(name)
    return [...names]
  }
  return decisions.map((decision) => ({ id: decision.attributes.id ?? '', name: decision.attributes.name ?? decision.attributes.id ?? '', inputs: needs(decision, new Set()) }))
}

function variableOf(node: XmlNode): string {
  return node.children.find((child) => child.name === 'variable')?.attributes.name ?? node.attributes.name ?? ''
}

function expressions(decision: XmlNode): string[] {
  const found: string[] = []
  const walk = (node: XmlNode) => {
    if (node.name === 'inputExpression' || node.name === 'literalExpression') found.push(node.children.find((child) => child.name === 'text')?.text ?? '')
    for (const child of node.children) if (!['rule', 'variable'].includes(child.name)) walk(child)
  }
  walk(decision)
  return found
}

const WORDS = new Set(['and', 'or', 'not', 'true', 'false', 'null', 'if', 'then', 'else', 'for', 'in', 'return', 'some', 'every', 'satisfies', 'between', 'instance', 'of', 'item'])

/** The first names of paths; calls, words of the language and what is known already, whose name may have blanks, are none. */
function namesIn(text: string, known: string[]): string[] {
  let plain = text.replaceAll(/"(?:[^"\\]|\\.)*"/g, '')
  for (const name of known.filter((one) => one !== '').toSorted((a, b) => b.length - a.length)) {
    plain = plain.replaceAll(new RegExp(`(?<![\\p{L}\\p{N}_.])${name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\p{L}\\p{N}_])`, 'gu'), ' ')
  }
  return [...plain.matchAll(/(?<![\p{L}\p{N}_.])([\p{L}_][\p{L}\p{N}_]*)(?!\s*\()(?![\p{L}\p{N}_])/gu)].map((match) => match[1] ?? '').filter((name) => !WORDS.has(name))
}
