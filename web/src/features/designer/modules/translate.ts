/** The designer's words in the person's language: the library's dictionary, ours over it, English when neither knows. */
import base from 'bpmn-js-i18n/translations/ru'
import { currentLanguage } from '@/i18n'
import { ru } from './translate.ru'

const RU: Record<string, string> = { ...base, ...ru }

export function translate(template: string, replacements: Record<string, string> = {}): string {
  const text = currentLanguage() === 'ru' ? (RU[template] ?? template) : template
  return text.replace(/{([^}]+)}/g, (whole, key: string) => replacements[key] ?? whole)
}

export const translateModule = { translate: ['value', translate] }
