/** The search over the drawing also finds an element by the parts that only its panel shows. */
import type { DiagramElement } from '../forms'
import { partNames } from './entries'

interface Token {
  value: string
  match?: string
}
interface Result {
  element: DiagramElement
  primaryTokens: Token[]
  secondaryTokens: Token[]
}
interface Provider {
  find: (pattern: string) => Result[]
}

class PartsSearch implements Provider {
  static $inject = ['searchPad', 'bpmnSearch', 'elementRegistry', 'canvas']

  constructor(
    searchPad: { registerProvider: (provider: Provider) => void },
    private readonly drawn: Provider,
    private readonly registry: { filter: (test: (element: DiagramElement) => boolean) => DiagramElement[] },
    private readonly canvas: { getRootElements: () => DiagramElement[] },
  ) {
    searchPad.registerProvider(this)
  }

  find(pattern: string): Result[] {
    const found = this.drawn.find(pattern)
    const known = new Set([...this.canvas.getRootElements(), ...found.map(({ element }) => element)])
    const wanted = pattern.trim().toLowerCase()
    if (!wanted) return found
    const more = this.registry.filter((element) => !known.has(element) && !('labelTarget' in element && element.labelTarget)).flatMap((element): Result[] => {
      const name = partNames(element).find((text) => text.toLowerCase().includes(wanted))
      return name === undefined ? [] : [{ element, primaryTokens: tokens(name, wanted), secondaryTokens: [{ value: element.id }] }]
    })
    return [...found, ...more]
  }
}

/** The text with what was looked for marked in it. */
export function tokens(text: string, wanted: string): Token[] {
  const at = text.toLowerCase().indexOf(wanted)
  const end = at + wanted.length
  return [{ value: text.slice(0, at) }, { value: text.slice(at, end), match: text.slice(at, end) }, { value: text.slice(end) }].filter(({ value }) => value)
}

export const partsModule = { __init__: ['rusloPartsSearch'], rusloPartsSearch: ['type', PartsSearch] }
