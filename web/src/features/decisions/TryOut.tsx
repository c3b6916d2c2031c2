/** Trying a decision out: variables in, result and the rules that matched out. Nothing is changed by it. */
import { Button, Select, TextInput } from '@mantine/core'
import { IconPlayerPlay } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { DecisionEvaluation, Json, JsonObject } from '@/api'
import { errorText } from '@/ui/errors'
import { JsonValue } from '@/ui/JsonView'
import css from './decisions.module.css'
import { tryOut, type Tried } from './queries'

export interface Choice {
  id: string
  name: string
  inputs: string[]
}

interface TryOutProps {
  choices: Choice[]
  /** What is tried, once it is asked for. */
  tried: (decisionId: string) => Promise<Tried>
  onResult: (evaluation: DecisionEvaluation | null) => void
}

/** `12`, `true`, `"a"`, `[1]` are what they say; any other text is a text. */
export function valueOf(text: string): Json | undefined {
  const trimmed = text.trim()
  if (trimmed === '') return undefined
  try {
    return JSON.parse(trimmed) as Json
  } catch {
    return trimmed
  }
}

export function TryOut({ choices, tried, onResult }: TryOutProps) {
  const { t } = useTranslation()
  const [chosen, setChosen] = useState<string | null>(null)
  const [texts, setTexts] = useState<Record<string, string>>({})
  const decision = choices.find((choice) => choice.id === chosen) ?? choices.at(-1)
  const run = useMutation({
    mutationFn: async () => {
      if (!decision) return null
      const variables: JsonObject = {}
      for (const name of decision.inputs) {
        const value = valueOf(texts[name] ?? '')
        if (value !== undefined) variables[name] = value
      }
      return tryOut(await tried(decision.id), variables)
    },
    onSuccess: onResult,
    onError: () => onResult(null),
  })
  if (!decision) return <p className={css.hint}>{t('decisions.tryOut.nothing')}</p>
  return (
    <form
      className={css.tryOut}
      data-testid="try-out"
      onSubmit={(event) => {
        event.preventDefault()
        run.mutate()
      }}
    >
      {choices.length > 1 && <Select size="xs" label={t('decisions.tryOut.decision')} allowDeselect={false} value={decision.id} data={choices.map((choice) => ({ value: choice.id, label: choice.name }))} onChange={setChosen} />}
      {decision.inputs.length === 0 && <p className={css.hint}>{t('decisions.tryOut.noInputs')}</p>}
      {decision.inputs.map((name) => (
        <TextInput key={name} size="xs" label={name} placeholder={t('decisions.tryOut.value')} value={texts[name] ?? ''} onChange={(event) => setTexts({ ...texts, [name]: event.currentTarget.value })} data-testid={`input-${name}`} />
      ))}
      <Button type="submit" size="xs" leftSection={<IconPlayerPlay size={14} />} loading={run.isPending}>{t('decisions.tryOut.run')}</Button>
      {run.error && <p className={css.failed} role="alert">{errorText(run.error)}</p>}
      {run.data && <Outcome evaluation={run.data} />}
    </form>
  )
}

function Outcome({ evaluation }: { evaluation: DecisionEvaluation }) {
  const { t } = useTranslation()
  return (
    <section className={css.outcome} aria-live="polite" data-testid="outcome">
      <h3>{t('decisions.tryOut.result')}</h3>
      <div className={css.value}><JsonValue value={evaluation.result} /></div>
      {evaluation.decisions.map((run) => (
        <div key={run.decisionId} className={css.run}>
          <h4>{run.name}</h4>
          {run.tables.map((table) => (
            <p key={table.id}>
              {table.matched.length === 0 ? t('decisions.tryOut.noRule') : t('decisions.tryOut.rules', { count: table.matched.length, numbers: table.matched.map((rule) => rule.index).join(', ') })}
            </p>
          ))}
          {evaluation.decisions.length > 1 && <JsonValue value={run.result} />}
        </div>
      ))}
      {evaluation.warnings.length > 0 && (
        <>
          <h4>{t('decisions.tryOut.warnings')}</h4>
          <ul className={css.warnings}>{evaluation.warnings.map((text) => <li key={text}>{text}</li>)}</ul>
        </>
      )}
    </section>
  )
}
