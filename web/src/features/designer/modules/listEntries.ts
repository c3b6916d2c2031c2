/** Our lists as groups of the panel. */
import { CheckboxEntry, ListGroup, SelectEntry, TextFieldEntry } from '@bpmn-io/properties-panel'
import { jsx } from '@bpmn-io/properties-panel/preact/jsx-runtime'
import { useService } from 'bpmn-js-properties-panel'
import i18next from 'i18next'
import type { DiagramElement, FormServices, Moddle } from './forms'
import { withLanguage, type PanelEntry } from './languageEntries'
import { ownPlace } from './languages'
import { addItem, itemLabel, itemsOf, listsOf, readColumn, removeItem, writeColumn, type Column, type ListSpec } from './lists'
import { useFormServices, useThrown } from './services'

interface CellProps {
  id: string
  element: DiagramElement
  column: Column
  item: Moddle
}

function useCell({ id, element, column, item }: CellProps) {
  const services = useFormServices()
  return {
    id,
    element,
    label: i18next.t(`designer.column.${column.key}`),
    getValue: () => readColumn(column, item),
    setValue: (value: string | undefined) => writeColumn(services, { element, column, item }, value),
  }
}

function TextCell(props: CellProps) {
  const debounce = useService('debounceInput')
  const description = props.column.key === 'default' || props.column.key === 'options' ? i18next.t(`designer.columnHint.${props.column.key}`) : undefined
  return jsx(TextFieldEntry, { ...useCell(props), debounce, description })
}

function CheckCell(props: CellProps) {
  const cell = useCell(props)
  return jsx(CheckboxEntry, { ...cell, getValue: () => cell.getValue() === 'true', setValue: (on: boolean) => cell.setValue(on ? 'true' : undefined) })
}

function ChoiceCell(props: CellProps) {
  const options = Array.isArray(props.column.kind) ? (props.column.kind as readonly string[]) : []
  const label = (value: string) => i18next.t(`designer.columnOption.${value}` as 'designer.column.key', { defaultValue: value })
  return jsx(SelectEntry, { ...useCell(props), getOptions: () => options.map((value) => ({ value, label: label(value) })) })
}

function EventCell(props: CellProps) {
  const services = useFormServices()
  const thrown = useThrown()
  return jsx(SelectEntry, {
    ...useCell(props),
    setValue: (value: string) => writeColumn(services, props, thrown.find((one) => one.value === value)?.definition),
    getOptions: () => [{ value: '', label: i18next.t('designer.extNone') }, ...thrown],
  })
}

const COMPONENTS = { text: TextCell, options: TextCell, expression: TextCell, check: CheckCell, event: EventCell } as const

function cells(element: DiagramElement, spec: ListSpec, item: Moddle, prefix: string): PanelEntry[] {
  // Options belong to a choice only.
  const columns = spec.columns.filter((column) => column.kind !== 'options' || item.get('type') === 'select')
  return columns.flatMap((column) => {
    const component = typeof column.kind === 'string' ? COMPONENTS[column.kind] : ChoiceCell
    const entry = { id: `${prefix}-${column.key}`, element, column, item, component }
    // Where an assignment goes is a name, not an expression in some language.
    if (column.kind !== 'expression' || column.key === 'to') return [entry]
    return withLanguage(element, entry, () => ownPlace(item, column.attr), i18next.t(`designer.column.${column.key}`))
  })
}

interface Injector {
  get: (name: string) => unknown
}

export function listGroups(element: DiagramElement, injector: Injector): object[] {
  const services: FormServices = {
    bpmnFactory: injector.get('bpmnFactory') as FormServices['bpmnFactory'],
    modeling: injector.get('modeling') as FormServices['modeling'],
    commandStack: injector.get('commandStack') as FormServices['commandStack'],
  }
  return listsOf(element).map((spec) => ({
    id: `ruslo-list-${spec.key}`,
    label: i18next.t(`designer.lists.${spec.key}`),
    component: ListGroup,
    add: (event: Event) => {
      event.stopPropagation()
      addItem(services, spec, element)
    },
    items: itemsOf(spec, element).map((item, at) => {
      const id = `${element.id}-${spec.key}-${at}`
      return { id, label: itemLabel(spec, item), entries: cells(element, spec, item, id), autoFocusEntry: `${id}-${spec.columns[0]?.key}`, remove: (event: Event) => { event.stopPropagation(); removeItem(services, spec, element, item) } }
    }),
  }))
}
