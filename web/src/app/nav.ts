/** The sections of the rail. */
import { IconApps, IconDatabase, IconInbox, IconPencilBolt, IconRoute, IconSettings, type Icon } from '@tabler/icons-react'

export interface Section {
  key: 'inbox' | 'processes' | 'designer' | 'catalogs' | 'apps' | 'settings'
  href: string
  icon: Icon
  /** Addresses that belong to the section besides its own. */
  also?: string[]
  adminOnly?: boolean
}

export const sections: Section[] = [
  { key: 'inbox', href: '/inbox', icon: IconInbox },
  { key: 'processes', href: '/processes', icon: IconRoute, also: ['/instances', '/definitions'] },
  { key: 'catalogs', href: '/catalogs', icon: IconDatabase, also: ['/records'] },
  { key: 'designer', href: '/designer', icon: IconPencilBolt, adminOnly: true },
  { key: 'apps', href: '/apps', icon: IconApps, adminOnly: true },
  { key: 'settings', href: '/settings', icon: IconSettings },
]

export function isIn(section: Section, pathname: string): boolean {
  return [section.href, ...(section.also ?? [])].some((base) => pathname === base || pathname.startsWith(`${base}/`))
}
