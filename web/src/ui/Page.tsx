/** The frame of a page: title, what can be done, content; and its four states. */
import { Button, Skeleton } from '@mantine/core'
import { IconArrowLeft, IconAlertTriangle, IconHourglass, IconLock, IconMapOff, IconMoodEmpty, type Icon } from '@tabler/icons-react'
import type { UseQueryResult } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { ApiError, isBusy } from '@/api'
import { busyTitle, errorText } from './errors'
import { usePageTitle } from './hooks'
import css from './ui.module.css'

interface PageProps {
  title: ReactNode
  /** Text for the browser's tab when `title` is not text. */
  documentTitle?: string
  subtitle?: ReactNode
  back?: { href: string; label: string }
  badge?: ReactNode
  actions?: ReactNode
  tabs?: ReactNode
  /** The content brings its own padding and scrolling. */
  flush?: boolean
  children: ReactNode
}

export function Page({ title, documentTitle, subtitle, back, badge, actions, tabs, flush, children }: PageProps) {
  usePageTitle(documentTitle ?? (typeof title === 'string' ? title : undefined))
  return (
    <div className={css.page}>
      <header className={css.header}>
        <div className={css.headerTitles}>
          {back && (
            <a className={css.crumb} href={back.href}>
              <IconArrowLeft size={13} aria-hidden /> {back.label}
            </a>
          )}
          <div className={css.titleRow}>
            <h1 className={css.title}>{title}</h1>
            {badge}
          </div>
          {subtitle && <div className={css.subtitle}>{subtitle}</div>}
        </div>
        {actions && <div className={css.actions}>{actions}</div>}
      </header>
      {tabs}
      <div className={flush ? `${css.body} ${css.flush}` : css.body} style={tabs && !flush ? { paddingTop: 16 } : undefined}>
        {children}
      </div>
    </div>
  )
}

interface StateProps {
  icon?: Icon
  title: string
  hint?: string
  compact?: boolean
  children?: ReactNode
}

export function EmptyState({ icon: Glyph = IconMoodEmpty, title, hint, compact, children }: StateProps) {
  return (
    <div className={compact ? `${css.state} ${css.compactState}` : css.state}>
      <div className={css.stateIcon}>
        <Glyph size={22} stroke={1.6} aria-hidden />
      </div>
      <h2 className={css.stateTitle}>{title}</h2>
      {hint && <p className={css.stateHint}>{hint}</p>}
      {children && <div className={css.stateActions}>{children}</div>}
    </div>
  )
}

export function NotAllowed() {
  const { t } = useTranslation()
  return <EmptyState icon={IconLock} title={t('common.state.notAllowed')} hint={t('common.state.notAllowedHint')} />
}

export function ErrorState({ error, onRetry, compact }: { error: unknown; onRetry?: () => void; compact?: boolean }) {
  const { t } = useTranslation()
  if (error instanceof ApiError && error.status === 403) return <NotAllowed />
  if (error instanceof ApiError && error.status === 404) {
    return (
      <EmptyState compact={compact} icon={IconMapOff} title={t('common.state.notFound')} hint={t('common.state.notFoundHint')}>
        {!compact && <Button component="a" href="/" variant="default">{t('shell.nav.inbox')}</Button>}
      </EmptyState>
    )
  }
  if (isBusy(error)) {
    return (
      <div role="status">
        <EmptyState compact={compact} icon={IconHourglass} title={busyTitle(error)} hint={errorText(error)}>
          {onRetry && <Button variant="default" onClick={onRetry}>{t('common.action.retry')}</Button>}
        </EmptyState>
      </div>
    )
  }
  const code = error instanceof ApiError ? error.code : '—'
  return (
    <div role="alert">
      <EmptyState compact={compact} icon={IconAlertTriangle} title={t('common.state.failed')} hint={`${errorText(error)} ${t('common.state.failedHint', { code })}`}>
        {onRetry && <Button variant="default" onClick={onRetry}>{t('common.action.retry')}</Button>}
      </EmptyState>
    </div>
  )
}

export function TableSkeleton({ rows = 8 }: { rows?: number }) {
  return (
    <div className={css.tableWrap} aria-busy="true">
      <div style={{ padding: '10px 12px', borderBottom: '1px solid var(--line)' }}>
        <Skeleton height={12} width="35%" />
      </div>
      {Array.from({ length: rows }, (_, index) => (
        <div key={index} style={{ display: 'flex', gap: 24, height: 36, alignItems: 'center', padding: '0 12px', borderBottom: '1px solid var(--line)' }}>
          <Skeleton height={10} width={`${28 + ((index * 13) % 22)}%`} />
          <Skeleton height={10} width="12%" />
          <Skeleton height={10} width="18%" />
        </div>
      ))}
    </div>
  )
}

export function BlockSkeleton({ lines = 5 }: { lines?: number }) {
  return (
    <div aria-busy="true" style={{ display: 'grid', gap: 12, padding: 16 }}>
      {Array.from({ length: lines }, (_, index) => (
        <Skeleton key={index} height={12} width={`${90 - ((index * 17) % 40)}%`} />
      ))}
    </div>
  )
}

/** Shows a query: skeleton, error with retry, or the data. */
export function QueryView<T>({ query, skeleton, children, compact }: {
  query: UseQueryResult<T>
  skeleton?: ReactNode
  compact?: boolean
  children: (data: T) => ReactNode
}) {
  if (query.data !== undefined) return <>{children(query.data)}</>
  if (query.isError) return <ErrorState compact={compact} error={query.error} onRetry={() => void query.refetch()} />
  return <>{skeleton ?? <BlockSkeleton />}</>
}
