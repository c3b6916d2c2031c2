/** A busy server, told calmly: a line while what is shown waits to be read again, and a question for an action. */
import { Button, Group, Stack } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { IconHourglass } from '@tabler/icons-react'
import i18next from 'i18next'
import { useEffect, useRef, useSyncExternalStore } from 'react'
import { useTranslation } from 'react-i18next'
import { againAt, isBusy, queryClient, secondsLeft, type ApiError } from '@/api'
import { busyTitle, codeText } from '@/ui/errors'
import { useNow } from '@/ui/hooks'
import css from './shell.module.css'

/** When the last of the waiting reads is tried again; 0: none waits. */
function waitingUntil(): number {
  let until = 0
  for (const { state } of queryClient.getQueryCache().getAll()) {
    const reason = state.fetchFailureReason
    if (state.fetchStatus !== 'idle' && isBusy(reason)) until = Math.max(until, againAt(reason))
  }
  return until
}

const watchReads = (changed: () => void) => queryClient.getQueryCache().subscribe(changed)

export function BusyBanner() {
  const until = useSyncExternalStore(watchReads, waitingUntil)
  return until > 0 ? <Waiting until={until} /> : null
}

function Waiting({ until }: { until: number }) {
  const { t } = useTranslation()
  const now = useNow('fast')
  const left = Math.max(0, Math.ceil((until - now) / 1000))
  return (
    <div className={css.offline} data-testid="busy">
      {/* Screen readers hear it once, not every second. */}
      <span className="visually-hidden" role="status">{t('common.busy.readsSoon')}</span>
      <IconHourglass size={15} aria-hidden /> <span>{left > 0 ? t('common.busy.reads', { n: left }) : t('common.busy.readsNow')}</span>
    </div>
  )
}

let asked = 0

/** Asks whether to try an action again that the server was too busy for. */
export function askAgain(error: ApiError): Promise<boolean> {
  error.told = true
  asked += 1
  const id = `busy-${asked}`
  const before = document.activeElement
  return new Promise((resolve) => {
    const answer = (again: boolean) => {
      resolve(again)
      notifications.hide(id)
      if (before instanceof HTMLElement && before.isConnected) before.focus()
    }
    notifications.show({
      id,
      color: 'yellow',
      autoClose: false,
      title: busyTitle(error),
      message: <Question error={error} onAnswer={answer} />,
      closeButtonProps: { 'aria-label': i18next.t('common.action.close') },
      onClose: () => resolve(false),
    })
  })
}

function Question({ error, onAnswer }: { error: ApiError; onAnswer: (again: boolean) => void }) {
  const { t } = useTranslation()
  const left = secondsLeft(error, useNow('fast'))
  const button = useRef<HTMLButtonElement>(null)
  // The question answers what the person has just done: by keyboard it is at hand.
  useEffect(() => button.current?.focus(), [])
  return (
    <Stack gap="xs">
      <span className={css.question}>{codeText(error.code, error.message)} {left > 0 ? t('common.busy.keptIn', { n: left }) : t('common.busy.keptNow')}</span>
      <Group gap="xs">
        <Button ref={button} size="xs" onClick={() => onAnswer(true)} data-testid="busy-again">{t('common.action.retry')}</Button>
        <Button size="xs" variant="default" onClick={() => onAnswer(false)}>{t('common.busy.notNow')}</Button>
      </Group>
    </Stack>
  )
}
