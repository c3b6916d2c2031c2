/** Who called the process and what it called, at any depth. */
import { IconHierarchy2 } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { instanceQuery, type Instance, type InstanceDetail } from '@/api'
import { BlockSkeleton, EmptyState, QueryView } from '@/ui/Page'
import { InstanceStateBadge } from '@/ui/StateBadge'
import { Time } from '@/ui/Time'
import css from './instance.module.css'
import { treeQuery } from './queries'

export function TreeTab({ instance }: { instance: InstanceDetail }) {
  const { t } = useTranslation()
  const rootId = instance.rootId ?? instance.id
  const rest = useQuery(treeQuery(rootId))
  const root = useQuery({ ...instanceQuery(rootId), enabled: rootId !== instance.id })
  if (!instance.parentId && instance.children.length === 0) return <EmptyState compact icon={IconHierarchy2} title={t('instance.tree.empty')} hint={t('instance.tree.emptyHint')} />
  return (
    <QueryView query={rest} compact skeleton={<BlockSkeleton lines={4} />}>
      {(items) => {
        const all = new Map<string, Instance>()
        for (const item of [...(root.data ? [root.data] : []), instance, ...instance.children, ...items]) all.set(item.id, item)
        return <ul className={css.tree} data-testid="tree"><Branch id={all.has(rootId) ? rootId : topOf(all, instance)} all={all} here={instance.id} /></ul>
      }}
    </QueryView>
  )
}

/** The highest that can be seen: an employee may not see all. */
function topOf(all: Map<string, Instance>, from: Instance): string {
  let at = from
  while (at.parentId && all.has(at.parentId)) at = all.get(at.parentId)!
  return at.id
}

function Branch({ id, all, here }: { id: string; all: Map<string, Instance>; here: string }) {
  const { t } = useTranslation()
  const item = all.get(id)
  if (!item) return null
  const children = [...all.values()].filter((other) => other.parentId === id).toSorted((a, b) => a.startedAt.localeCompare(b.startedAt))
  return (
    <li>
      <div className={css.branch} data-here={id === here || undefined}>
        {id === here ? <b>{item.definition.name}</b> : <a className="link" href={`/instances/${id}`}>{item.definition.name}</a>}
        <span className="num">{id}</span>
        <InstanceStateBadge state={item.state} incident={item.incidentCount > 0} plain />
        <span className={css.dim}>{t('processes.definition.versionN', { n: item.definition.version })} · <Time at={item.startedAt} /></span>
      </div>
      {children.length > 0 && <ul>{children.map((child) => <Branch key={child.id} id={child.id} all={all} here={here} />)}</ul>}
    </li>
  )
}
