/** An instant: relative when near, absolute on hover, in the person's zone. */
import { Tooltip } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { absoluteTime, relativeTime } from '@/util/time'
import { useDuration, useLocale, useNow } from './hooks'

export function Time({ at, fallback = '—' }: { at: string | null | undefined; fallback?: string }) {
  const now = useNow()
  const locale = useLocale()
  const { t } = useTranslation()
  if (!at) return <>{fallback}</>
  return (
    <Tooltip label={absoluteTime(at, locale)}>
      <time dateTime={at}>{relativeTime(at, now, locale) ?? t('common.time.justNow')}</time>
    </Tooltip>
  )
}

export function Duration({ from, to }: { from: string; to?: string | null }) {
  const now = useNow()
  const text = useDuration()
  return <span className="num">{text(Math.max(0, (to ? Date.parse(to) : now) - Date.parse(from)))}</span>
}
