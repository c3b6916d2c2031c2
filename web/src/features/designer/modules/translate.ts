/** The designer's words in the person's language: the library's dictionary, ours over it, English when neither knows. */
import base from 'bpmn-js-i18n/translations/ru'
import { currentLanguage } from '@/i18n'
import { ru } from './translate.ru'

const RU: Record<string, string> = { ...base, ...ru }

/** `Event Based Gateway` in the head of the panel is `Event-based gateway` in its menus. */
const plain = (text: string) => text.toLowerCase().replaceAll('-', ' ')
const HEADS = new Map(Object.entries(RU).map(([english, russian]) => [plain(english), russian]))
const HEAD = /^[A-Z][a-z]+( \(?[A-Z][a-z]+\)?)+$/

export function russian(text: string): string | undefined {
  return RU[text] ?? (HEAD.test(text) ? HEADS.get(plain(text)) : undefined)
}

export function translate(template: string, replacements: Record<string, string> = {}): string {
  const text = currentLanguage() === 'ru' ? (russian(template) ?? template) : template
  return text.replace(/{([^}]+)}/g, (whole, key: string) => replacements[key] ?? whole)
}

export const translateModule = { translate: ['value', translate] }
