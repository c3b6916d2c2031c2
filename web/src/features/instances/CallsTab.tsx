/** Calls to the outside: request, answer, time. */
import { IconPlugConnected } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import type { InstanceDetail } from '@/api'
import { CallList } from '@/ui/CallList'
import { BlockSkeleton, EmptyState, QueryView } from '@/ui/Page'
import { callsQuery } from './queries'

export function CallsTab({ instance, element }: { instance: InstanceDetail; element: string | null }) {
  const { t } = useTranslation()
  const query = useQuery(callsQuery(instance.id))
  return (
    <QueryView query={query} compact skeleton={<BlockSkeleton lines={4} />}>
      {(data) => {
        const items = data.items.filter((call) => !element || call.elementId === element)
        if (items.length === 0) return <EmptyState compact icon={IconPlugConnected} title={t('instance.calls.empty')} hint={t('instance.calls.emptyHint')} />
        return <CallList calls={items.toReversed()} nameOf={(id) => instance.elements.find((e) => e.elementId === id)?.name || id} />
      }}
    </QueryView>
  )
}
