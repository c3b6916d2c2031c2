/** States by colour, icon and word, the same everywhere. */
import {
  IconAlertTriangle, IconBan, IconCircleCheck, IconCircleDashed, IconPlayerPause, IconProgress, IconUserQuestion, type Icon,
} from '@tabler/icons-react'
import { useTranslation } from 'react-i18next'
import css from './ui.module.css'

export type Tone = 'running' | 'done' | 'waiting' | 'broken' | 'suspended' | 'idle'

const TONE_OF: Record<string, { tone: Tone; icon: Icon }> = {
  active: { tone: 'running', icon: IconProgress },
  completed: { tone: 'done', icon: IconCircleCheck },
  canceled: { tone: 'idle', icon: IconBan },
  failed: { tone: 'broken', icon: IconAlertTriangle },
  incident: { tone: 'broken', icon: IconAlertTriangle },
  suspended: { tone: 'suspended', icon: IconPlayerPause },
  open: { tone: 'waiting', icon: IconUserQuestion },
}

export function toneOf(state: string): Tone {
  return TONE_OF[state]?.tone ?? 'idle'
}

interface BadgeProps {
  tone: Tone
  icon?: Icon
  plain?: boolean
  testId?: string
  state?: string
  children: React.ReactNode
}

export function ToneBadge({ tone, icon: Glyph, plain, testId, state, children }: BadgeProps) {
  const style = { '--badge-fg': `var(--state-${tone})`, '--badge-bg': `var(--state-${tone}-bg)` } as React.CSSProperties
  return (
    <span className={css.badge} style={style} data-plain={plain || undefined} data-testid={testId} data-state={state}>
      {Glyph && <Glyph size={14} stroke={2} aria-hidden />}
      {children}
    </span>
  )
}

const INSTANCE_STATES = ['active', 'completed', 'canceled', 'failed', 'incident', 'suspended'] as const
type KnownInstanceState = (typeof INSTANCE_STATES)[number]
const isKnown = (state: string): state is KnownInstanceState => (INSTANCE_STATES as readonly string[]).includes(state)

export function InstanceStateBadge({ state, incident, suspended, testId, plain }: { state: string; incident?: boolean; suspended?: boolean; testId?: string; plain?: boolean }) {
  const { t } = useTranslation()
  const running = suspended ? 'suspended' : incident ? 'incident' : state
  const shown = state === 'active' ? running : state
  const { tone, icon } = TONE_OF[shown] ?? { tone: 'idle' as const, icon: IconCircleDashed }
  return (
    <ToneBadge tone={tone} icon={icon} testId={testId} state={state} plain={plain}>
      {isKnown(shown) ? t(`common.instanceState.${shown}`) : shown}
    </ToneBadge>
  )
}
