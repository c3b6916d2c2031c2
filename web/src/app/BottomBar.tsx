/** Narrow screens: four sections and "more" at the bottom. */
import { Drawer, UnstyledButton } from '@mantine/core'
import { IconDots, IconLogout, IconSearch } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useMe } from '@/api'
import { Bell } from './Bell'
import { isIn, sections } from './nav'
import { taskCountQuery } from './queries'
import { openPalette } from './paletteStore'
import css from './shell.module.css'
import { AppearanceSwitches, leave } from './UserMenu'

const SHOWN = 4

export default function BottomBar({ pathname }: { pathname: string }) {
  const { t } = useTranslation()
  const me = useMe()
  const [more, setMore] = useState(false)
  const count = useQuery(taskCountQuery)
  const all = sections.filter((section) => !section.adminOnly || me.role === 'admin')
  const shown = all.slice(0, SHOWN)
  const rest = all.slice(SHOWN)
  return (
    <nav className={css.bottomBar} aria-label={t('shell.nav.main')}>
      {shown.map((section) => {
        const Glyph = section.icon
        const active = isIn(section, pathname)
        const open = section.key === 'inbox' ? (count.data?.open ?? 0) : 0
        return (
          <a key={section.key} href={section.href} className={css.bottomLink} data-active={active || undefined} aria-current={active ? 'page' : undefined}>
            <span style={{ position: 'relative' }}>
              <Glyph size={22} stroke={1.6} aria-hidden />
              {open > 0 && <span className={css.bottomCount}>{open}</span>}
            </span>
            {t(`shell.nav.${section.key}`)}
          </a>
        )
      })}
      <UnstyledButton className={css.bottomLink} onClick={() => setMore(true)} aria-expanded={more}>
        <span><IconDots size={22} stroke={1.6} aria-hidden /></span>
        {t('shell.nav.more')}
      </UnstyledButton>
      <Drawer opened={more} onClose={() => setMore(false)} position="bottom" size="420px" title={me.fullName || me.login} radius="lg">
        <div className={css.moreList}>
          {rest.map((section) => {
            const Glyph = section.icon
            return (
              <a key={section.key} href={section.href} className={css.railLink} onClick={() => setMore(false)}>
                <Glyph size={18} stroke={1.7} aria-hidden /> {t(`shell.nav.${section.key}`)}
              </a>
            )
          })}
          <UnstyledButton className={css.railLink} onClick={() => { setMore(false); openPalette() }}>
            <IconSearch size={18} stroke={1.7} aria-hidden /> {t('shell.palette.open')}
          </UnstyledButton>
          <div className={css.moreBell}><Bell collapsed={false} /></div>
          <AppearanceSwitches />
          <UnstyledButton className={css.railLink} onClick={() => void leave()}>
            <IconLogout size={18} stroke={1.7} aria-hidden /> {t('shell.user.signOut')}
          </UnstyledButton>
        </div>
      </Drawer>
    </nav>
  )
}
