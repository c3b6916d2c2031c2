/** The server's health and limits. */
import { IconCircleCheck } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Facts, Panel } from '@/ui/Facts'
import { useDuration, useLocale } from '@/ui/hooks'
import { BlockSkeleton, QueryView } from '@/ui/Page'
import { ToneBadge } from '@/ui/StateBadge'
import { Time } from '@/ui/Time'
import { systemQuery } from './queries'

export function SystemTab() {
  const { t, i18n } = useTranslation()
  const duration = useDuration()
  const locale = useLocale()
  const query = useQuery(systemQuery)
  const numbers = (values: Record<string, number> | undefined): [string, React.ReactNode][] =>
    Object.entries(values ?? {}).map(([key, value]) => [i18n.exists(`settings.system.figure.${key}`) ? t(`settings.system.figure.${key}` as 'settings.system.figure.timers') : key, <span key={key} className="num">{value.toLocaleString(locale)}</span>])
  return (
    <QueryView query={query} skeleton={<BlockSkeleton lines={8} />}>
      {(system) => (
        <div style={{ display: 'grid', gap: 16, gridTemplateColumns: 'repeat(auto-fit, minmax(300px, 1fr))', alignItems: 'start', maxWidth: 1100 }}>
          <Panel title={t('settings.system.health')} actions={<ToneBadge tone="done" icon={IconCircleCheck}>{t('settings.system.ok')}</ToneBadge>}>
            <Facts
              items={[
                [t('settings.system.version'), system.version],
                [t('settings.system.database'), system.database],
                [t('settings.system.address'), system.publicUrl],
                [t('settings.system.uptime'), duration((system.uptimeS ?? 0) * 1000)],
                [t('common.field.started'), <Time key="s" at={system.startedAt} />],
              ]}
            />
          </Panel>
          <Panel title={t('settings.system.counters')}><Facts items={numbers(system.counters)} /></Panel>
          <Panel title={t('settings.system.limits')}>
            <p style={{ margin: '0 0 12px', fontSize: 12, color: 'var(--mantine-color-dimmed)' }}>{t('settings.system.limitsHint')}</p>
            <Facts items={numbers(system.limits)} />
          </Panel>
        </div>
      )}
    </QueryView>
  )
}
