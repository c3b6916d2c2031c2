/** Lists of parts as groups of the panel: each part an item, with the lists inside it. */
import { CheckboxEntry, CollapsibleEntry, HeaderButton, isTextFieldEntryEdited, ListEntry, ListGroup, SelectEntry, TextFieldEntry } from '@bpmn-io/properties-panel'
import { jsx } from '@bpmn-io/properties-panel/preact/jsx-runtime'
import { useService } from 'bpmn-js-properties-panel'
import i18next from 'i18next'
import type { DiagramElement, Moddle } from '../forms'
import { withLanguage, type PanelEntry } from '../languageEntries'
import { ownPlace, textOf, writeText } from '../languages'
import { translate } from '../translate'
import { CORRELATION } from './correlation'
import { DATA } from './data'
import { GLOBAL } from './globalTasks'
import { PEOPLE } from './people'
import { idOf, partServices, type Injector, type PartServices } from './services'
import type { ExpressionColumn, NestedSpec, PartColumn, PartSpec, PlainColumn, Spot } from './spec'

export const PARTS: readonly PartSpec[] = [...DATA, ...PEOPLE, ...GLOBAL, ...CORRELATION]
/** Lists that a task without a process has too. */
export const OF_GLOBAL_TASKS: readonly PartSpec[] = PEOPLE

const useParts = (): PartServices => partServices(useService('injector') as Injector)

interface CellProps {
  id: string
  spot: Spot
  column: PartColumn
}

const label = (column: PartColumn): string => column.label ?? i18next.t(`designer.part.${column.key}`)
const hint = (column: PartColumn): string | undefined => i18next.t(`designer.partHint.${column.key}` as 'designer.partHint.dataFrom', { defaultValue: '' }) || undefined

/** Where an expression stands; none until its owner is made. */
function placeOf(column: ExpressionColumn, spot: Spot) {
  return ownPlace(column.owner(spot), column.property)
}

function readCell(column: PartColumn, spot: Spot): string {
  if (column.kind !== 'expression') return column.read(spot)
  const place = placeOf(column, spot)
  return place ? textOf(place) : ''
}

export function writeCell(services: PartServices, column: PartColumn, spot: Spot, value: string): void {
  if (column.kind !== 'expression') {
    column.write(services, spot, value)
    return
  }
  services.together(() => {
    const owner = column.owner(spot) ?? (value ? column.makeOwner?.(services, spot) : undefined)
    const place = ownPlace(owner, column.property)
    if (place) writeText(services, spot.element, place, value)
    column.after?.(services, spot)
  })
}

function useCell({ id, spot, column }: CellProps) {
  const services = useParts()
  return {
    id,
    element: spot.element,
    label: label(column),
    description: hint(column),
    getValue: () => readCell(column, spot),
    setValue: (value: string | undefined) => writeCell(services, column, spot, value ?? ''),
  }
}

function TextCell(props: CellProps) {
  const debounce = useService('debounceInput')
  const { column, spot } = props
  return jsx(TextFieldEntry, { ...useCell(props), debounce, ...(column.wrong ? { validate: (value: string | undefined) => column.wrong?.(value ?? '', spot) } : {}) })
}

function CheckCell(props: CellProps) {
  const cell = useCell(props)
  return jsx(CheckboxEntry, { ...cell, getValue: () => cell.getValue() === 'true', setValue: (on: boolean) => cell.setValue(String(on)) })
}

function ChoiceCell(props: CellProps) {
  const services = useParts()
  const column = props.column as PlainColumn
  return jsx(SelectEntry, { ...useCell(props), getOptions: () => column.choices?.(props.spot, services) ?? [] })
}

const COMPONENTS = { text: TextCell, expression: TextCell, check: CheckCell, choice: ChoiceCell } as const

export function columnEntries(columns: readonly PartColumn[], spot: Spot, prefix: string): PanelEntry[] {
  return columns.filter((column) => !column.hidden?.(spot)).flatMap((column) => {
    const entry = { id: `${prefix}-${column.key}${column.id ? `-${column.id}` : ''}`, spot, column, component: COMPONENTS[column.kind], ...(column.kind === 'text' ? { isEdited: isTextFieldEntryEdited } : {}) }
    if (column.kind !== 'expression' || column.plain) return [entry]
    return withLanguage(spot.element, entry, () => placeOf(column, spot), label(column))
  })
}

interface NestedProps {
  id: string
  spot: Spot
  nested: NestedSpec
}

export function NestedEntry({ id, spot, nested }: NestedProps) {
  const services = useParts()
  return jsx(ListEntry, {
    id,
    element: spot.element,
    label: i18next.t(`designer.parts.${nested.key}`),
    items: nested.items(spot),
    component: NestedItem,
    spot,
    nested,
    open: true,
    translate,
    onAdd: () => nested.add(services, spot),
    onRemove: (inner: Moddle) => nested.remove(services, spot, inner),
  })
}

/** The list gives each item what it was given itself. */
function NestedItem({ id, index, item, open, spot, nested }: NestedProps & { index: number; item: Moddle; open?: boolean }) {
  const prefix = `${id}-${index}`
  return jsx(CollapsibleEntry, { id: prefix, element: spot.element, label: nested.label(item), translate, open: open ?? true, entries: columnEntries(nested.columns, { element: spot.element, item }, prefix) })
}

interface OpenProps {
  id: string
  item: Moddle
  onOpen: (item: Moddle) => void
}

function OpenEntry({ id, item, onOpen }: OpenProps) {
  return jsx('div', {
    class: 'bio-properties-panel-entry ruslo-form-buttons',
    'data-entry-id': id,
    children: jsx(HeaderButton, { class: 'ruslo-panel-button', onClick: () => onOpen(item), children: i18next.t('designer.globalTask.settings') }),
  })
}

/** The lists of an element, as the panel wants them. */
export function partGroups(element: DiagramElement, injector: Injector, { specs = PARTS, onOpen }: { specs?: readonly PartSpec[]; onOpen: (item: Moddle) => void }): object[] {
  const shown = specs.filter((spec) => spec.shown(element))
  if (shown.length === 0) return []
  const services = partServices(injector)
  return shown.map((spec) => ({
    id: `ruslo-part-${spec.key}`,
    label: i18next.t(`designer.parts.${spec.key}`),
    tooltip: i18next.t(`designer.partTip.${spec.key}` as 'designer.partTip.roles', { defaultValue: '' }) || undefined,
    component: ListGroup,
    add: (event: Event) => {
      event.stopPropagation()
      spec.add(services, element)
    },
    items: spec.items(element).map((item, at) => {
      const spot = { element, item }
      const id = `${element.id}-${spec.key}-${at}`
      const entries: object[] = columnEntries(spec.columns(spot), spot, id)
      if (spec.nested) entries.push({ id: `${id}-${spec.nested.key}`, spot, nested: spec.nested, component: NestedEntry })
      if (spec.opens) entries.push({ id: `${id}-open`, item, onOpen, component: OpenEntry })
      return { id, label: spec.label(item), entries, remove: (event: Event) => { event.stopPropagation(); spec.remove(services, spot) } }
    }),
  }))
}

/** Names of the parts of an element, by which they are found. */
export const partNames = (element: DiagramElement): string[] =>
  PARTS.filter((spec) => spec.shown(element)).flatMap((spec) => spec.items(element).flatMap((item) => [spec.label(item), idOf(item)])).filter(Boolean)
