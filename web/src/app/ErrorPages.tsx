/** What is shown when an address leads nowhere or a page breaks. */
import { Button } from '@mantine/core'
import { IconAlertTriangle, IconCloudOff, IconMapOff } from '@tabler/icons-react'
import { useTranslation } from 'react-i18next'
import { EmptyState } from '@/ui/Page'

export function NotFoundPage() {
  const { t } = useTranslation()
  return (
    <EmptyState icon={IconMapOff} title={t('common.state.notFound')} hint={t('common.state.notFoundHint')}>
      <Button component="a" href="/" variant="default">{t('shell.nav.inbox')}</Button>
    </EmptyState>
  )
}

/** A part of the interface did not come: each browser, and the bundler for styles, says so in words of its own. */
function notLoaded(error: unknown): boolean {
  return error instanceof Error && /preload CSS|dynamically imported module|importing a module script/i.test(error.message)
}

export function CrashPage({ error }: { error: unknown }) {
  const { t } = useTranslation()
  if (notLoaded(error)) {
    return (
      <div role="alert">
        <EmptyState icon={IconCloudOff} title={t('common.state.notLoaded')} hint={t('common.state.notLoadedHint')}>
          <Button onClick={() => location.reload()}>{t('common.state.reload')}</Button>
        </EmptyState>
      </div>
    )
  }
  return (
    <div role="alert">
      <EmptyState icon={IconAlertTriangle} title={t('common.state.crashed')} hint={`${t('common.state.crashedHint')} ${error instanceof Error ? error.message : ''}`}>
        <Button onClick={() => location.reload()}>{t('common.state.reload')}</Button>
      </EmptyState>
    </div>
  )
}
