/** Small hooks shared by pages. */
import { useEffect, useSyncExternalStore } from 'react'
import { useTranslation } from 'react-i18next'
import { durationParts, type Locale } from '@/util/time'

const TICK_MS = 15_000
let now = Date.now()
const watchers = new Set<() => void>()
let timer: ReturnType<typeof setInterval> | undefined

function watch(listener: () => void): () => void {
  watchers.add(listener)
  timer ??= setInterval(() => {
    now = Date.now()
    for (const notify of watchers) notify()
  }, TICK_MS)
  return () => {
    watchers.delete(listener)
    if (watchers.size === 0) {
      clearInterval(timer)
      timer = undefined
    }
  }
}

/** The present, the same for the whole page, refreshed every quarter of a minute. */
export function useNow(): number {
  const value = useSyncExternalStore(watch, () => now)
  return Math.max(value, now)
}

export function useLocale(): Locale {
  const { i18n } = useTranslation()
  return i18n.language === 'en' ? 'en' : 'ru'
}

export function useDuration(): (ms: number) => string {
  const { t } = useTranslation()
  return (ms) =>
    durationParts(ms)
      .map(({ n, unit }) => t(`common.time.${unit}`, { n }))
      .join(' ')
}

export function usePageTitle(title: string | undefined): void {
  useEffect(() => {
    document.title = title ? `${title} · Ruslo` : 'Ruslo'
  }, [title])
}

/** Whether a key press belongs to a text the person is typing. */
export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) || target.closest('[role="dialog"]') !== null)
  )
}

/** `j`, `k`, `/` and Enter in a list; rows are elements with `data-row`. */
export function useListKeys(container: React.RefObject<HTMLElement | null>, onMove?: (row: HTMLElement) => void): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
      const root = container.current
      if (!root) return
      if (event.key === '/') {
        const search = document.querySelector<HTMLInputElement>('[data-page-search] input, input[data-page-search]')
        if (search) {
          event.preventDefault()
          search.focus()
        }
        return
      }
      const code = event.code
      if (code !== 'KeyJ' && code !== 'KeyK') return
      const rows = [...root.querySelectorAll<HTMLElement>('[data-row]')]
      if (rows.length === 0) return
      const at = rows.findIndex((row) => row === document.activeElement || row.contains(document.activeElement))
      const current = at === -1 ? rows.findIndex((row) => row.dataset.selected === 'true') : at
      const next = rows[Math.min(rows.length - 1, Math.max(0, current + (code === 'KeyJ' ? 1 : -1)))]
      if (!next) return
      event.preventDefault()
      next.focus()
      next.scrollIntoView({ block: 'nearest' })
      onMove?.(next)
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [container, onMove])
}
