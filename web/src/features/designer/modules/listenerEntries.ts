/** What the library does not ask of listeners: a cancelled process, all turns of a repetition, headers. */
import { isSelectEntryEdited, SelectEntry } from '@bpmn-io/properties-panel'
import { jsx } from '@bpmn-io/properties-panel/preact/jsx-runtime'
import i18next from 'i18next'
import { extension, type DiagramElement, type Moddle } from './forms'
import type { PanelGroup, PanelItem } from './languageEntries'
import { NestedEntry } from './parts/entries'
import { HEADERS } from './parts/headers'
import { useFormServices } from './services'

const GROUP = 'Zeebe__ExecutionListeners'
const ENTRY = /-executionListener-(\d+)-eventType$/

type ListenerEvent = 'start' | 'end' | 'cancel' | 'beforeAll'

/** When a listener may be called; a compensation boundary event has none. */
export function listenerEvents(element: DiagramElement): ListenerEvent[] {
  if (element.type === 'bpmn:Process' || element.type === 'bpmn:Participant') return ['start', 'end', 'cancel']
  const loop = element.businessObject.get('loopCharacteristics') as Moddle | undefined
  return loop?.$type === 'bpmn:MultiInstanceLoopCharacteristics' ? ['beforeAll', 'start', 'end'] : ['start', 'end']
}

interface EventTypeProps {
  id: string
  element: DiagramElement
  listener: Moddle
}

function EventTypeEntry({ id, element, listener }: EventTypeProps) {
  const { modeling } = useFormServices()
  return jsx(SelectEntry, {
    id,
    element,
    label: i18next.t('designer.listener.label'),
    getValue: () => listener.get('eventType'),
    setValue: (eventType: string) => modeling.updateModdleProperties(element, listener, { eventType }),
    getOptions: () => listenerEvents(element).map((value) => ({ value, label: i18next.t(`designer.listener.${value}`) })),
  })
}

const TASK_GROUP = 'Zeebe__TaskListeners'

function listenersOf(element: DiagramElement, holders: string): Moddle[] {
  const owner = element.type === 'bpmn:Participant' ? (element.businessObject.get('processRef') as Moddle | undefined) : element.businessObject
  const holder = owner && extension(owner, holders)
  return (holder?.get('listeners') as Moddle[] | undefined) ?? []
}



function withHeaders(element: DiagramElement, listener: Moddle | undefined, item: PanelItem): PanelItem {
  if (!listener) return item
  const headers = { id: `${item.id}-headers`, spot: { element, item: listener }, nested: HEADERS, component: NestedEntry }
  return { ...item, entries: [...item.entries, headers] }
}

function withEvent(element: DiagramElement, listener: Moddle | undefined, item: PanelItem): PanelItem {
  if (!listener) return item
  const name = i18next.t(`designer.listener.${String(listener.get('eventType'))}` as 'designer.listener.start', { defaultValue: '' })
  const entries = item.entries.map((entry) => (ENTRY.test(entry.id) ? { id: entry.id, element, listener, component: EventTypeEntry, isEdited: isSelectEntryEdited } : entry))
  return { ...item, label: `${name}: ${String(listener.get('type') ?? '…')}`, entries }
}

/** The library's groups; a listener says what it is called at in our words, and has headers. */
export function listenerGroups(element: DiagramElement, groups: PanelGroup[]): PanelGroup[] {
  return groups.map((group) => {
    if (!group.items || (group.id !== GROUP && group.id !== TASK_GROUP)) return group
    const execution = group.id === GROUP
    const listeners = listenersOf(element, execution ? 'zeebe:ExecutionListeners' : 'zeebe:TaskListeners')
    return { ...group, items: group.items.map((item, at) => withHeaders(element, listeners[at], execution ? withEvent(element, listeners[at], item) : item)) }
  })
}
