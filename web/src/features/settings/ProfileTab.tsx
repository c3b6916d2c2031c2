/** The own profile: name, look, password. */
import { Alert, Button, Group, PasswordInput, SegmentedControl, Stack, Text, TextInput, useMantineColorScheme } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, updateMe, useMe, type Language, type Theme } from '@/api'
import { currentLanguage, setLanguage } from '@/i18n'
import { errorText, toastError, toastOk } from '@/ui/errors'
import { Panel } from '@/ui/Facts'
import { changePassword, updateProfile } from './queries'

export function ProfileTab() {
  return (
    <div style={{ display: 'grid', gap: 16, maxWidth: 560 }}>
      <Personal />
      <Appearance />
      <Password />
    </div>
  )
}

function Personal() {
  const { t } = useTranslation()
  const me = useMe()
  const [draft, setDraft] = useState({ name: me.name ?? '', lastName: me.lastName ?? '', email: me.email ?? '' })
  const save = useMutation({
    mutationFn: () => updateProfile(draft),
    onSuccess: (user) => {
      updateMe(user)
      toastOk(t('settings.profile.saved'))
    },
    onError: toastError,
  })
  const dirty = draft.name !== (me.name ?? '') || draft.lastName !== (me.lastName ?? '') || draft.email !== (me.email ?? '')
  return (
    <Panel title={t('settings.profile.personal')}>
      <form onSubmit={(event) => { event.preventDefault(); save.mutate() }}>
        <Stack gap="sm">
          <Group grow>
            <TextInput label={t('settings.people.firstName')} value={draft.name} onChange={(e) => setDraft({ ...draft, name: e.currentTarget.value })} />
            <TextInput label={t('settings.people.lastName')} value={draft.lastName} onChange={(e) => setDraft({ ...draft, lastName: e.currentTarget.value })} />
          </Group>
          <TextInput label={t('settings.people.email')} type="email" value={draft.email} onChange={(e) => setDraft({ ...draft, email: e.currentTarget.value })} />
          <Group justify="flex-end"><Button type="submit" disabled={!dirty} loading={save.isPending}>{t('common.action.save')}</Button></Group>
        </Stack>
      </form>
    </Panel>
  )
}

function Appearance() {
  const { t } = useTranslation()
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const setTheme = (theme: Theme) => {
    setColorScheme(theme)
    updateMe({ theme })
    api.patch('/me', { body: { theme } }).catch(toastError)
  }
  const changeLanguage = (language: Language) => {
    void setLanguage(language)
    updateMe({ language })
    api.patch('/me', { body: { language } }).catch(toastError)
  }
  return (
    <Panel title={t('settings.profile.appearance')}>
      <Stack gap="sm">
        <Group justify="space-between">
          <Text size="sm">{t('settings.profile.theme')}</Text>
          <SegmentedControl size="xs" aria-label={t('settings.profile.theme')} value={colorScheme} onChange={(value) => setTheme(value as Theme)} data={[{ value: 'auto', label: t('shell.user.themeSystem') }, { value: 'light', label: t('shell.user.themeLight') }, { value: 'dark', label: t('shell.user.themeDark') }]} />
        </Group>
        <Group justify="space-between">
          <Text size="sm">{t('settings.profile.language')}</Text>
          <SegmentedControl size="xs" aria-label={t('settings.profile.language')} value={currentLanguage()} onChange={(value) => changeLanguage(value as Language)} data={[{ value: 'ru', label: 'Русский' }, { value: 'en', label: 'English' }]} />
        </Group>
      </Stack>
    </Panel>
  )
}

function Password() {
  const { t } = useTranslation()
  const [current, setCurrent] = useState('')
  const [next, setNext] = useState('')
  const change = useMutation({
    mutationFn: () => changePassword(current, next),
    onSuccess: () => {
      toastOk(t('settings.profile.changed'))
      setCurrent('')
      setNext('')
    },
  })
  const problem = next === '' ? undefined : next.length < 8 ? t('settings.people.tooShort') : next === current ? t('settings.profile.same') : undefined
  return (
    <Panel title={t('settings.profile.passwordTitle')}>
      <form onSubmit={(event) => { event.preventDefault(); change.mutate() }}>
        <Stack gap="sm">
          <PasswordInput label={t('settings.profile.current')} value={current} onChange={(e) => setCurrent(e.currentTarget.value)} autoComplete="current-password" />
          <PasswordInput label={t('settings.profile.next')} value={next} onChange={(e) => setNext(e.currentTarget.value)} error={problem} autoComplete="new-password" />
          {change.isError && <Alert color="red" p="xs" role="alert">{errorText(change.error)}</Alert>}
          <Group justify="flex-end"><Button type="submit" disabled={!current || !next || problem !== undefined} loading={change.isPending}>{t('settings.profile.change')}</Button></Group>
        </Stack>
      </form>
    </Panel>
  )
}
