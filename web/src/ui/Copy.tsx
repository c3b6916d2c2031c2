/** Values to take away: shown whole, copied with one click. */
import { ActionIcon, CopyButton, Text, Tooltip } from '@mantine/core'
import { IconCheck, IconCopy } from '@tabler/icons-react'
import { useTranslation } from 'react-i18next'
import css from './ui.module.css'

export function CopyAction({ value, label }: { value: string; label?: string }) {
  const { t } = useTranslation()
  return (
    <CopyButton value={value} timeout={1500}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? t('common.action.copied') : (label ?? t('common.action.copy'))}>
          <ActionIcon size="sm" onClick={copy} aria-label={label ?? t('common.action.copy')} color={copied ? 'green' : 'gray'}>
            {copied ? <IconCheck size={15} /> : <IconCopy size={15} />}
          </ActionIcon>
        </Tooltip>
      )}
    </CopyButton>
  )
}

export function CopyField({ label, value, testId, hint }: { label: string; value: string; testId?: string; hint?: string }) {
  const { t } = useTranslation()
  return (
    <div>
      <Text size="xs" c="dimmed" mb={3}>{label}</Text>
      <div className={css.copyValue}>
        <code data-testid={testId}>{value}</code>
        <CopyAction value={value} label={`${t('common.action.copy')}: ${label}`} />
      </div>
      {hint && <Text size="xs" c="dimmed" mt={3}>{hint}</Text>}
    </div>
  )
}
