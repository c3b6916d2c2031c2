/** Measured figures as people read them. */
import { useTranslation } from 'react-i18next'
import type { Figure } from '@/api'
import { useDuration, useLocale } from '@/ui/hooks'

export type Unit = 'us' | 'ms' | 'count'

export function Num({ n }: { n: number }) {
  const locale = useLocale()
  return <span className="num">{n.toLocaleString(locale)}</span>
}

/** A value of a histogram: the upper bound of its bucket. */
export function useBound(): (figure: Figure, share: 'p50' | 'p99', unit: Unit) => string {
  const { t } = useTranslation()
  const locale = useLocale()
  const duration = useDuration()
  return (figure, share, unit) => {
    if (figure.count === 0) return '—'
    const value = figure[share]
    const ms = unit === 'us' ? value / 1000 : value
    const n = unit === 'count'
      ? value.toLocaleString(locale)
      : ms < 10 ? t('common.time.ms', { n: ms.toLocaleString(locale, { maximumFractionDigits: 2 }) }) : duration(ms)
    return isBeyond(figure, share) ? t('settings.system.moreThan', { n }) : t('settings.system.most', { n })
  }
}

/** Whether the value lies in the bucket without an upper bound. */
export function isBeyond(figure: Pick<Figure, 'count' | 'counts'>, share: 'p50' | 'p99'): boolean {
  const beyond = figure.counts.at(-1) ?? 0
  return figure.count > 0 && figure.count - beyond < Math.ceil(figure.count * (share === 'p50' ? 0.5 : 0.99))
}

const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const

export function bytesText(bytes: number, locale: string): string {
  const power = Math.min(UNITS.length - 1, bytes > 0 ? Math.floor(Math.log10(bytes) / 3) : 0)
  return (bytes / 1000 ** power).toLocaleString(locale, { style: 'unit', unit: UNITS[power], unitDisplay: 'short', maximumFractionDigits: power > 1 ? 1 : 0 })
}
