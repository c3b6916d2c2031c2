/** The left rail: sections with what waits in them, search, notifications, the person. */
import { ActionIcon, Tooltip, UnstyledButton } from '@mantine/core'
import { IconLayoutSidebarLeftCollapse, IconLayoutSidebarLeftExpand, IconSearch } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { useMe } from '@/api'
import { Bell } from './Bell'
import { Logo } from './Logo'
import { isIn, sections, type Section } from './nav'
import { taskCountQuery } from './queries'
import { openPalette } from './paletteStore'
import css from './shell.module.css'
import { UserMenu } from './UserMenu'

interface RailProps {
  collapsed: boolean
  /** The page wants the room: the toggle is not offered. */
  forced: boolean
  pathname: string
  onToggle: () => void
}

export function Rail({ collapsed, forced, pathname, onToggle }: RailProps) {
  const { t } = useTranslation()
  const me = useMe()
  const toggleLabel = collapsed ? t('shell.nav.expand') : t('shell.nav.collapse')
  return (
    <nav className={css.rail} data-collapsed={collapsed || undefined} aria-label={t('shell.nav.main')}>
      <div className={css.railTop}>
        <a href="/inbox" className={css.brand} aria-label={t('common.appName')}>
          <Logo />
          {!collapsed && <span>Ruslo</span>}
        </a>
        {!forced && !collapsed && (
          <Tooltip label={toggleLabel}>
            <ActionIcon onClick={onToggle} aria-label={toggleLabel} aria-expanded={!collapsed}>
              <IconLayoutSidebarLeftCollapse size={17} stroke={1.6} />
            </ActionIcon>
          </Tooltip>
        )}
      </div>
      <Tooltip label={`${t('shell.palette.open')}  Ctrl+K`} position="right" disabled={!collapsed}>
        <UnstyledButton className={css.searchButton} onClick={openPalette} aria-label={collapsed ? t('shell.palette.open') : undefined}>
          <IconSearch size={16} stroke={1.8} aria-hidden />
          {!collapsed && (
            <>
              <span className="truncate">{t('common.action.search')}</span>
              <kbd aria-hidden>Ctrl K</kbd>
            </>
          )}
        </UnstyledButton>
      </Tooltip>
      <ul className={css.sections}>
        {sections.filter((section) => !section.adminOnly || me.role === 'admin').map((section) => (
          <li key={section.key}>
            <RailLink section={section} active={isIn(section, pathname)} collapsed={collapsed} />
          </li>
        ))}
      </ul>
      <div className={css.railSpace} />
      {collapsed && !forced && (
        <Tooltip label={toggleLabel} position="right">
          <ActionIcon className={css.railIcon} onClick={onToggle} aria-label={toggleLabel} aria-expanded={!collapsed}>
            <IconLayoutSidebarLeftExpand size={18} stroke={1.6} />
          </ActionIcon>
        </Tooltip>
      )}
      <Bell collapsed={collapsed} />
      <UserMenu collapsed={collapsed} />
    </nav>
  )
}

function RailLink({ section, active, collapsed }: { section: Section; active: boolean; collapsed: boolean }) {
  const { t } = useTranslation()
  const label = t(`shell.nav.${section.key}`)
  const count = useQuery({ ...taskCountQuery, enabled: section.key === 'inbox' })
  const open = section.key === 'inbox' ? (count.data?.open ?? 0) : 0
  const Glyph = section.icon
  return (
    <Tooltip label={label} position="right" disabled={!collapsed}>
      <a href={section.href} className={css.railLink} data-active={active || undefined} aria-current={active ? 'page' : undefined} aria-label={collapsed ? (open > 0 ? `${label}, ${open}` : label) : undefined}>
        <Glyph size={18} stroke={1.7} aria-hidden />
        {!collapsed && <span className="truncate">{label}</span>}
        {open > 0 && <span className={css.count} data-dot={collapsed || undefined}>{collapsed ? '' : open}</span>}
      </a>
    </Tooltip>
  )
}
