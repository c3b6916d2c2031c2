/** The person: profile, theme, language, shortcuts, sign out. */
import { Avatar, Menu, SegmentedControl, UnstyledButton, VisuallyHidden } from '@mantine/core'
import { IconDeviceDesktop, IconKeyboard, IconLogout, IconMoon, IconSun, IconUser } from '@tabler/icons-react'
import { useTranslation } from 'react-i18next'
import { signOut, useMe, type Language, type Theme } from '@/api'
import { currentLanguage } from '@/i18n'
import { toastError } from '@/ui/errors'
import { navigateTo } from '@/ui/nav'
import { useAppearance } from './appearance'
import css from './shell.module.css'
import { openShortcuts } from './shortcuts'

export async function leave(): Promise<void> {
  try {
    await signOut()
    navigateTo('/sign-in')
  } catch (error) {
    toastError(error)
  }
}

export function UserMenu({ collapsed }: { collapsed: boolean }) {
  const { t } = useTranslation()
  const me = useMe()
  return (
    <Menu position="right-end" width={248} offset={8}>
      <Menu.Target>
        <UnstyledButton className={css.user} data-testid="user-menu">
          <VisuallyHidden>{t('shell.user.menu')}: {collapsed && (me.fullName || me.login)}</VisuallyHidden>
          <Avatar size={26} radius="xl" color="river" name={me.fullName || me.login} aria-hidden />
          {!collapsed && <span className="truncate">{me.fullName || me.login}</span>}
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{me.login}</Menu.Label>
        <Menu.Item leftSection={<IconUser size={16} />} onClick={() => navigateTo('/settings?tab=profile')}>{t('shell.user.profile')}</Menu.Item>
        <Menu.Item leftSection={<IconKeyboard size={16} />} rightSection={<kbd>?</kbd>} onClick={openShortcuts}>{t('shell.user.shortcuts')}</Menu.Item>
        <Menu.Divider />
        <AppearanceItems />
        <Menu.Divider />
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => void leave()}>{t('shell.user.signOut')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

const LANGUAGES: [Language, string][] = [['ru', 'Русский'], ['en', 'English']]

function useThemes(): [Theme, React.ReactNode, string][] {
  const { t } = useTranslation()
  return [
    ['auto', <IconDeviceDesktop key="s" size={15} />, t('shell.user.themeSystem')],
    ['light', <IconSun key="l" size={15} />, t('shell.user.themeLight')],
    ['dark', <IconMoon key="d" size={15} />, t('shell.user.themeDark')],
  ]
}

/** Within a menu: a menu holds items only, and the arrows walk over them. */
function AppearanceItems() {
  const { t } = useTranslation()
  const { theme, setTheme, setLanguage } = useAppearance()
  const themes = useThemes()
  return (
    <>
      <div role="group" aria-label={t('shell.user.theme')}>
        <Menu.Label aria-hidden>{t('shell.user.theme')}</Menu.Label>
        <Menu.RadioGroup value={theme} onChange={(value) => setTheme(value as Theme)}>
          {themes.map(([value, icon, label]) => <Menu.RadioItem key={value} value={value} rightSection={icon}>{label}</Menu.RadioItem>)}
        </Menu.RadioGroup>
      </div>
      <div role="group" aria-label={t('shell.user.language')}>
        <Menu.Label aria-hidden>{t('shell.user.language')}</Menu.Label>
        <Menu.RadioGroup value={currentLanguage()} onChange={(value) => setLanguage(value as Language)}>
          {LANGUAGES.map(([value, name]) => <Menu.RadioItem key={value} value={value} lang={value}>{name}</Menu.RadioItem>)}
        </Menu.RadioGroup>
      </div>
    </>
  )
}

/** Outside a menu. */
export function AppearanceSwitches() {
  const { t } = useTranslation()
  const { theme, setTheme, setLanguage } = useAppearance()
  const themes = useThemes()
  return (
    <div className={css.switches}>
      <span>{t('shell.user.theme')}</span>
      <SegmentedControl
        size="xs"
        aria-label={t('shell.user.theme')}
        value={theme}
        onChange={(value) => setTheme(value as Theme)}
        data={themes.map(([value, icon, label]) => ({ value, label: <span title={label} style={{ display: 'grid', placeItems: 'center', height: 18 }}>{icon}<VisuallyHidden>{label}</VisuallyHidden></span> }))}
      />
      <span>{t('shell.user.language')}</span>
      <SegmentedControl
        size="xs"
        aria-label={t('shell.user.language')}
        value={currentLanguage()}
        onChange={(value) => setLanguage(value as Language)}
        data={[{ value: 'ru', label: 'Рус' }, { value: 'en', label: 'Eng' }]}
      />
    </div>
  )
}
