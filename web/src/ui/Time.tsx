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
  return to ? <Span ms={Date.parse(to) - Date.parse(from)} /> : <Running from={from} />
}

function Running({ from }: { from: string }) {
  const now = useNow('fast')
  return <Span ms={Math.max(1000, now - Date.parse(from))} whole />
}

function Span({ ms, whole }: { ms: number; whole?: boolean }) {
  const text = useDuration()
  // What began and ended in the same millisecond took some time all the same.
  return <span className="num">{!whole && ms < 1 ? `< ${text(1)}` : text(whole ? Math.floor(ms / 1000) * 1000 : ms)}</span>
}
