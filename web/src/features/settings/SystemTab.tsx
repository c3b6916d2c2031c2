/** The server: its health, nodes, load, calls, storage and limits; refreshes by itself while it is looked at. */
import { IconAlertTriangle, IconCircleCheck } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { SystemInfo } from '@/api'
import { Facts, Panel } from '@/ui/Facts'
import { useDuration, useLatest, useLocale } from '@/ui/hooks'
import { BlockSkeleton, QueryView } from '@/ui/Page'
import { ToneBadge } from '@/ui/StateBadge'
import { Time } from '@/ui/Time'
import { bytesText, Num } from './figures'
import { CallsPanel, LagsPanel, LoadPanel } from './LoadPanels'
import { NodesPanel } from './NodesPanel'
import { systemQuery } from './queries'
import { ranges } from './ranges'
import css from './settings.module.css'
import { refusedBefore, warningsOf, type Warning } from './warnings'

const DATABASES: Record<string, string> = { sqlite: 'SQLite', postgres: 'PostgreSQL' }

export function SystemTab() {
  const query = useQuery(systemQuery)
  return <QueryView query={query} skeleton={<BlockSkeleton lines={8} />}>{(system) => <System system={system} />}</QueryView>
}

function System({ system }: { system: SystemInfo }) {
  const { t } = useTranslation()
  const warnings = useWarnings(system)
  return (
    <div className={css.stack} data-testid="system">
      {warnings.length > 0 && (
        <div className={css.warnings} role="status" data-testid="warnings">
          <IconAlertTriangle size={18} aria-hidden />
          <ul>{warnings.map((text) => <li key={text}>{text}</li>)}</ul>
        </div>
      )}
      <div className={css.columns}>
        <HealthPanel system={system} well={warnings.length === 0} />
        <StoragePanel system={system} />
      </div>
      <NodesPanel cluster={system.cluster} />
      <div className={css.columns}>
        <LoadPanel load={system.load} />
        <LagsPanel load={system.load} />
      </div>
      <CallsPanel load={system.load} circuits={system.circuits} />
      <div className={css.columns}>
        <Panel title={t('settings.system.counters')}><Figures values={system.counters} /></Panel>
        <Panel title={t('settings.system.limits')}>
          <p className={css.hint}>{t('settings.system.limitsHint')}</p>
          <Figures values={system.limits} kind="Limit" />
        </Panel>
      </div>
    </div>
  )
}

/** What an administrator has to look at, as sentences. */
function useWarnings(system: SystemInfo): string[] {
  const { t } = useTranslation()
  const locale = useLocale()
  const duration = useDuration()
  const seconds = (ms: number) => duration(Math.max(1, Math.floor(ms / 1000)) * 1000)
  const takeover = duration(system.cluster.takeoverMs)
  const say = (warning: Warning): string => {
    switch (warning.kind) {
      case 'notServing': return t('settings.system.notServing')
      case 'unserved': return t('settings.system.unserved', { count: warning.numbers.length, which: ranges(warning.numbers), takeover })
      case 'silent': return t('settings.system.silent', { node: warning.node, time: seconds(warning.silentMs), takeover })
      case 'circuitsOpen': return t('settings.system.circuitsOpen', { count: warning.count })
      case 'refusing': return t('settings.system.refusing', { count: warning.count })
      case 'queueLong': return t('settings.system.queueLong', { n: warning.queued.toLocaleString(locale), time: seconds(warning.ms) })
      case 'late': return t(`settings.system.late.${warning.what}`, { time: seconds(warning.ms) })
    }
  }
  return warningsOf(system, useRefusedBefore(system)).map(say)
}

/** Refusals when the page looked half a minute ago, or when it began to look. */
function useRefusedBefore({ load, startedAt }: SystemInfo): number | undefined {
  const [base, setBase] = useState({ refused: load.refused, startedAt })
  const now = useLatest({ refused: load.refused, startedAt })
  useEffect(() => {
    const timer = setInterval(() => setBase(now.current), 30_000)
    return () => clearInterval(timer)
  }, [now])
  return refusedBefore(base, startedAt)
}

function HealthPanel({ system, well }: { system: SystemInfo; well: boolean }) {
  const { t } = useTranslation()
  const duration = useDuration()
  const badge = well
    ? <ToneBadge tone="done" icon={IconCircleCheck}>{t('settings.system.ok')}</ToneBadge>
    : <ToneBadge tone="waiting" icon={IconAlertTriangle}>{t('settings.system.busyNow')}</ToneBadge>
  return (
    <Panel title={t('settings.system.health')} actions={badge}>
      <Facts
        items={[
          [t('settings.system.version'), system.version],
          [t('settings.system.database'), DATABASES[system.database] ?? system.database],
          [t('settings.system.address'), system.publicUrl],
          [t('settings.system.uptime'), <span key="u" className="num">{duration(Math.max(1, system.uptimeS) * 1000)}</span>],
          [t('common.field.started'), <Time key="s" at={system.startedAt} />],
        ]}
      />
    </Panel>
  )
}

function StoragePanel({ system }: { system: SystemInfo }) {
  const { t } = useTranslation()
  const locale = useLocale()
  const { bytes, backlog, purged } = system.storage
  return (
    <Panel title={t('settings.system.storage')} actions={<a className="link" style={{ fontSize: 13 }} href="/settings?tab=retention">{t('settings.system.toRetention')}</a>}>
      <Facts
        items={[
          [t('settings.system.size'), bytes === null || bytes === undefined ? t('settings.system.unknown') : <span key="b" className="num" data-testid="database-size">{bytesText(bytes, locale)}</span>],
          [t('settings.system.backlog'), <Num key="l" n={backlog} />],
          [t('settings.system.purgedSince'), <Num key="p" n={purged} />],
        ]}
      />
    </Panel>
  )
}

function Figures({ values, kind = '' }: { values: Record<string, number>; kind?: string }) {
  const { t, i18n } = useTranslation()
  // A limit may be named as what it limits.
  const name = (key: string) => {
    const known = [`${key}${kind}`, key].find((one) => i18n.exists(`settings.system.figure.${one}`))
    return known ? t(`settings.system.figure.${known}` as 'settings.system.figure.timers') : key
  }
  return <Facts items={Object.entries(values).map(([key, value]) => [name(key), <Num key={key} n={value} />])} />
}
