/** Signing in; afterwards the person is where the link led. */
import { Alert, Button, Paper, PasswordInput, SegmentedControl, Stack, Text, TextInput, Title } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { signIn, type Language } from '@/api'
import { currentLanguage, setLanguage } from '@/i18n'
import { errorText } from '@/ui/errors'
import { usePageTitle } from '@/ui/hooks'
import { navigateTo } from '@/ui/nav'
import css from './signin.module.css'

/** Only addresses of our own: a link must not lead a signed-in person elsewhere. */
function safeNext(next: string | undefined): string {
  return next && /^\/(?![/\\])/.test(next) && !next.startsWith('/sign-in') ? next : '/inbox'
}

export default function SignInPage() {
  const { t } = useTranslation()
  const { next, expired } = useSearch({ strict: false }) as { next?: string; expired?: string }
  const [login, setLogin] = useState('')
  const [password, setPassword] = useState('')
  usePageTitle(t('shell.signIn.title'))
  const enter = useMutation({
    mutationFn: () => signIn(login.trim(), password),
    onSuccess: () => navigateTo(safeNext(next), { replace: true }),
  })
  return (
    <div className={css.page}>
      <Paper className={css.card} component="main">
        <svg width="40" height="40" viewBox="0 0 32 32" aria-hidden="true">
          <rect width="32" height="32" rx="8" fill="var(--mantine-color-river-7)" />
          <path d="M7 10.500c4.500 0 4.500 5.500 9 5.500s4.500 5.500 9 5.500" fill="none" stroke="#fff" strokeWidth="3" strokeLinecap="round" />
          <path d="M7 21.500c4.500 0 4.500-5.500 9-5.500s4.500-5.500 9-5.500" fill="none" stroke="#fff" strokeOpacity=".45" strokeWidth="3" strokeLinecap="round" />
        </svg>
        <Title order={1} mt="md">{t('shell.signIn.title')}</Title>
        <Text c="dimmed" size="sm" mb="lg">{t('shell.signIn.subtitle')}</Text>
        <form onSubmit={(event) => { event.preventDefault(); enter.mutate() }}>
          <Stack gap="sm">
            {expired && !enter.isError && <Alert color="yellow" p="xs" role="status">{t('shell.signIn.expired')}</Alert>}
            {enter.isError && <Alert color="red" p="xs" role="alert">{errorText(enter.error)}</Alert>}
            <TextInput label={t('shell.signIn.login')} name="login" data-testid="login" autoComplete="username" autoFocus required withAsterisk={false} value={login} onChange={(e) => setLogin(e.currentTarget.value)} size="md" />
            <PasswordInput label={t('shell.signIn.password')} name="password" data-testid="password" autoComplete="current-password" required withAsterisk={false} value={password} onChange={(e) => setPassword(e.currentTarget.value)} size="md" />
            <Button type="submit" size="md" fullWidth loading={enter.isPending} mt={4}>{t('shell.signIn.submit')}</Button>
          </Stack>
        </form>
      </Paper>
      <SegmentedControl size="xs" aria-label={t('shell.user.language')} value={currentLanguage()} onChange={(value) => void setLanguage(value as Language)} data={[{ value: 'ru', label: 'Русский' }, { value: 'en', label: 'English' }]} />
    </div>
  )
}
