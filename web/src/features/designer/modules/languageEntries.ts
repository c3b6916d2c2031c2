/** Beside each expression: its language; and for another one than FEEL a plain field in place of the FEEL editor. */
import { isSelectEntryEdited, isTextAreaEntryEdited, SelectEntry, TextAreaEntry } from '@bpmn-io/properties-panel'
import { jsx } from '@bpmn-io/properties-panel/preact/jsx-runtime'
import { useService } from 'bpmn-js-properties-panel'
import i18next from 'i18next'
import type { DiagramElement } from './forms'
import { LANGUAGES, languageOf, placeOf, textOf, writeLanguage, writeText, type Place } from './languages'
import { useFormServices } from './services'

export interface PanelEntry {
  id: string
  [more: string]: unknown
}
export interface PanelItem {
  id: string
  label?: string
  entries: PanelEntry[]
  [more: string]: unknown
}
export interface PanelGroup {
  id: string
  entries?: PanelEntry[]
  items?: PanelItem[]
  [more: string]: unknown
}

interface PlaceProps {
  id: string
  element: DiagramElement
  /** Looked up anew at each use: writing replaces the part that holds the text. */
  place: () => Place | undefined
}

function LanguageEntry({ id, element, place }: PlaceProps) {
  const services = useFormServices()
  const found = place()
  const value = found ? languageOf(found) : ''
  const known = ['', ...LANGUAGES].includes(value) ? [] : [{ value, label: value }]
  return jsx(SelectEntry, {
    id,
    element,
    label: i18next.t('designer.language.label'),
    getValue: () => value,
    setValue: (language: string) => { if (found) writeLanguage(services, element, found, language) },
    getOptions: () => [{ value: '', label: 'FEEL' }, ...LANGUAGES.map((language) => ({ value: language, label: i18next.t(`designer.language.${language}`) })), ...known],
  })
}

function PlainEntry({ id, element, place, label }: PlaceProps & { label: string }) {
  const services = useFormServices()
  const debounce = useService('debounceInput')
  return jsx(TextAreaEntry, {
    id,
    element,
    label,
    debounce,
    monospace: true,
    autoResize: true,
    getValue: () => { const found = place(); return found ? textOf(found) : '' },
    setValue: (value: string | undefined) => { const found = place(); if (found) writeText(services, element, found, value ?? '') },
  })
}

/** An expression's own entry, or the plain one, and the choice of its language. */
export function withLanguage(element: DiagramElement, entry: PanelEntry, place: () => Place | undefined, label: string): PanelEntry[] {
  const found = place()
  if (!found) return [entry]
  const choice = { id: `${entry.id}-language`, element, place, component: LanguageEntry, isEdited: isSelectEntryEdited }
  const own = languageOf(found) ? { id: entry.id, element, place, label, component: PlainEntry, isEdited: isTextAreaEntryEdited } : entry
  return [own, choice]
}

/** The library's groups with a language beside each expression. */
export function expressionGroups(element: DiagramElement, groups: PanelGroup[]): PanelGroup[] {
  const entries = (list: PanelEntry[]): PanelEntry[] =>
    list.flatMap((entry) => withLanguage(element, entry, () => placeOf(element, entry.id), i18next.t('designer.language.expression')))
  return groups.map((group) => ({
    ...group,
    ...(group.entries ? { entries: entries(group.entries) } : {}),
    ...(group.items ? { items: group.items.map((item) => ({ ...item, entries: item.entries ? entries(item.entries) : item.entries })) } : {}),
  }))
}
