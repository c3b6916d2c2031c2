/** Calling what stands in the same file: its processes and global tasks by name, instead of an id to be known by heart. */
import { SelectEntry } from '@bpmn-io/properties-panel'
import { jsx } from '@bpmn-io/properties-panel/preact/jsx-runtime'
import i18next from 'i18next'
import { makeInside } from './extensions'
import { extension, type DiagramElement, type FormServices } from './forms'
import type { PanelGroup } from './languageEntries'
import { calleesOf, isGlobalTask } from './parts/globalTasks'
import { idOf, nameOf } from './parts/services'
import { useFormServices } from './services'

const HOLDER = 'zeebe:CalledElement'

export function calleeOf(element: DiagramElement): string {
  const said = extension(element.businessObject, HOLDER)?.get('processId') ?? element.businessObject.get('calledElement')
  return typeof said === 'string' && calleesOf(element).some((callee) => idOf(callee) === said) ? said : ''
}

export function writeCallee(services: FormServices, element: DiagramElement, id: string): void {
  const holder = extension(element.businessObject, HOLDER)
  if (holder) services.modeling.updateModdleProperties(element, holder, { processId: id || undefined })
  else if (id) makeInside(services, element, element.businessObject, { type: HOLDER, attrs: { processId: id } })
}

function CalleeEntry({ id, element }: { id: string; element: DiagramElement }) {
  const services = useFormServices()
  return jsx(SelectEntry, {
    id,
    element,
    label: i18next.t('designer.callee.label'),
    description: i18next.t('designer.callee.hint'),
    getValue: () => calleeOf(element),
    setValue: (value: string) => writeCallee(services, element, value),
    getOptions: () => [
      { value: '', label: i18next.t('designer.callee.other') },
      ...calleesOf(element).map((callee) => ({ value: idOf(callee), label: i18next.t(isGlobalTask(callee) ? 'designer.callee.task' : 'designer.callee.process', { name: nameOf(callee) }) })),
    ],
  })
}

/** The library's groups with the choice before the id. */
export const calleeGroups = (element: DiagramElement, groups: PanelGroup[]): PanelGroup[] =>
  groups.map((group) => (group.id === 'calledElement' && element.type === 'bpmn:CallActivity' && group.entries ? { ...group, entries: [{ id: 'ruslo-callee', element, component: CalleeEntry }, ...group.entries] } : group))
