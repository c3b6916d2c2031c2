/** Which version of a process or decision is called; the library's choice does not know a version by its number. */
import { isSelectEntryEdited, isTextFieldEntryEdited, SelectEntry, TextFieldEntry } from '@bpmn-io/properties-panel'
import { jsx } from '@bpmn-io/properties-panel/preact/jsx-runtime'
import { useService } from 'bpmn-js-properties-panel'
import i18next from 'i18next'
import { extension, type DiagramElement, type Moddle } from './forms'
import type { PanelEntry, PanelGroup } from './languageEntries'
import { useFormServices } from './services'

const HOLDERS: Readonly<Record<string, string>> = { calledElement: 'zeebe:CalledElement', calledDecision: 'zeebe:CalledDecision' }
const BINDINGS = ['latest', 'deployment', 'versionTag', 'version'] as const

interface BindingProps {
  id: string
  element: DiagramElement
  holder: Moddle
}

function BindingEntry({ id, element, holder }: BindingProps) {
  const { modeling } = useFormServices()
  return jsx(SelectEntry, {
    id,
    element,
    label: i18next.t('designer.binding.label'),
    getValue: () => (holder.get('bindingType') as string | undefined) || 'latest',
    setValue: (value: string) => modeling.updateModdleProperties(element, holder, {
      bindingType: value === 'latest' ? undefined : value,
      ...(value === 'versionTag' ? {} : { versionTag: undefined }),
      ...(value === 'version' ? {} : { 'ruslo:version': undefined }),
    }),
    getOptions: () => BINDINGS.map((value) => ({ value, label: i18next.t(`designer.binding.${value}`) })),
  })
}

function VersionEntry({ id, element, holder }: BindingProps) {
  const { modeling } = useFormServices()
  const debounce = useService('debounceInput')
  return jsx(TextFieldEntry, {
    id,
    element,
    debounce,
    label: i18next.t('designer.binding.number'),
    getValue: () => (holder.get('ruslo:version') as string | undefined) ?? '',
    setValue: (value: string | undefined) => modeling.updateModdleProperties(element, holder, { 'ruslo:version': value || undefined }),
    validate: (value: string | undefined) => (value && /^([1-9]\d*|=.+)$/.test(value) ? undefined : i18next.t('designer.binding.wrong')),
  })
}

/** The library's groups with our choice of a version. */
export function bindingGroups(element: DiagramElement, groups: PanelGroup[]): PanelGroup[] {
  return groups.map((group) => {
    const holder = HOLDERS[group.id] && extension(element.businessObject, HOLDERS[group.id] ?? '')
    if (!holder || !group.entries) return group
    return { ...group, entries: group.entries.flatMap((entry) => (entry.id === 'bindingType' ? entries(element, holder) : [entry])) }
  })
}

function entries(element: DiagramElement, holder: Moddle): PanelEntry[] {
  const choice = { id: 'bindingType', element, holder, component: BindingEntry, isEdited: isSelectEntryEdited }
  const number = { id: 'ruslo-version', element, holder, component: VersionEntry, isEdited: isTextFieldEntryEdited }
  return holder.get('bindingType') === 'version' ? [choice, number] : [choice]
}
