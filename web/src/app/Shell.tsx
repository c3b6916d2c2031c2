/** The frame around every signed-in page: rail or bottom bar, palette, notifications, live updates. */
import { useHotkeys, useLocalStorage, useMantineColorScheme, useMediaQuery } from './shellHooks'
import { Outlet, useRouterState } from '@tanstack/react-router'
import { IconCloudOff } from '@tabler/icons-react'
import { lazy, Suspense, useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { useMe } from '@/api'
import { setLanguage } from '@/i18n'
import { navigateTo, ownLink } from '@/ui/nav'
import { BlockSkeleton } from '@/ui/Page'
import { BusyBanner } from './Busy'
import { useConnected, useLiveUpdates } from './live'
import { openPalette, usePaletteWanted } from './paletteStore'
import { Rail } from './Rail'
import { openShortcuts } from './shortcuts'
import { useGoKeys } from './goKeys'
import css from './shell.module.css'

const BottomBar = lazy(() => import('./BottomBar'))
const Palette = lazy(() => import('./Palette'))

export function Shell() {
  const { t } = useTranslation()
  const narrow = useMediaQuery('(max-width: 48em)')
  const pathname = useRouterState({ select: (state) => state.location.pathname })
  const canvas = /^\/designer\/./.test(pathname)
  const [collapsed, setCollapsed] = useLocalStorage({ key: 'ruslo.rail', defaultValue: false })
  const connected = useConnected()
  const palette = usePaletteWanted()
  useLiveUpdates()
  useProfileAppearance()
  useGoKeys()
  useHotkeys([['shift+Slash', openShortcuts], ['?', openShortcuts]])
  useHotkeys([['mod+K', openPalette, { usePhysicalKeys: true }]], [])

  return (
    // Links of pages are plain anchors; this is where a click on one becomes a navigation.
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-static-element-interactions
    <div
      className={css.shell}
      data-narrow={narrow || undefined}
      onClick={(event) => {
        const href = ownLink(event)
        if (href === null) return
        event.preventDefault()
        navigateTo(href)
      }}
    >
      <a href="#content" className="skip-link">{t('shell.nav.skip')}</a>
      {!narrow && <Rail collapsed={collapsed || canvas} forced={canvas} onToggle={() => setCollapsed(!collapsed)} pathname={pathname} />}
      <main id="content" className={css.main} tabIndex={-1}>
        {!connected && (
          <div className={css.offline} role="status">
            <IconCloudOff size={15} aria-hidden /> {t('common.state.offline')}
          </div>
        )}
        <BusyBanner />
        <Suspense fallback={<BlockSkeleton lines={8} />}>
          <Outlet />
        </Suspense>
      </main>
      {narrow && <Suspense fallback={<div className={css.bottomPlace} />}><BottomBar pathname={pathname} /></Suspense>}
      {palette && (
        <Suspense fallback={null}>
          <Palette />
        </Suspense>
      )}
    </div>
  )
}

/** The theme and language chosen in the profile win over this browser's memory. */
function useProfileAppearance(): void {
  const me = useMe()
  const { setColorScheme } = useMantineColorScheme()
  useEffect(() => {
    if (me.language) void setLanguage(me.language)
  }, [me.language])
  useEffect(() => {
    if (me.theme) setColorScheme(me.theme)
  }, [me.theme, setColorScheme])
}
