/** What differs between two drawings: elements added, removed, changed and only moved, with every changed property. */

export interface XmlNode {
  /** Local name with the file's prefix taken off: `task`, `taskDefinition`. */
  name: string
  /** Namespace. */
  space: string
  attributes: Record<string, string>
  children: XmlNode[]
  text: string
}

export type ChangeKind = 'added' | 'removed' | 'changed' | 'moved'

export interface PropertyChange {
  /** Where: `name`, `extensionElements/ioMapping/input[amount]/@source`. */
  path: string
  before: string | null
  after: string | null
}

export interface Change {
  id: string
  kind: ChangeKind
  type: string
  name: string
  properties: PropertyChange[]
}

const DI = 'http://www.omg.org/spec/BPMN/20100524/DI'
/** Said by the flows themselves. */
const DERIVED = new Set(['incoming', 'outgoing'])
/** Containers whose content is elements of their own. */
const HAS_PARTS = new Set(['process', 'subProcess', 'transaction', 'adHocSubProcess', 'collaboration', 'definitions', 'laneSet', 'lane', 'participant'])

interface Known {
  node: XmlNode
  parent: string
  shape: string
}

export function compare(before: XmlNode, after: XmlNode): Change[] {
  const [old, now] = [collect(before), collect(after)]
  const changes: Change[] = []
  for (const [id, { node }] of old) if (!now.has(id)) changes.push(change(id, 'removed', node, []))
  for (const [id, known] of now) {
    const was = old.get(id)
    if (!was) {
      changes.push(change(id, 'added', known.node, []))
      continue
    }
    const properties = propertyChanges(was.node, known.node)
    if (was.node.name !== known.node.name) properties.unshift({ path: 'type', before: was.node.name, after: known.node.name })
    if (was.parent !== known.parent) properties.push({ path: 'parent', before: was.parent, after: known.parent })
    if (properties.length > 0) changes.push(change(id, 'changed', known.node, properties))
    else if (was.shape !== known.shape) changes.push(change(id, 'moved', known.node, []))
  }
  const order: ChangeKind[] = ['added', 'removed', 'changed', 'moved']
  return changes.sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind) || a.id.localeCompare(b.id))
}

function change(id: string, kind: ChangeKind, node: XmlNode, properties: PropertyChange[]): Change {
  return { id, kind, type: node.name, name: node.attributes.name ?? '', properties }
}

/** Everything with an id that people see as an element of its own. */
function collect(root: XmlNode): Map<string, Known> {
  const shapes = new Map<string, string>()
  const elements = new Map<string, Known>()
  const walk = (node: XmlNode, parent: string) => {
    if (node.space === DI) {
      readShapes(node, shapes)
      return
    }
    const id = node.attributes.id
    const own = id !== undefined && node.name !== 'definitions' && node.name !== 'laneSet'
    if (own) elements.set(id, { node, parent, shape: '' })
    if (HAS_PARTS.has(node.name)) for (const child of node.children) if (isPart(child)) walk(child, own ? id : parent)
  }
  walk(root, '')
  for (const child of root.children) if (child.space === DI) readShapes(child, shapes)
  for (const [id, known] of elements) known.shape = shapes.get(id) ?? ''
  return elements
}

function isPart(node: XmlNode): boolean {
  return node.attributes.id !== undefined || HAS_PARTS.has(node.name)
}

function readShapes(node: XmlNode, shapes: Map<string, string>): void {
  const of = node.attributes.bpmnElement
  if (of && node.name !== 'BPMNPlane') shapes.set(of, node.children.filter((child) => child.name !== 'BPMNLabel').map(signature).join(';'))
  for (const child of node.children) readShapes(child, shapes)
}

function signature(node: XmlNode): string {
  return `${node.name}(${Object.entries(node.attributes).filter(([name]) => name !== 'id').sort().map(([name, value]) => `${name}=${value}`).join(',')})${node.text}[${node.children.map(signature).join(';')}]`
}

function propertyChanges(before: XmlNode, after: XmlNode): PropertyChange[] {
  const [old, now] = [properties(before), properties(after)]
  const paths = [...new Set([...old.keys(), ...now.keys()])]
  return paths.flatMap((path) => {
    const [was, is] = [old.get(path) ?? null, now.get(path) ?? null]
    return was === is ? [] : [{ path, before: was, after: is }]
  })
}

/** Every attribute and text of an element, by its path; parts that are elements of their own are left out. */
function properties(node: XmlNode): Map<string, string> {
  const found = new Map<string, string>()
  const walk = (at: XmlNode, path: string) => {
    for (const [name, value] of Object.entries(at.attributes)) if (name !== 'id' || path) add(found, path ? `${path}/@${name}` : name, value)
    if (at.text) add(found, path || 'text', at.text)
    const seen = new Map<string, number>()
    for (const child of at.children) {
      if (DERIVED.has(child.name) || (at === node && HAS_PARTS.has(node.name) && isPart(child))) continue
      const key = child.attributes.target ?? child.attributes.key ?? child.attributes.name ?? String((seen.get(child.name) ?? 0) + 1)
      seen.set(child.name, (seen.get(child.name) ?? 0) + 1)
      const single = at.children.filter((sibling) => sibling.name === child.name).length === 1
      const step = single && !child.attributes.target && !child.attributes.key ? child.name : `${child.name}[${key}]`
      const below = path ? `${path}/${step}` : step
      if (child.children.length === 0 && Object.keys(child.attributes).length === 0 && !child.text) add(found, below, '')
      walk(child, below)
    }
  }
  walk(node, '')
  return found
}

function add(found: Map<string, string>, path: string, value: string): void {
  // Generated ids of event definitions and the like say nothing.
  if (path.endsWith('/@id')) return
  let free = path
  for (let n = 2; found.has(free); n++) free = `${path}#${n}`
  found.set(free, value)
}

/** A file's text as nodes. */
export function parse(xml: string): XmlNode {
  const doc = new DOMParser().parseFromString(xml, 'application/xml')
  const broken = doc.querySelector('parsererror')
  if (broken) throw new Error(broken.textContent ?? 'XML')
  return fromElement(doc.documentElement)
}

function fromElement(element: Element): XmlNode {
  const attributes: Record<string, string> = {}
  for (const { name, value } of element.attributes) if (!name.startsWith('xmlns')) attributes[name] = value
  const children = [...element.children].map(fromElement)
  const text = children.length === 0 ? (element.textContent ?? '').trim() : ''
  return { name: element.localName, space: element.namespaceURI ?? '', attributes, children, text }
}
