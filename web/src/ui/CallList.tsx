/** Outgoing calls, each unfolding into its request and answer. */
import { IconChevronRight } from '@tabler/icons-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { CallRecord } from '@/api'
import { prettyBody } from '@/util/json'
import css from './calls.module.css'
import { CopyAction } from './Copy'
import { useDuration } from './hooks'
import { Time } from './Time'

interface CallListProps {
  calls: CallRecord[]
  nameOf: (elementId: string) => string
  /** Leads to the instance when the list is about several. */
  linkInstances?: boolean
}

export function CallList({ calls, nameOf, linkInstances }: CallListProps) {
  return (
    <div className={css.list} data-testid="calls">
      {calls.map((call) => <Call key={call.id} call={call} name={call.elementId ? nameOf(call.elementId) : ''} linkInstances={linkInstances} />)}
    </div>
  )
}

function toneOf(call: CallRecord): 'done' | 'broken' {
  return !call.error && call.status !== null && call.status !== undefined && call.status < 400 ? 'done' : 'broken'
}

function Call({ call, name, linkInstances }: { call: CallRecord; name: string; linkInstances?: boolean }) {
  const { t } = useTranslation()
  const duration = useDuration()
  const [open, setOpen] = useState(false)
  const tone = toneOf(call)
  return (
    <div className={css.call}>
      <button type="button" className={css.head} aria-expanded={open} onClick={() => setOpen(!open)}>
        <IconChevronRight size={14} style={{ transform: open ? 'rotate(90deg)' : undefined }} aria-hidden />
        <span className={css.status} style={{ color: `var(--state-${tone})`, background: `var(--state-${tone}-bg)` }}>{call.status ?? '—'}</span>
        <span className={css.name}>{name}</span>
        <span className={css.url}>{call.url}</span>
        {call.attempt > 1 && <span className={css.dim}>{t('instance.calls.attempt', { n: call.attempt })}</span>}
        <span className={css.dim}>{duration(call.durationMs ?? 0)}</span>
        <span className={css.dim}><Time at={call.at} /></span>
      </button>
      {open && (
        <div className={css.body}>
          {linkInstances && call.instanceId && <a className="link" href={`/instances/${call.instanceId}`}>{call.instanceId}</a>}
          {call.error && <p className={css.error}>{call.error}</p>}
          <Part title={t('instance.calls.request')} text={prettyForm(call.request)} />
          <Part title={t('instance.calls.response')} text={prettyBody(call.response)} />
        </div>
      )}
    </div>
  )
}

/** A form body one field a line; anything else as it is. */
function prettyForm(body: unknown): string {
  if (typeof body === 'string' && /^[\w.%[\]+-]+=[^\n]*(&|$)/.test(body)) {
    return body.split('&').map((pair) => {
      const [key = '', value = ''] = pair.split('=')
      return `${decode(key)} = ${decode(value)}`
    }).join('\n')
  }
  return prettyBody(body)
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text
  }
}

function Part({ title, text }: { title: string; text: string }) {
  const { t } = useTranslation()
  return (
    <div className={css.part}>
      <div className={css.partHead}><h4>{title}</h4>{text && <CopyAction value={text} label={`${t('common.action.copy')}: ${title}`} />}</div>
      {text ? <pre>{text}</pre> : <p className={css.dim}>{t('instance.calls.noBody')}</p>}
    </div>
  )
}
