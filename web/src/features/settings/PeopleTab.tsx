/** People: who may sign in, and as what. */
import { Alert, Button, Drawer, Group, PasswordInput, Radio, Stack, TextInput } from '@mantine/core'
import { IconUserPlus } from '@tabler/icons-react'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { queryClient, useMe, usersQuery, type Role, type User } from '@/api'
import { confirm } from '@/ui/confirm'
import { DataTable, type Column } from '@/ui/DataTable'
import { errorText, toastOk } from '@/ui/errors'
import { EmptyState, QueryView, TableSkeleton } from '@/ui/Page'
import { SearchBox } from '@/ui/SearchBox'
import { useUrlState } from '@/ui/search'
import { ToneBadge } from '@/ui/StateBadge'
import ui from '@/ui/ui.module.css'
import { createUser, updateUser, type UserDraft } from './queries'

const MIN_PASSWORD = 8

export function PeopleTab() {
  const { t } = useTranslation()
  const [search, setSearch] = useUrlState()
  const query = useQuery(usersQuery)
  const columns: Column<User>[] = [
    { key: 'name', header: t('common.field.person'), cell: (user) => user.fullName || user.login },
    { key: 'login', header: t('settings.people.login'), cell: (user) => user.login, width: 180 },
    { key: 'email', header: t('settings.people.email'), cell: (user) => user.email || '—' },
    { key: 'role', header: t('settings.people.role'), cell: (user) => (user.role === 'admin' ? t('settings.people.roleAdmin') : t('settings.people.roleEmployee')), width: 160 },
    { key: 'active', header: t('common.field.state'), cell: (user) => user.active === false ? <ToneBadge tone="idle">{t('settings.people.dismissed')}</ToneBadge> : <ToneBadge tone="done">{t('settings.people.active')}</ToneBadge>, width: 130 },
  ]
  return (
    <>
      <div className={ui.filters}>
        <SearchBox value={search.q ?? ''} onChange={(q) => setSearch({ q })} placeholder={t('settings.people.searchPlaceholder')} />
        <div style={{ flex: 1 }} />
        <Button leftSection={<IconUserPlus size={15} />} onClick={() => setSearch({ user: 'new' })}>{t('settings.people.new')}</Button>
      </div>
      <QueryView query={query} skeleton={<TableSkeleton rows={5} />}>
        {(data) => {
          const text = (search.q ?? '').toLowerCase()
          const shown = data.items.filter((user) => [user.fullName, user.login, user.email ?? ''].some((part) => part.toLowerCase().includes(text)))
          const opened = search.user === 'new' ? 'new' : data.items.find((user) => user.id === search.user)
          return (
            <>
              {shown.length === 0
                ? <EmptyState title={t('common.state.nothingFound')} hint={t('common.state.nothingFoundHint')} />
                : <DataTable label={t('settings.tab.people')} rows={shown} columns={columns} rowKey={(user) => user.id} onOpen={(user) => setSearch({ user: user.id }, { push: true })} total={shown.length} />}
              {opened && <PersonDrawer key={search.user} user={opened === 'new' ? null : opened} onClose={() => setSearch({ user: undefined })} />}
            </>
          )
        }}
      </QueryView>
    </>
  )
}

function PersonDrawer({ user, onClose }: { user: User | null; onClose: () => void }) {
  const { t } = useTranslation()
  const me = useMe()
  const [draft, setDraft] = useState<UserDraft>({ login: user?.login ?? '', name: user?.name ?? '', lastName: user?.lastName ?? '', email: user?.email ?? '', role: user?.role ?? 'employee', password: '' })
  const [tried, setTried] = useState(false)
  const set = (patch: Partial<UserDraft>) => setDraft((old) => ({ ...old, ...patch }))
  const password = draft.password ?? ''
  const shortPassword = password.length < MIN_PASSWORD && (user === null || password !== '')
  const ready = draft.login.trim() !== '' && !shortPassword
  const done = async (message: string) => {
    toastOk(message)
    await queryClient.invalidateQueries({ queryKey: ['user'] })
    onClose()
  }
  const save = useMutation({
    mutationFn: () => {
      const { login, password: typed, ...rest } = draft
      return user ? updateUser(user.id, { ...rest, password: typed || undefined }) : createUser({ ...rest, login: login.trim(), password: typed })
    },
    onSuccess: () => done(user ? t('settings.people.saved') : t('settings.people.created')),
  })
  const toggle = () => {
    if (!user) return
    if (user.active === false) {
      void updateUser(user.id, { active: true }).then(() => done(t('settings.people.saved')))
      return
    }
    confirm({
      title: t('settings.people.deactivateTitle'),
      text: t('settings.people.deactivateText', { name: user.fullName }),
      action: t('settings.people.deactivate'),
      run: async () => {
        await updateUser(user.id, { active: false })
        await done(t('settings.people.saved'))
      },
    })
  }
  return (
    <Drawer opened onClose={onClose} title={user ? user.fullName || user.login : t('settings.people.newTitle')} size="md">
      <form onSubmit={(event) => { event.preventDefault(); setTried(true); if (ready) save.mutate() }} noValidate>
        <Stack>
          <TextInput label={t('settings.people.login')} name="login" value={draft.login} readOnly={user !== null} variant={user ? 'filled' : undefined} withAsterisk={user === null} onChange={(e) => set({ login: e.currentTarget.value })} error={tried && !draft.login.trim() ? t('common.field.required') : undefined} autoComplete="off" data-autofocus={user === null || undefined} />
          <Group grow align="flex-start">
            <TextInput label={t('settings.people.firstName')} name="name" data-autofocus={user !== null || undefined} value={draft.name} onChange={(e) => set({ name: e.currentTarget.value })} />
            <TextInput label={t('settings.people.lastName')} name="lastName" value={draft.lastName} onChange={(e) => set({ lastName: e.currentTarget.value })} />
          </Group>
          <TextInput label={t('settings.people.email')} name="email" type="email" value={draft.email} onChange={(e) => set({ email: e.currentTarget.value })} />
          <PasswordInput label={user ? t('settings.people.newPassword') : t('settings.people.password')} description={user ? t('settings.people.newPasswordHint') : t('settings.people.passwordHint')} withAsterisk={user === null} value={password} onChange={(e) => set({ password: e.currentTarget.value })} error={tried && shortPassword ? t('settings.people.tooShort') : undefined} autoComplete="new-password" />
          <Radio.Group label={t('settings.people.role')} value={draft.role} onChange={(role) => set({ role: role as Role })}>
            <Stack gap="xs" mt={6}>
              <Radio value="employee" label={t('settings.people.roleEmployee')} description={t('settings.people.roleEmployeeHint')} />
              <Radio value="admin" label={t('settings.people.roleAdmin')} description={t('settings.people.roleAdminHint')} />
            </Stack>
          </Radio.Group>
          {save.isError && <Alert color="red" p="xs" role="alert">{errorText(save.error)}</Alert>}
          <Group justify="space-between">
            {user ? (
              <Button variant="subtle" color={user.active === false ? undefined : 'red'} disabled={user.id === me.id} title={user.id === me.id ? t('settings.people.self') : undefined} onClick={toggle}>
                {user.active === false ? t('settings.people.activate') : t('settings.people.deactivate')}
              </Button>
            ) : <span />}
            <Group gap="xs">
              <Button variant="default" onClick={onClose}>{t('common.action.cancel')}</Button>
              <Button type="submit" loading={save.isPending}>{user ? t('common.action.save') : t('settings.people.new')}</Button>
            </Group>
          </Group>
        </Stack>
      </form>
    </Drawer>
  )
}
