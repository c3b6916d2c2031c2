/** Which changes of variables a condition looks at; the library's choice does not know that one is taken away. */
import { CheckboxGroup } from '@bpmn-io/properties-panel'
import { jsx } from '@bpmn-io/properties-panel/preact/jsx-runtime'
import i18next from 'i18next'
import { makeInside } from './extensions'
import { extension, type DiagramElement, type FormServices, type Moddle } from './forms'
import type { PanelGroup } from './languageEntries'
import { useFormServices } from './services'

const ENTRY = 'variableEvents'
const CHANGES = ['create', 'update', 'delete'] as const
const FILTER = 'zeebe:ConditionalFilter'

const conditionOf = (element: DiagramElement): Moddle | undefined =>
  ((element.businessObject.get('eventDefinitions') as Moddle[] | undefined) ?? []).find((one) => one.$type === 'bpmn:ConditionalEventDefinition')

export function changesOf(element: DiagramElement): string[] {
  const definition = conditionOf(element)
  const said = definition && extension(definition, FILTER)?.get(ENTRY)
  return typeof said === 'string' ? said.split(',').map((one) => one.trim().toLowerCase()).filter(Boolean) : []
}

export function writeChanges(services: FormServices, element: DiagramElement, changes: string[]): void {
  const definition = conditionOf(element)
  if (!definition) return
  const said = CHANGES.filter((one) => changes.includes(one)).join(', ') || undefined
  const filter = extension(definition, FILTER)
  if (filter) services.modeling.updateModdleProperties(element, filter, { [ENTRY]: said })
  else if (said) makeInside(services, element, definition, { type: FILTER, attrs: { [ENTRY]: said } })
}

function ChangesEntry({ id, element }: { id: string; element: DiagramElement }) {
  const services = useFormServices()
  return jsx(CheckboxGroup, {
    id,
    element,
    label: i18next.t('designer.changes.label'),
    tooltip: i18next.t('designer.changes.hint'),
    options: CHANGES.map((value) => ({ value, label: i18next.t(`designer.changes.${value}`) })),
    getValue: () => changesOf(element),
    setValue: (values: string[]) => writeChanges(services, element, values),
  })
}

/** The library's groups with our choice of changes. */
export const conditionGroups = (groups: PanelGroup[]): PanelGroup[] =>
  groups.map((group) => (group.entries ? { ...group, entries: group.entries.map((entry) => (entry.id === ENTRY ? { ...entry, component: ChangesEntry } : entry)) } : group))
