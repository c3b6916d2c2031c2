/** Where the library's description of BPMN differs from the standard: read as it is written, these would be lost on saving. */
interface Property {
  name: string
  isAttr?: boolean
  xml?: object
}
export interface Described {
  registry: { typeMap: Record<string, { properties: Property[] } | undefined> }
}

/** Parts that stand under their own name, which the library writes under that of their type. */
const NAMED: readonly (readonly [type: string, property: string])[] = [
  ['CorrelationPropertyRetrievalExpression', 'messagePath'],
  ['CorrelationPropertyBinding', 'dataPath'],
  ['ComplexBehaviorDefinition', 'condition'],
  ['ComplexBehaviorDefinition', 'event'],
  ['Lane', 'partitionElement'],
]

/** Must come before anything is read or made. */
export function mend({ registry }: Described): void {
  const property = (type: string, name: string) => registry.typeMap[`bpmn:${type}`]?.properties.find((one) => one.name === `bpmn:${name}`)
  for (const [type, name] of NAMED) {
    const found = property(type, name)
    if (found) found.xml = { serialize: 'property' }
  }
  // An element in the standard.
  const script = property('GlobalScriptTask', 'script')
  if (script) script.isAttr = false
}

class Mended {
  static $inject = ['moddle']

  constructor(moddle: Described) {
    mend(moddle)
  }
}

export const mendModule = { __init__: ['rusloMended'], rusloMended: ['type', Mended] }
