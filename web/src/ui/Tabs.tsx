/** Tabs of a page: links or buttons with counts, moved through with the arrow keys. */
import { useEffect, useRef } from 'react'
import css from './ui.module.css'

export interface TabItem<K extends string> {
  key: K
  label: string
  count?: number
  tone?: 'broken'
}

interface TabsProps<K extends string> {
  items: TabItem<K>[]
  value: K
  label: string
  onChange: (key: K) => void
}

export function PageTabs<K extends string>({ items, value, label, onChange }: TabsProps<K>) {
  const root = useRef<HTMLDivElement>(null)
  // On a phone the tabs are wider than the screen.
  useEffect(() => {
    root.current?.querySelector(`[data-tab="${value}"]`)?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }, [value])
  const move = (event: React.KeyboardEvent) => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
    if (step === 0) return
    const at = items.findIndex((item) => item.key === value)
    const next = items[(at + step + items.length) % items.length]
    if (!next) return
    event.preventDefault()
    onChange(next.key)
    root.current?.querySelector<HTMLElement>(`[data-tab="${next.key}"]`)?.focus()
  }
  return (
    <div className={css.tabs} role="tablist" aria-label={label} ref={root} onKeyDown={move} tabIndex={-1}>
      {items.map((item) => (
        <button
          key={item.key}
          type="button"
          role="tab"
          data-tab={item.key}
          className={css.tab}
          aria-selected={item.key === value}
          tabIndex={item.key === value ? 0 : -1}
          onClick={() => onChange(item.key)}
        >
          {item.label}
          {item.count !== undefined && item.count > 0 && (
            <span className={css.tabCount} data-tone={item.tone}>{item.count}</span>
          )}
        </button>
      ))}
    </div>
  )
}
