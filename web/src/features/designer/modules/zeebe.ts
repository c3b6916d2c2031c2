/** The words of `zeebe` as they are read here: more may stand in some places than its own description allows. */
import described from 'zeebe-bpmn-moddle/resources/zeebe.json'

type Described = (typeof described.types)[number]

function here(type: Described): Described {
  // Complex gateways run here, so they may have listeners as the other gateways do.
  if (type.name === 'ExecutionListeners' && type.meta) return { ...type, meta: { ...type.meta, allowedIn: [...type.meta.allowedIn, 'bpmn:ComplexGateway'] } }
  // Task listeners have headers as execution listeners do.
  if (type.name === 'TaskListener') return { ...type, properties: [...(type.properties ?? []), { name: 'headers', type: 'TaskHeaders' }] }
  if (type.name === 'TaskHeaders' && type.meta) return { ...type, meta: { ...type.meta, allowedIn: [...type.meta.allowedIn, 'zeebe:TaskListener'] } }
  return type
}

export const zeebe = { ...described, types: described.types.map(here) }
