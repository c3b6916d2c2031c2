/** What broke: where, why, and the ways to mend it. */
import { Button } from '@mantine/core'
import { IconFocus2, IconPencil, IconPlayerSkipForward, IconRefresh, IconShieldCheck } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { can, queryClient, useMe, type Incident, type InstanceDetail } from '@/api'
import { closeDialog, openDialog } from '@/ui/dialogs'
import { codeText, toastError, toastOk } from '@/ui/errors'
import { Guard } from '@/ui/Guard'
import { EmptyState } from '@/ui/Page'
import { Time } from '@/ui/Time'
import { SkipForm } from './forms'
import css from './instance.module.css'
import { retryIncident } from './queries'

interface IncidentsProps {
  instance: InstanceDetail
  onElement: (id: string) => void
  onVariables: () => void
}

export function IncidentsTab({ instance, onElement, onVariables }: IncidentsProps) {
  const { t } = useTranslation()
  if (instance.incidents.length === 0) return <EmptyState compact icon={IconShieldCheck} title={t('instance.incidents.empty')} hint={t('instance.incidents.emptyHint')} />
  return (
    <div className={css.incidents}>
      {instance.incidents.map((incident) => (
        <IncidentCard key={incident.id} incident={incident} name={incident.elementName || incident.elementId || instance.definition.name} onElement={onElement} onVariables={onVariables} />
      ))}
    </div>
  )
}

function IncidentCard({ incident, name, onElement, onVariables }: Omit<IncidentsProps, 'instance'> & { incident: Incident; name: string }) {
  const { t } = useTranslation()
  const me = useMe()
  const permission = can.retryIncident(me)
  const retry = useMutation({
    mutationFn: () => retryIncident(incident.id),
    onSuccess: () => {
      toastOk(t('instance.incidents.retried'))
      void queryClient.invalidateQueries({ queryKey: ['instance'] })
    },
    onError: toastError,
  })
  const skip = () => {
    const dialog = openDialog({
      title: t('instance.incidents.skip'),
      children: <SkipForm incident={incident.id} name={name} onDone={() => { closeDialog(dialog); void queryClient.invalidateQueries({ queryKey: ['instance'] }) }} />,
    })
  }
  const sentence = codeText(incident.code, '')
  return (
    <article className={css.incident} data-testid="incident">
      <header>
        <h3>{t('instance.incidents.at', { name })}</h3>
        <span className={css.dim}><Time at={incident.createdAt} /></span>
      </header>
      {sentence && <p>{sentence}</p>}
      {sentence && <span className={css.dim}>{t('instance.incidents.noted')}</span>}
      <pre className={css.pre}>{incident.message}</pre>
      <footer>
        <Guard can={permission}>
          <Button size="xs" leftSection={<IconRefresh size={14} />} loading={retry.isPending} onClick={() => retry.mutate()}>{t('instance.incidents.retry')}</Button>
        </Guard>
        <Guard can={permission}>
          <Button size="xs" variant="default" leftSection={<IconPencil size={14} />} onClick={onVariables}>{t('instance.incidents.editVariable')}</Button>
        </Guard>
        <Guard can={permission}>
          <Button size="xs" variant="default" leftSection={<IconPlayerSkipForward size={14} />} onClick={skip} data-testid="skip-incident">{t('instance.incidents.skip')}</Button>
        </Guard>
        {incident.elementId && <Button size="xs" variant="default" leftSection={<IconFocus2 size={14} />} onClick={() => onElement(incident.elementId!)}>{t('instance.incidents.show')}</Button>}
        <span className={css.dim} style={{ marginLeft: 'auto' }}>{t('instance.incidents.code', { code: incident.code })}</span>
      </footer>
    </article>
  )
}
