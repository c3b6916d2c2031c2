/** Both languages; only the one in use is loaded. */
import i18next from 'i18next'
import { initReactI18next } from 'react-i18next'
import type { Language } from '@/api'
import type { ru } from './ru'

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'translation'
    returnNull: false
    resources: { translation: typeof ru }
  }
}

const STORED = 'ruslo.language'

const loaders: Record<Language, () => Promise<object>> = {
  ru: () => import('./ru').then((m) => m.ru),
  en: () => import('./en').then((m) => m.en),
}

export function preferredLanguage(): Language {
  const stored = localStorage.getItem(STORED)
  if (stored === 'ru' || stored === 'en') return stored
  return navigator.language.toLowerCase().startsWith('ru') ? 'ru' : 'en'
}

export function currentLanguage(): Language {
  return i18next.language === 'en' ? 'en' : 'ru'
}

export async function setLanguage(language: Language): Promise<void> {
  if (!i18next.hasResourceBundle(language, 'translation')) {
    i18next.addResourceBundle(language, 'translation', await loaders[language]())
  }
  localStorage.setItem(STORED, language)
  document.documentElement.lang = language
  await i18next.changeLanguage(language)
}

export async function initI18n(): Promise<void> {
  const lng = preferredLanguage()
  await i18next.use(initReactI18next).init({
    lng,
    resources: { [lng]: { translation: await loaders[lng]() } },
    interpolation: { escapeValue: false },
    returnNull: false,
    react: { useSuspense: false },
    showSupportNotice: false,
  } as Parameters<typeof i18next.init>[0])
  document.documentElement.lang = lng
}
