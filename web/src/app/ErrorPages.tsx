/** What is shown when an address leads nowhere or a page breaks. */
import { Button } from '@mantine/core'
import { IconAlertTriangle, IconMapOff } from '@tabler/icons-react'
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

export function CrashPage({ error }: { error: unknown }) {
  const { t } = useTranslation()
  return (
    <div role="alert">
      <EmptyState icon={IconAlertTriangle} title={t('common.state.crashed')} hint={`${t('common.state.crashedHint')} ${error instanceof Error ? error.message : ''}`}>
        <Button onClick={() => location.reload()}>{t('common.state.reload')}</Button>
      </EmptyState>
    </div>
  )
}
