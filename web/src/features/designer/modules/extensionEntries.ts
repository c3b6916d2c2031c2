/** Entries of the properties panel for our words: text, choice, tick, each with a hint. */
import { CheckboxEntry, Group, HeaderButton, isTextFieldEntryEdited, SelectEntry, TextFieldEntry } from '@bpmn-io/properties-panel'
import { jsx } from '@bpmn-io/properties-panel/preact/jsx-runtime'
import { useService } from 'bpmn-js-properties-panel'
import i18next from 'i18next'
import { addable, addTrigger, DEFAULTS, fieldsOf, readField, removeLastTrigger, triggerCount, writeField, type Field, type Trigger } from './extensions'
import type { DiagramElement, FormServices } from './forms'

interface EntryProps {
  id: string
  element: DiagramElement
}
interface FieldProps extends EntryProps {
  field: Field
}

const label = (field: Field): string => i18next.t(`designer.ext.${field.key}`)
const hint = (field: Field): string | undefined => i18next.t(`designer.extHint.${field.key}`) || undefined
const option = (field: Field, value: string): string => i18next.t(`designer.extOption.${field.key}.${value}` as 'designer.ext.zone', { defaultValue: value })

export function useFormServices(): FormServices {
  return {
    bpmnFactory: useService('bpmnFactory') as FormServices['bpmnFactory'],
    modeling: useService('modeling') as FormServices['modeling'],
    commandStack: useService('commandStack') as FormServices['commandStack'],
  }
}

function useField({ id, element, field }: FieldProps) {
  const services = useFormServices()
  return {
    id,
    element,
    label: label(field),
    description: hint(field),
    getValue: () => readField(field, element),
    setValue: (value: string | boolean | undefined) => writeField(services, field, element, value),
  }
}

function TextField(props: FieldProps) {
  const debounce = useService('debounceInput')
  return jsx(TextFieldEntry, { ...useField(props), debounce })
}

function CheckField(props: FieldProps) {
  return jsx(CheckboxEntry, useField(props))
}

function ChoiceField(props: FieldProps) {
  const { field } = props
  const options = Array.isArray(field.kind) ? (field.kind as readonly string[]) : []
  const known = field.attr.includes(':')
  const none = known ? [{ value: '', label: i18next.t('designer.extNone') }] : []
  return jsx(SelectEntry, { ...useField(props), getOptions: () => [...none, ...options.map((value) => ({ value, label: option(field, value) }))] })
}

const entryOf = (element: DiagramElement) => (field: Field) => {
  const base = { id: `ruslo-ext-${field.key}`, element, field }
  if (field.kind === 'check') return { ...base, component: CheckField, isEdited: (node: HTMLInputElement | null) => Boolean(node && node.checked !== (field.set === undefined)) }
  if (field.kind === 'text' || field.kind === 'expression') return { ...base, component: TextField, isEdited: isTextFieldEntryEdited }
  return { ...base, component: ChoiceField, isEdited: (node: HTMLSelectElement | null) => Boolean(node?.value && node.value !== DEFAULTS[field.attr]) }
}

/** One more trigger makes a multiple event of an event. */
function TriggersEntry({ id, element }: EntryProps) {
  const services = useFormServices()
  const count = triggerCount(element)
  return jsx('div', {
    'data-entry-id': id,
    children: [
      jsx(SelectEntry, {
        id,
        element,
        label: i18next.t('designer.triggers.add'),
        description: i18next.t('designer.triggers.count', { count }),
        getValue: () => '',
        setValue: (value: string) => { if (value) addTrigger(services, element, value as Trigger) },
        getOptions: () => [{ value: '', label: i18next.t('designer.extNone') }, ...addable(element).map((value) => ({ value, label: i18next.t(`designer.triggers.${value}`) }))],
      }),
      count > 1 && jsx('div', {
        class: 'bio-properties-panel-entry ruslo-form-buttons',
        children: jsx(HeaderButton, { class: 'ruslo-panel-button', onClick: () => removeLastTrigger(services, element), children: i18next.t('designer.triggers.remove') }),
      }),
    ],
  })
}

/** Our groups of an element, as the panel wants them. */
export function extensionGroups(element: DiagramElement) {
  const { common, rare } = fieldsOf(element)
  const entries: object[] = common.map(entryOf(element))
  if (addable(element).length > 0) entries.push({ id: 'ruslo-triggers', element, component: TriggersEntry })
  const group = (id: string, title: string, content: object[]) => (content.length > 0 ? [{ id, label: title, component: Group, entries: content }] : [])
  return [...group('ruslo-more', i18next.t('designer.panel.groupMore'), entries), ...group('ruslo-rare', i18next.t('designer.panel.groupRare'), rare.map(entryOf(element)))]
}
