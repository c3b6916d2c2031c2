/** Small hooks shared by pages. */
import { useEffect, useInsertionEffect, useRef, useSyncExternalStore } from 'react'
import { useTranslation } from 'react-i18next'
import { durationParts, type Locale } from '@/util/time'

/** One clock per pace: everything on the page that ticks alike agrees on the present. */
class Ticker {
  private now = Date.now()
  private readonly watchers = new Set<() => void>()
  private timer: ReturnType<typeof setInterval> | undefined

  constructor(private readonly everyMs: number) {}

  readonly watch = (listener: () => void): (() => void) => {
    this.watchers.add(listener)
    if (!this.timer) {
      this.now = Date.now()
      this.timer = setInterval(() => {
        this.now = Date.now()
        for (const notify of this.watchers) notify()
      }, this.everyMs)
    }
    return () => {
      this.watchers.delete(listener)
      if (this.watchers.size > 0) return
      clearInterval(this.timer)
      this.timer = undefined
    }
  }

  readonly read = (): number => this.now
}

const slow = new Ticker(15_000)
const fast = new Ticker(1_000)

/** The present, refreshed every quarter of a minute, or every second for what is being watched. */
export function useNow(pace: 'slow' | 'fast' = 'slow'): number {
  const ticker = pace === 'fast' ? fast : slow
  return useSyncExternalStore(ticker.watch, ticker.read)
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

/** The newest value for handlers that outlive a render. */
export function useLatest<T>(value: T): { readonly current: T } {
  const ref = useRef(value)
  useInsertionEffect(() => {
    ref.current = value
  })
  return ref
}
