/** Two people drew on one model: which drawing stays. */
import { Button, Modal, Stack, Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'

interface ConflictProps {
  version: number
  onMine: () => void
  onTheirs: () => void
  onCopy: () => void
}

export function ConflictDialog({ version, onMine, onTheirs, onCopy }: ConflictProps) {
  const { t } = useTranslation()
  const choices: [string, string, () => void][] = [
    [t('designer.conflict.copy'), t('designer.conflict.copyHint'), onCopy],
    [t('designer.conflict.mine'), t('designer.conflict.mineHint'), onMine],
    [t('designer.conflict.theirs'), t('designer.conflict.theirsHint'), onTheirs],
  ]
  return (
    <Modal opened onClose={() => {}} withCloseButton={false} closeOnEscape={false} title={t('designer.conflict.title')}>
      <Stack>
        <Text size="sm">{t('designer.conflict.text', { version })}</Text>
        {choices.map(([label, hint, run], index) => (
          <div key={label}>
            <Button fullWidth variant={index === 0 ? 'filled' : 'default'} onClick={run} data-autofocus={index === 0 || undefined}>{label}</Button>
            <Text size="xs" c="dimmed" mt={4} ta="center">{hint}</Text>
          </div>
        ))}
      </Stack>
    </Modal>
  )
}
