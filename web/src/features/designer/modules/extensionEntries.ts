/** Entries of the properties panel for our words: text, choice, tick, each with a hint. */
import { CheckboxEntry, Group, HeaderButton, isSelectEntryEdited, isTextFieldEntryEdited, SelectEntry, TextFieldEntry } from '@bpmn-io/properties-panel'
import { jsx } from '@bpmn-io/properties-panel/preact/jsx-runtime'
import { useService } from 'bpmn-js-properties-panel'
import i18next from 'i18next'
import { addable, addTrigger, DEFAULTS, definitionsOf, extraDefinitions, fieldsOf, readField, removeLastTrigger, triggerCount, writeField, type Field, type Trigger } from './extensions'
import type { DiagramElement, Moddle } from './forms'
import { withLanguage, type PanelEntry } from './languageEntries'
import { ownPlace } from './languages'
import { useFormServices, useThrown } from './services'

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

/** An event definition of the drawing. */
function EventField(props: FieldProps) {
  const { element, field } = props
  const { modeling } = useFormServices()
  const thrown = useThrown()
  const owner = field.of(element)
  return jsx(SelectEntry, {
    ...useField(props),
    setValue: (value: string) => { if (owner) modeling.updateModdleProperties(element, owner, { [field.attr]: thrown.find((one) => one.value === value)?.definition }) },
    getOptions: () => [{ value: '', label: i18next.t('designer.extOption.behaviorEvent.none') }, ...thrown],
  })
}

const CREATE = 'create-new'

/** A message of the file, or a new one. */
function MessageField(props: FieldProps) {
  const { element, field } = props
  const { bpmnFactory, modeling } = useFormServices()
  const owner = field.of(element)
  const file = owner && definitionsOf(owner)
  const roots = (file?.get('rootElements') as Moddle[] | undefined) ?? []
  const messages = roots.filter((one) => one.$type === 'bpmn:Message')
  const choose = (value: string): void => {
    if (!owner || !file) return
    let chosen = messages.find((one) => one.get('id') === value)
    if (value === CREATE) {
      chosen = bpmnFactory.create('bpmn:Message', { name: i18next.t('designer.newMessage', { number: messages.length + 1 }) })
      chosen.$parent = file
      modeling.updateModdleProperties(element, file, { rootElements: [...roots, chosen] })
    }
    modeling.updateModdleProperties(element, owner, { [field.attr]: chosen })
  }
  return jsx(SelectEntry, {
    ...useField(props),
    setValue: choose,
    getOptions: () => [
      { value: '', label: i18next.t('designer.extNone') },
      { value: CREATE, label: i18next.t('designer.extOption.messageRef.create') },
      ...messages.map((one) => ({ value: String(one.get('id')), label: String(one.get('name') || one.get('id')) })),
    ],
  })
}

const entryOf = (element: DiagramElement, prefix = 'ruslo-ext') => (field: Field): PanelEntry => {
  const base = { id: `${prefix}-${field.key}`, element, field }
  if (field.kind === 'check') return { ...base, component: CheckField, isEdited: (node: HTMLInputElement | null) => Boolean(node && node.checked !== (field.set === undefined && !field.word)) }
  if (field.kind === 'text' || field.kind === 'expression') return { ...base, component: TextField, isEdited: isTextFieldEntryEdited }
  if (field.kind === 'event' || field.kind === 'message') return { ...base, component: field.kind === 'event' ? EventField : MessageField, isEdited: isSelectEntryEdited }
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

/** The entries of a field: an expression has its language beside it. */
const entriesOf = (element: DiagramElement, prefix?: string) => (field: Field): PanelEntry[] => {
  const entry = entryOf(element, prefix)(field)
  return field.kind === 'expression' ? withLanguage(element, entry, () => ownPlace(field.of(element), field.attr), label(field)) : [entry]
}

/** Our groups of an element, as the panel wants them. */
export function extensionGroups(element: DiagramElement) {
  const { common, rare } = fieldsOf(element)
  const entries: object[] = common.flatMap(entriesOf(element))
  if (addable(element).length > 0) entries.push({ id: 'ruslo-triggers', element, component: TriggersEntry })
  const group = (id: string, title: string, content: object[]) => (content.length > 0 ? [{ id, label: title, component: Group, entries: content }] : [])
  const more = extraDefinitions(element).flatMap(({ definition, fields }, at) => {
    const kind = /^bpmn:(\w+)EventDefinition$/.exec(definition.$type)?.[1] as Trigger
    return group(`ruslo-extra-${at}`, i18next.t('designer.triggers.another', { kind: i18next.t(`designer.triggers.${kind}`) }), fields.flatMap(entriesOf(element, `ruslo-extra-${at}`)))
  })
  return [...group('ruslo-more', i18next.t('designer.panel.groupMore'), entries), ...more, ...group('ruslo-rare', i18next.t('designer.panel.groupRare'), rare.flatMap(entriesOf(element)))]
}
