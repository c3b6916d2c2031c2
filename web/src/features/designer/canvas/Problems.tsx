/** What the drawing is told off for; a click shows the place. */
import { ActionIcon, Loader, UnstyledButton } from '@mantine/core'
import { IconAlertCircle, IconAlertTriangle, IconBulb, IconChevronDown, IconChevronUp, IconCircleCheck } from '@tabler/icons-react'
import { useTranslation } from 'react-i18next'
import type { Diagnostic } from '@/api'
import { useLocale } from '@/ui/hooks'
import css from '../designer.module.css'
import { isError, type Findings } from './useDiagnostics'

interface ProblemsProps {
  findings: Findings
  open: boolean
  onToggle: () => void
  nameOf: (elementId: string) => string
  onShow: (elementId: string) => void
  onRule: (code: string) => void
}

const ICON = { error: IconAlertCircle, refused: IconAlertCircle, warning: IconAlertTriangle, hint: IconBulb } as const
const TONE = { error: 'broken', refused: 'broken', warning: 'waiting', hint: 'idle' } as const

export function Problems({ findings, open, onToggle, nameOf, onShow, onRule }: ProblemsProps) {
  const { t } = useTranslation()
  const { diagnostics, checking, unavailable, partial } = findings
  const errors = diagnostics.filter(isError).length
  const warnings = diagnostics.filter((item) => item.severity === 'warning').length
  const summary = [errors > 0 && t('designer.problems.errors', { count: errors }), warnings > 0 && t('designer.problems.warnings', { count: warnings })].filter(Boolean).join(', ')
  return (
    <section className={css.problems} data-testid="problems" data-count={diagnostics.length} aria-label={t('designer.problems.title')}>
      <UnstyledButton className={css.problemsHead} onClick={onToggle} aria-expanded={open}>
        <b>{t('designer.problems.title')}</b>
        <span className={css.problemsSummary} aria-live="polite" style={{ color: errors > 0 ? 'var(--state-broken)' : warnings > 0 ? 'var(--state-waiting)' : undefined }}>
          {unavailable ? t('designer.problems.unavailable') : summary || (checking ? t('designer.problems.checking') : t('designer.problems.none'))}
        </span>
        {partial && <span className={css.problemsSummary} data-testid="problems-partial">{t('designer.problems.partial')}</span>}
        {checking && <Loader size={12} color="gray" />}
        <span style={{ flex: 1 }} />
        <ActionIcon component="span" size="sm" aria-hidden>{open ? <IconChevronDown size={15} /> : <IconChevronUp size={15} />}</ActionIcon>
      </UnstyledButton>
      {open && (
        diagnostics.length === 0
          ? <p className={css.noProblems}><IconCircleCheck size={15} color="var(--state-done)" aria-hidden /> {t('designer.problems.none')}</p>
          : <ul className={css.problemList}>{diagnostics.map((item) => <Problem key={`${item.code}-${item.element}-${item.line}-${item.message}`} item={item} nameOf={nameOf} onShow={onShow} onRule={onRule} />)}</ul>
      )}
    </section>
  )
}

function Problem({ item, nameOf, onShow, onRule }: { item: Diagnostic; nameOf: (id: string) => string; onShow: (id: string) => void; onRule: (code: string) => void }) {
  const { t } = useTranslation()
  const locale = useLocale()
  const Glyph = ICON[item.severity]
  return (
    <li className={css.problemRow}>
      <UnstyledButton className={css.problem} onClick={() => item.element && onShow(item.element)} disabled={!item.element}>
        <Glyph size={15} color={`var(--state-${TONE[item.severity]})`} aria-hidden />
        <span className={css.problemText}>{locale === 'ru' ? item.messageRu : item.message}</span>
        {item.element && <span className={css.problemWhere}>{nameOf(item.element)}</span>}
      </UnstyledButton>
      <UnstyledButton className={css.problemCode} title={t('designer.problems.openRule')} onClick={() => onRule(item.code)}>{item.code}</UnstyledButton>
    </li>
  )
}
