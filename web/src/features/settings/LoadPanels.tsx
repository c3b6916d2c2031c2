/** How busy this node is: queue and commits, delays, outgoing calls. */
import { IconCircleCheck, IconHourglass, IconPlugConnectedX } from '@tabler/icons-react'
import { useTranslation } from 'react-i18next'
import type { Circuit, Figure, Load } from '@/api'
import { DataTable, type Column } from '@/ui/DataTable'
import { Facts, Panel } from '@/ui/Facts'
import { useDuration, useLocale } from '@/ui/hooks'
import { EmptyState } from '@/ui/Page'
import { ToneBadge } from '@/ui/StateBadge'
import { Num, useBound, type Unit } from './figures'
import css from './settings.module.css'

const JOBS_MAX = 100_000

export function LoadPanel({ load }: { load: Load }) {
  const { t } = useTranslation()
  const locale = useLocale()
  return (
    <Panel title={t('settings.system.load')}>
      <Facts
        items={[
          [t('settings.system.queued'), load.startsQueued > 0 ? t('settings.system.ofThemStarts', { n: load.queued.toLocaleString(locale), starts: load.startsQueued.toLocaleString(locale) }) : <Num key="q" n={load.queued} />],
          [t('settings.system.perSecond'), <Num key="s" n={load.perSecond} />],
          [t('settings.system.refused'), <Num key="r" n={load.refused} />],
          [t('settings.system.jobsOpen'), <OpenJobs key="j" n={load.jobsOpen} />],
          [t('settings.system.jobPolls'), <Num key="p" n={load.jobPolls} />],
          [t('settings.system.jobsActivated'), <Num key="a" n={load.jobsActivated} />],
          [t('settings.system.jobsAbandoned'), <Num key="b" n={load.jobsAbandoned} />],
          [t('settings.system.scripts'), <Num key="c" n={load.scripts} />],
        ]}
      />
      <table className={css.figures}>
        <thead>
          <tr>
            <th scope="col">{t('settings.system.sinceStart')}</th>
            <th scope="col">{t('settings.system.half')}</th>
            <th scope="col">{t('settings.system.nearlyAll')}</th>
          </tr>
        </thead>
        <tbody>
          <Row label={t('settings.system.commit')} figure={load.commitUs} unit="us" />
          <Row label={t('settings.system.batch')} figure={load.batch} unit="count" />
        </tbody>
      </table>
    </Panel>
  )
}

function OpenJobs({ n }: { n: number | null | undefined }) {
  const { t } = useTranslation()
  const locale = useLocale()
  if (n === null || n === undefined) return '—'
  return <span className="num">{n >= JOBS_MAX ? t('settings.system.tooMany', { n: JOBS_MAX.toLocaleString(locale) }) : n.toLocaleString(locale)}</span>
}

function Row({ label, figure, unit, last }: { label: string; figure: Figure; unit: Unit; last?: string }) {
  const bound = useBound()
  return (
    <tr>
      <th scope="row">{label}</th>
      <td>{bound(figure, 'p50', unit)}</td>
      <td>{bound(figure, 'p99', unit)}</td>
      {last !== undefined && <td>{last}</td>}
    </tr>
  )
}

