/** An app's keys, shown once, with commands to try them at once. */
import { Alert, Button, Group, Stack, Text } from '@mantine/core'
import { IconKey } from '@tabler/icons-react'
import { useTranslation } from 'react-i18next'
import type { App, AppTokens } from '@/api'
import { CopyField } from '@/ui/Copy'
import { firstCallCurl, registerActivityCurl } from './curl'

interface AppKeysProps {
  app: App
  tokens?: AppTokens
  onDone: () => void
}

export function AppKeys({ app, tokens, onDone }: AppKeysProps) {
  const { t } = useTranslation()
  const handler = app.handlerUrl || 'https://example.com/handler'
  return (
    <Stack gap="sm" data-testid="app-keys">
      <Alert color="yellow" icon={<IconKey size={16} />} p="xs">{t('apps.keys.once')}</Alert>
      <CopyField label={t('apps.keys.clientId')} value={app.clientId} testId="app-client-id" />
      {app.clientSecret && <CopyField label={t('apps.keys.clientSecret')} value={app.clientSecret} testId="app-client-secret" />}
      {tokens && (
        <>
          <CopyField label={t('apps.keys.accessToken')} value={tokens.accessToken} testId="app-access-token" />
          <CopyField label={t('apps.keys.refreshToken')} value={tokens.refreshToken} testId="app-refresh-token" hint={t('apps.keys.expires')} />
          <CopyField label={t('apps.keys.endpoint')} value={tokens.clientEndpoint} />
          <CopyField label={t('apps.keys.curl')} value={firstCallCurl(tokens.clientEndpoint, tokens.accessToken)} hint={t('apps.keys.curlHint')} />
          <details>
            <summary style={{ cursor: 'pointer' }}><Text span size="sm">{t('apps.keys.registerHint')}</Text></summary>
            <div style={{ marginTop: 8 }}><CopyField label="bizproc.activity.add" value={registerActivityCurl(tokens.clientEndpoint, tokens.accessToken, handler)} /></div>
          </details>
        </>
      )}
      <Group justify="flex-end"><Button onClick={onDone} data-testid="app-keys-done">{t('apps.keys.understood')}</Button></Group>
    </Stack>
  )
}
