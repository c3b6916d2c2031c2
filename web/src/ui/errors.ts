/** The only place that turns server codes into sentences and toasts. */
import { notifications } from '@mantine/notifications'
import i18next from 'i18next'
import { ApiError, isBusy, secondsLeft } from '@/api'

/** Codes whose message from the server says what in particular is wrong, beside the sentence. */
const PARTICULARS = new Set(['API-0001', 'DEF-0005', 'DEF-0012', 'DEF-0013', 'DOC-0004', 'ENG-0025', 'ENG-0026', 'IDN-0011', 'IDN-0012', 'RUN-0013', 'RUN-0020'])

/** A sentence for an error: the translated one for a known code, with the server's particulars where they add something. */
export function errorText(error: unknown): string {
  if (!(error instanceof ApiError)) return error instanceof Error ? error.message : String(error)
  const key = `errors.${error.code}`
  if (!i18next.exists(key)) return error.message || i18next.t('errors.unknown', { code: error.code })
  const sentence = i18next.t(key as 'errors.unknown', { code: error.code })
  if (isBusy(error)) return `${sentence} ${againText(error)}`
  return PARTICULARS.has(error.code) ? `${sentence} ${error.message}` : sentence
}

function againText(error: ApiError): string {
  // It may have been done: the sentence says what to do.
  if (error.code === 'CLU-0002') return ''
  const left = secondsLeft(error, Date.now())
  return left > 0 ? i18next.t('common.busy.againIn', { n: left }) : i18next.t('common.busy.againNow')
}

/** What is the matter with a server that refuses for a while. */
export function busyTitle(error: ApiError): string {
  return error.status === 429 ? i18next.t('common.busy.title') : i18next.t('common.busy.notReady')
}

/** A sentence for a registered code, or the fallback. */
export function codeText(code: string, fallback: string): string {
  const key = `errors.${code}`
  return i18next.exists(key) ? i18next.t(key as 'errors.unknown', { code }) : fallback
}

export function toastError(error: unknown): void {
  const code = error instanceof ApiError ? error.code : undefined
  if (error instanceof ApiError && error.told) return
  notifications.show({ color: isBusy(error) ? 'yellow' : 'red', message: errorText(error), title: undefined, autoClose: 8000, closeButtonProps: { 'aria-label': i18next.t('common.action.close') }, id: code ? `error-${code}` : undefined })
}

export function toastOk(message: string): void {
  notifications.show({ color: 'green', message, autoClose: 3000, closeButtonProps: { 'aria-label': i18next.t('common.action.close') } })
}
