/** Which methods a key may call. */
import { Checkbox, Input, SimpleGrid } from '@mantine/core'
import { useTranslation } from 'react-i18next'

const SCOPES = ['bizproc', 'user', 'lists', 'im', 'task', 'crm'] as const

export function ScopePicker({ value, onChange, error }: { value: string[]; onChange: (scopes: string[]) => void; error?: string }) {
  const { t } = useTranslation()
  return (
    <Input.Wrapper label={t('apps.scopes')} error={error} component="fieldset" style={{ border: 0, padding: 0, margin: 0 }} labelElement="div">
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing={8} mt={6}>
        {SCOPES.map((scope) => (
          <Checkbox
            key={scope}
            label={scope}
            description={t(`apps.scope.${scope}`)}
            checked={value.includes(scope)}
            onChange={(event) => onChange(event.currentTarget.checked ? [...value, scope] : value.filter((item) => item !== scope))}
          />
        ))}
      </SimpleGrid>
    </Input.Wrapper>
  )
}
