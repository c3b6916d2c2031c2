/** The nodes and what they serve. */
import { IconAlertTriangle, IconCircleCheck, IconPlayerPause, IconZzz } from '@tabler/icons-react'
import { useTranslation } from 'react-i18next'
import type { NodeInfo, SystemInfo } from '@/api'
import { DataTable, type Column } from '@/ui/DataTable'
import { useDuration } from '@/ui/hooks'
import { ToneBadge } from '@/ui/StateBadge'
import { Time } from '@/ui/Time'
import { Num } from './figures'
import { ranges } from './ranges'
import css from './settings.module.css'

type Cluster = SystemInfo['cluster']

/** A node whose sign of life is so old that it may be gone. */
export function isSilent(node: Pick<NodeInfo, 'me' | 'silentMs'>, takeoverMs: number): boolean {
  return !node.me && node.silentMs * 2 > takeoverMs
}

export function NodesPanel({ cluster }: { cluster: Cluster }) {
  const { t } = useTranslation()
  const duration = useDuration()
  const columns: Column<NodeInfo>[] = [
    { key: 'node', header: t('settings.system.node'), cell: (node) => (
      <span className={css.inline}>
        <span className="mono">{node.url || t('settings.system.noUrl')}</span>
        {node.me && <ToneBadge tone="running">{t('settings.system.me')}</ToneBadge>}
      </span>
    ) },
    { key: 'state', header: t('common.field.state'), cell: (node) => <NodeState node={node} cluster={cluster} />, width: 150 },
    { key: 'version', header: t('settings.system.version'), cell: (node) => node.version, width: 100 },
    { key: 'since', header: t('settings.system.joined'), cell: (node) => <Time at={node.startedAt} />, width: 130 },
    { key: 'beat', header: t('settings.system.lastSign'), cell: (node) => (node.me ? t('common.time.justNow') : <span className="num">{duration(node.silentMs < 1000 ? node.silentMs : Math.floor(node.silentMs / 1000) * 1000)}</span>), width: 160 },
    { key: 'partitions', header: t('settings.system.servedParts'), align: 'right', cell: (node) => (
      <>
        <span className="num">{t('settings.system.servedOf', { n: node.partitions, total: cluster.partitions })}</span>
        {cluster.nodes.length > 1 && node.partitions > 0 && <div className={`${css.ruleHint} num`} style={{ textAlign: 'end' }} data-testid="node-partitions">{ranges(node.partitionNumbers)}</div>}
      </>
    ), width: cluster.nodes.length > 1 ? 220 : 110 },
  ]
  return (
    <section className={css.section} data-testid="nodes">
      <h2 className={css.heading}>{t('settings.system.nodes')}{cluster.nodes.length > 1 && <> · <Num n={cluster.nodes.length} /></>}</h2>
      {!cluster.shared && <p className={css.hint} style={{ margin: 0 }}>{t('settings.system.single')}</p>}
      <DataTable label={t('settings.system.nodes')} rows={cluster.nodes} columns={columns} rowKey={(node) => node.id} rowTestId="node" />
    </section>
  )
}

function NodeState({ node, cluster }: { node: NodeInfo; cluster: Cluster }) {
  const { t } = useTranslation()
  if (node.me && !cluster.serving) return <ToneBadge tone="broken" icon={IconAlertTriangle}>{t('settings.system.nodeState.out')}</ToneBadge>
  if (isSilent(node, cluster.takeoverMs)) return <ToneBadge tone="broken" icon={IconZzz}>{t('settings.system.nodeState.silent')}</ToneBadge>
  if (node.draining) return <ToneBadge tone="suspended" icon={IconPlayerPause}>{t('settings.system.nodeState.draining')}</ToneBadge>
  return <ToneBadge tone="done" icon={IconCircleCheck}>{t('settings.system.nodeState.serving')}</ToneBadge>
}
