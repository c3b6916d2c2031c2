/** A value as a foldable tree. */
import { IconChevronRight } from '@tabler/icons-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Json } from '@/api'
import css from './json.module.css'

export function JsonValue({ value, depth = 0 }: { value: Json | undefined; depth?: number }) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  if (value === null || value === undefined) return <span className={css.null}>null</span>
  if (typeof value === 'string') return <span className={css.string}>{value === '' ? '""' : value}</span>
  if (typeof value === 'number') return <span className={css.number}>{String(value)}</span>
  if (typeof value === 'boolean') return <span className={css.number}>{value ? 'true' : 'false'}</span>
  const entries: [string, Json][] = Array.isArray(value) ? value.map((item, index) => [String(index), item]) : Object.entries(value)
  if (entries.length === 0) return <span className={css.null}>{Array.isArray(value) ? '[]' : '{}'}</span>
  return (
    <div>
      <button type="button" className={css.fold} aria-expanded={open} onClick={() => setOpen(!open)}>
        <IconChevronRight size={13} style={{ transform: open ? 'rotate(90deg)' : undefined }} aria-hidden />
        {Array.isArray(value) ? '[…]' : '{…}'} <span className={css.null}>{t('instance.variables.items', { count: entries.length })}</span>
      </button>
      {open && (
        <div className={css.children}>
          {entries.map(([key, item]) => (
            <div key={key} className={css.entry}>
              <span className={css.key}>{key}</span>
              <JsonValue value={item} depth={depth + 1} />
            </div>
          ))}
        </div>
      )}
    </div>
  )
}
