/** What pages need to know of a diagram without drawing it. */

const BPMN = 'http://www.omg.org/spec/BPMN/20100524/MODEL'

export interface FlowNode {
  id: string
  name: string
  /** `userTask`, `adHocSubProcess`, `transaction`, … */
  type: string
  /** Id of the sub-process or process around it. */
  parent: string
  repeated: boolean
  eventSubProcess: boolean
  incoming: boolean
}

const NODE = /(Event|Task|^task|Gateway|[sS]ubProcess|^callActivity|^transaction)$/

/** Flow nodes by id, in the order of the file; empty when it can not be read. */
export function flowNodes(xml: string): Map<string, FlowNode> {
  const nodes = new Map<string, FlowNode>()
  const document = new DOMParser().parseFromString(xml, 'application/xml')
  for (const element of document.getElementsByTagNameNS(BPMN, '*')) {
    const id = element.getAttribute('id')
    if (!id || !NODE.test(element.localName)) continue
    const children = new Set([...element.children].filter((child) => child.namespaceURI === BPMN).map((child) => child.localName))
    nodes.set(id, {
      id,
      name: element.getAttribute('name')?.replaceAll(/\s+/g, ' ') ?? '',
      type: element.localName,
      parent: element.parentElement?.getAttribute('id') ?? '',
      repeated: children.has('multiInstanceLoopCharacteristics'),
      eventSubProcess: element.getAttribute('triggeredByEvent') === 'true',
      incoming: children.has('incoming'),
    })
  }
  return nodes
}

/** Activities directly inside an element. */
export function activitiesIn(nodes: Map<string, FlowNode>, parent: string): FlowNode[] {
  return [...nodes.values()].filter((node) => node.parent === parent && !node.type.endsWith('Event') && !node.type.endsWith('Gateway') && !node.eventSubProcess)
}