export function LagsPanel({ load }: { load: Load }) {
  const { t } = useTranslation()
  const locale = useLocale()
  const duration = useDuration()
  const due = (ms: number) => (ms > 0 ? duration(ms) : t('settings.system.nothingDue'))
  const messages = load.inboxWaiting === null || load.inboxWaiting === undefined
    ? '—'
    : load.inboxWaiting === 0 ? t('settings.system.nothingDue') : t('settings.system.waitingN', { time: duration(load.inboxDueMs ?? 0), n: load.inboxWaiting.toLocaleString(locale) })
  return (
    <Panel title={t('settings.system.lags')}>
      <table className={css.figures} style={{ marginTop: 0 }}>
        <thead>
          <tr>
            <th scope="col">{t('settings.system.lagOf')}</th>
            <th scope="col">{t('settings.system.half')}</th>
            <th scope="col">{t('settings.system.nearlyAll')}</th>
            <th scope="col">{t('settings.system.oldest')}</th>
          </tr>
        </thead>
        <tbody>
          <Row label={t('settings.system.timersLag')} figure={load.timerLagMs} unit="ms" last={due(load.timerDueMs)} />
          <Row label={t('settings.system.callsLag')} figure={load.outboxLagMs} unit="ms" last={due(load.outboxDueMs)} />
          <Row label={t('settings.system.jobsLag')} figure={load.jobLagMs} unit="ms" last="—" />
          <tr>
            <th scope="row">{t('settings.system.messagesLag')}</th>
            <td>—</td>
            <td>—</td>
            <td>{messages}</td>
          </tr>
        </tbody>
      </table>
    </Panel>
  )
}

export function CallsPanel({ load, circuits }: { load: Load; circuits: Circuit[] }) {
  const { t } = useTranslation()
  const duration = useDuration()
  const probe = (circuit: Circuit) => {
    if (circuit.state === 'halfOpen') return t('settings.system.probing')
    if (circuit.state !== 'open') return '—'
    return circuit.opensInMs > 0 ? t('settings.system.inSeconds', { time: duration(Math.ceil(circuit.opensInMs / 1000) * 1000) }) : t('settings.system.whenCalled')
  }
  const columns: Column<Circuit>[] = [
    { key: 'target', header: t('settings.system.target'), cell: (circuit) => <span className="mono">{circuit.target}</span> },
    { key: 'state', header: t('common.field.state'), cell: (circuit) => <CircuitState state={circuit.state} />, width: 140 },
    { key: 'failing', header: t('settings.system.failing'), cell: (circuit) => (circuit.failingMs > 0 ? <span className="num">{duration(Math.max(1000, Math.floor(circuit.failingMs / 1000) * 1000))}</span> : '—'), width: 130 },
    { key: 'failures', header: t('settings.system.failures'), align: 'right', cell: (circuit) => <Num n={circuit.failures} />, width: 130 },
    { key: 'probe', header: t('settings.system.nextProbe'), cell: probe, width: 160 },
    { key: 'calls', header: t('settings.system.calls'), align: 'right', cell: (circuit) => <span className="num">{t('settings.system.callsOf', { out: circuit.inFlight, ready: circuit.ready })}</span>, width: 150 },
  ]
  return (
    <section className={css.section} data-testid="circuits">
      <h2 className={css.heading}>{t('settings.system.outgoing')}</h2>
      {circuits.length > 0
        ? <DataTable label={t('settings.system.outgoing')} rows={circuits} columns={columns} rowKey={(circuit) => circuit.target} rowTestId="circuit" />
        : <Panel flush><EmptyState compact icon={IconCircleCheck} title={t('settings.system.allWell')} hint={t('settings.system.allWellHint')} /></Panel>}
      <Panel>
        <Facts
          items={[
            [t('settings.system.failedTries'), <Num key="f" n={load.deliveriesFailed} />],
            [t('settings.system.deferred'), <Num key="d" n={load.deliveriesDeferred} />],
            [t('settings.system.givenUp'), <Num key="g" n={load.deliveriesGivenUp} />],
          ]}
        />
      </Panel>
    </section>
  )
}

function CircuitState({ state }: { state: string }) {
  const { t } = useTranslation()
  if (state === 'open') return <ToneBadge tone="broken" icon={IconPlugConnectedX}>{t('settings.system.circuit.open')}</ToneBadge>
  if (state === 'halfOpen') return <ToneBadge tone="waiting" icon={IconHourglass}>{t('settings.system.circuit.halfOpen')}</ToneBadge>
  return <ToneBadge tone="done" icon={IconCircleCheck}>{t('settings.system.circuit.closed')}</ToneBadge>
}
