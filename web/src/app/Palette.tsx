/** Ctrl+K: pages, actions, and what the server finds. */
import { useDebouncedValue } from '@mantine/hooks'
import { Spotlight, spotlight, type SpotlightActionData, type SpotlightActionGroupData } from '@mantine/spotlight'
import {
  IconBolt, IconDatabase, IconFileText, IconInbox, IconKeyboard, IconLanguage, IconLogout, IconMailForward, IconMoon, IconPlayerPlay, IconPlus, IconRoute,
  IconSearch, IconSitemap, IconUser, type Icon,
} from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useMemo, useState } from 'react'
import type { TFunction } from 'i18next'
import { useTranslation } from 'react-i18next'
import { useMe, type SearchHit } from '@/api'
import { currentLanguage } from '@/i18n'
import { navigateTo } from '@/ui/nav'
import { useAppearance } from './appearance'
import '@mantine/spotlight/styles.layer.css'
import { sections } from './nav'
import { paletteReady } from './paletteStore'
import { searchQuery } from './queries'
import { openShortcuts } from './shortcuts'
import { leave } from './UserMenu'

/** What the server finds, and what an id typed whole may name besides. */
type HitKind = SearchHit['kind'] | 'task' | 'model' | 'catalog'
type Hit = Omit<SearchHit, 'kind'> & { kind: HitKind }

const HIT: Record<HitKind, { icon: Icon; href: (id: string) => string }> = {
  definition: { icon: IconSitemap, href: (id) => `/definitions/${id}` },
  instance: { icon: IconRoute, href: (id) => `/instances/${id}` },
  record: { icon: IconFileText, href: (id) => `/records/${id}` },
  person: { icon: IconUser, href: () => '/settings?tab=people' },
  task: { icon: IconInbox, href: (id) => `/inbox/${id}` },
  model: { icon: IconBolt, href: (id) => `/designer/${id}` },
  catalog: { icon: IconDatabase, href: (id) => `/catalogs/${id}` },
}

const PREFIX: Record<string, HitKind> = { pi: 'instance', def: 'definition', rec: 'record', task: 'task', model: 'model', cat: 'catalog' }

/** Enter without a choice means the first line. */
function openFirst(event: React.KeyboardEvent): void {
  if (event.key !== 'Enter' || document.querySelector('.mantine-Spotlight-action[data-selected]')) return
  event.preventDefault()
  document.querySelector<HTMLElement>('.mantine-Spotlight-action')?.click()
}

/** An id typed whole is always offered, found or not. */
function idHit(text: string): Hit | null {
  const match = /^(pi|def|rec|task|model|cat)_[0-9a-z]+$/i.exec(text.trim())
  const kind = match ? PREFIX[match[1]!.toLowerCase()] : undefined
  return kind ? { kind, id: text.trim().toLowerCase(), title: text.trim().toLowerCase(), hint: '' } : null
}

export default function Palette() {
  const { t } = useTranslation()
  const me = useMe()
  const { theme, setTheme, setLanguage } = useAppearance()
  const [query, setQuery] = useState('')
  const [asked] = useDebouncedValue(query, 150)
  const found = useQuery(searchQuery(asked))
  useEffect(() => paletteReady(spotlight.open), [])
  const admin = me.role === 'admin'

  const fixed = useMemo<SpotlightActionGroupData[]>(() => {
    const pages: SpotlightActionData[] = sections.filter((s) => admin || !s.adminOnly).map((section) => {
      const Glyph = section.icon
      return { id: section.key, label: t(`shell.nav.${section.key}`), leftSection: <Glyph size={18} stroke={1.6} />, onClick: () => navigateTo(section.href) }
    })
    const action = (id: string, label: string, Glyph: Icon, onClick: () => void): SpotlightActionData => ({ id, label, leftSection: <Glyph size={18} stroke={1.6} />, onClick })
    const actions = [
      action('start', t('shell.palette.startProcess'), IconPlayerPlay, () => navigateTo('/processes?tab=start')),
      ...(admin ? [
        action('send', t('shell.palette.send'), IconMailForward, () => navigateTo('/processes?send=1')),
        action('model', t('shell.palette.newModel'), IconPlus, () => navigateTo('/designer?new=1')),
        action('catalog', t('shell.palette.newCatalog'), IconPlus, () => navigateTo('/catalogs?new=1')),
        action('app', t('shell.palette.newApp'), IconPlus, () => navigateTo('/apps?new=1')),
      ] : []),
      action('theme', t('shell.palette.theme'), IconMoon, () => setTheme(theme === 'dark' ? 'light' : 'dark')),
      action('language', t('shell.palette.language'), IconLanguage, () => setLanguage(currentLanguage() === 'ru' ? 'en' : 'ru')),
      action('shortcuts', t('shell.palette.shortcuts'), IconKeyboard, openShortcuts),
      action('leave', t('shell.palette.signOut'), IconLogout, () => void leave()),
    ]
    return [{ group: t('shell.palette.pages'), actions: pages }, { group: t('shell.palette.actions'), actions }]
  }, [t, admin, theme, setTheme, setLanguage])

  const direct = idHit(query)
  const hits: Hit[] = [...(direct ? [direct] : []), ...(asked.trim().length > 1 ? (found.data ?? []) : []).filter((hit) => hit.id !== direct?.id)]
  const text = query.trim().toLowerCase()
  const matching = fixed
    .map((group) => ({ ...group, actions: group.actions.filter((a) => 'label' in a && (a.label ?? '').toLowerCase().includes(text)) }))
    .filter((group) => group.actions.length > 0)
  const foundGroup: SpotlightActionGroupData[] = hits.length > 0 ? [{ group: t('shell.palette.found'), actions: hits.map((hit) => toAction(hit, t)) }] : []

  return (
    <Spotlight
      actions={[...foundGroup, ...matching]}
      filter={(_, actions) => actions}
      query={query}
      onQueryChange={setQuery}
      shortcut={null}
      nothingFound={found.isFetching ? t('common.state.loading') : t('shell.palette.nothing')}
      highlightQuery
      scrollable
      maxHeight={420}
      radius="lg"
      attributes={{ content: { 'aria-label': t('shell.palette.open') } }}
      size={600}
      centered={false}
      yOffset="12vh"
      overlayProps={{ blur: 0, backgroundOpacity: 0.35 }}
      searchProps={{ leftSection: <IconSearch size={18} />, placeholder: t('shell.palette.placeholder'), 'aria-label': t('shell.palette.open'), onKeyDown: openFirst }}
    />
  )
}

function toAction(hit: Hit, t: TFunction): SpotlightActionData {
  const kind = HIT[hit.kind]
  const Glyph = kind.icon
  return {
    id: `${hit.kind}-${hit.id}`,
    label: hit.title,
    description: [t(`shell.palette.type.${hit.kind}`), hit.hint, hit.title === hit.id ? null : hit.id].filter(Boolean).join(' · '),
    leftSection: <Glyph size={18} stroke={1.6} />,
    onClick: () => navigateTo(kind.href(hit.id)),
  }
}
