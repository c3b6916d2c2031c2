/** What happened, as sentences, the newest first. */
import { Switch } from '@mantine/core'
import { useLocalStorage } from '@mantine/hooks'
import { IconHistory } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { usersQuery, type HistoryEntry, type InstanceDetail } from '@/api'
import { useLocale } from '@/ui/hooks'
import { BlockSkeleton, EmptyState, QueryView } from '@/ui/Page'
import { absoluteTime, clockTime } from '@/util/time'
import { detailsOf, isMinor, lookupFrom, sentenceOf, withElements, type Lookup } from './history'
import css from './instance.module.css'
import { historyQuery } from './queries'

interface HistoryProps {
  instance: InstanceDetail
  element: string | null
  onElement: (id: string) => void
}

const OUTCOMES = ['ok', 'yes', 'no', 'cancel'] as const

export function HistoryTab({ instance, element, onElement }: HistoryProps) {
  const { t } = useTranslation()
  const locale = useLocale()
  const query = useQuery(historyQuery(instance.id))
  const people = useQuery(usersQuery)
  const [steps, setSteps] = useLocalStorage({ key: 'ruslo.history.steps', defaultValue: false })
  const users = people.data?.items
  const lookup = useMemo<Lookup>(
    () =>
      lookupFrom(instance, users ?? [], {
        outcome: (outcome) => {
          const known = OUTCOMES.find((item) => item === outcome)
          return known ? t(`instance.history.outcome.${known}`) : outcome
        },
        when: (iso) => absoluteTime(iso, locale),
        nobody: t('instance.history.nobody'),
      }),
    [instance, users, locale, t],
  )
  return (
    <QueryView query={query} compact skeleton={<BlockSkeleton lines={6} />}>
      {(data) => {
        const entries = withElements(data.items)
        const shown = entries.filter((entry) => (!element || entry.elementId === element) && (steps || !isMinor(entry, entries)))
        if (data.items.length === 0) return <EmptyState compact icon={IconHistory} title={t('instance.history.empty')} />
        return (
          <>
            <Switch size="xs" className={css.historySwitch} label={t('instance.history.steps')} checked={steps} onChange={(event) => setSteps(event.currentTarget.checked)} />
            <ol className={css.history} data-testid="history">
              {shown.toReversed().map((entry) => <Entry key={entry.seq} entry={entry} lookup={lookup} onElement={onElement} />)}
            </ol>
          </>
        )
      }}
    </QueryView>
  )
}

function Entry({ entry, lookup, onElement }: { entry: HistoryEntry; lookup: Lookup; onElement: (id: string) => void }) {
  const { t } = useTranslation()
  const locale = useLocale()
  const [open, setOpen] = useState(false)
  const sentence = sentenceOf(entry, lookup)
  const details = detailsOf(entry)
  // Which words a sentence takes is decided in `history.ts`; the type of one stands for all.
  const text = sentence ? t(`instance.history.e.${sentence.key}` as 'instance.history.e.logged', sentence.words as { text: string }) : t('instance.history.unknown', { type: entry.type })
  return (
    <li className={css.entry} data-type={entry.type}>
      <time dateTime={entry.at} title={absoluteTime(entry.at, locale)}>{clockTime(entry.at, locale)}</time>
      <i style={{ background: `var(--state-${sentence?.tone ?? 'idle'})` }} aria-hidden />
      <div>
        {entry.elementId
          ? <button type="button" className={css.entryText} onClick={() => onElement(entry.elementId!)}>{text}</button>
          : <span>{text}</span>}
        {details && (
          <>
            <button type="button" className={css.more} aria-expanded={open} onClick={() => setOpen(!open)}>{t('instance.history.details')}</button>
            {open && <pre className={css.pre}>{JSON.stringify(details, null, 2)}</pre>}
          </>
        )}
      </div>
    </li>
  )
}
