/** Name, saved state, undo, findings, catalog, run, deploy. */
import { ActionIcon, Button, Group, Menu, Select, TextInput, Tooltip } from '@mantine/core'
import {
  IconAlertTriangle, IconArrowBackUp, IconArrowForwardUp, IconArrowLeft, IconCheck, IconCloudCheck, IconCloudOff, IconCloudUp, IconDots, IconDownload,
  IconGitCompare, IconLayoutSidebarRight, IconPhoto, IconPlayerPlay, IconRocket, IconRoute, IconSearch,
} from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { can, catalogsQuery, useMe } from '@/api'
import { Guard } from '@/ui/Guard'
import css from '../designer.module.css'
import type { Draft, SaveState } from './useAutosave'

interface TopBarProps {
  draft: Draft
  version: number
  saveState: SaveState
  undo: boolean
  redo: boolean
  errors: number
  deploying: boolean
  narrow: boolean
  panelOpen: boolean
  simulating: boolean
  onDraft: (patch: Partial<Draft>) => void
  onUndo: () => void
  onRedo: () => void
  onSave: () => void
  onRun: () => void
  onDeploy: () => void
  onExport: () => void
  onExportSvg: () => void
  onProblems: () => void
  onPanel: () => void
  onSimulate: () => void
  onCompare: () => void
  onSearch: () => void
}

export function TopBar(props: TopBarProps) {
  const { t } = useTranslation()
  const me = useMe()
  const catalogs = useQuery(catalogsQuery)
  return (
    <header className={css.bar}>
      <Tooltip label={t('designer.bar.back')}>
        <ActionIcon component="a" href="/designer" aria-label={t('designer.bar.back')}><IconArrowLeft size={18} /></ActionIcon>
      </Tooltip>
      <TextInput
        className={css.name}
        variant="unstyled"
        aria-label={t('designer.bar.rename')}
        value={props.draft.name}
        onChange={(event) => props.onDraft({ name: event.currentTarget.value })}
        onKeyDown={(event) => event.key === 'Enter' && event.currentTarget.blur()}
      />
      <SavedMark state={props.saveState} version={props.version} onSave={props.onSave} />
      {!props.narrow && <span style={{ flex: 1 }} />}
      {!props.narrow && (
        <>
          <Group gap={2} wrap="nowrap">
            <BarIcon label={`${t('designer.bar.undo')}  Ctrl+Z`} disabled={!props.undo} onClick={props.onUndo}><IconArrowBackUp size={18} /></BarIcon>
            <BarIcon label={`${t('designer.bar.redo')}  Ctrl+Y`} disabled={!props.redo} onClick={props.onRedo}><IconArrowForwardUp size={18} /></BarIcon>
            <BarIcon label={`${t('designer.bar.search')}  Ctrl+F`} onClick={props.onSearch}><IconSearch size={18} /></BarIcon>
          </Group>
          <Tooltip label={t('designer.bar.catalogHint')}>
            <Select
              size="xs"
              w={170}
              aria-label={t('designer.bar.catalog')}
              placeholder={t('designer.bar.noCatalog')}
              clearable
              value={props.draft.catalogId}
              onChange={(catalogId) => props.onDraft({ catalogId })}
              data={(catalogs.data?.items ?? []).map((catalog) => ({ value: catalog.id, label: catalog.name }))}
            />
          </Tooltip>
        </>
      )}
      {/* A small screen tells them at its foot. */}
      {!props.narrow && props.errors > 0 && (
        <Button size="compact-sm" variant="subtle" color="red" leftSection={<IconAlertTriangle size={15} />} onClick={props.onProblems}>{t('designer.problems.errors', { count: props.errors })}</Button>
      )}
      {!props.narrow && <Button size="xs" variant={props.simulating ? 'light' : 'subtle'} leftSection={<IconRoute size={14} />} aria-pressed={props.simulating} onClick={props.onSimulate} data-testid="simulate">{props.simulating ? t('designer.simulation.stop') : t('designer.simulation.start')}</Button>}
      {!props.narrow && <Button size="xs" variant="default" leftSection={<IconPlayerPlay size={14} />} onClick={props.onRun} data-testid="run">{t('designer.bar.run')}</Button>}
      <Guard can={can.deploy(me)}>
        <Button size="xs" leftSection={props.narrow ? undefined : <IconRocket size={14} />} px={props.narrow ? 10 : undefined} loading={props.deploying} style={{ flex: 'none' }} onClick={props.onDeploy} data-testid="deploy">{t('designer.bar.deploy')}</Button>
      </Guard>
      <Menu position="bottom-end">
        <Menu.Target><ActionIcon aria-label={t('designer.bar.more')}><IconDots size={18} /></ActionIcon></Menu.Target>
        <Menu.Dropdown>
          {props.narrow && <Menu.Item leftSection={<IconPlayerPlay size={16} />} onClick={props.onRun}>{t('designer.bar.run')}</Menu.Item>}
          {props.narrow && <Menu.Item leftSection={<IconSearch size={16} />} onClick={props.onSearch}>{t('designer.bar.search')}</Menu.Item>}
          {props.narrow && <Menu.Item leftSection={<IconRoute size={16} />} onClick={props.onSimulate}>{props.simulating ? t('designer.simulation.stop') : t('designer.simulation.start')}</Menu.Item>}
          <Menu.Item leftSection={<IconGitCompare size={16} />} onClick={props.onCompare}>{t('designer.bar.compare')}</Menu.Item>
          <Menu.Item leftSection={<IconDownload size={16} />} onClick={props.onExport}>{t('designer.bar.export')}</Menu.Item>
          <Menu.Item leftSection={<IconPhoto size={16} />} onClick={props.onExportSvg}>{t('designer.bar.exportSvg')}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <BarIcon label={props.panelOpen ? t('designer.closeProperties') : t('designer.openProperties')} onClick={props.onPanel}><IconLayoutSidebarRight size={18} /></BarIcon>
    </header>
  )
}

function BarIcon({ label, disabled, onClick, children }: { label: string; disabled?: boolean; onClick: () => void; children: React.ReactNode }) {
  return (
    <Tooltip label={label}>
      <ActionIcon aria-label={label} disabled={disabled} onClick={onClick}>{children}</ActionIcon>
    </Tooltip>
  )
}

const SAVE_ICON = { saved: IconCloudCheck, dirty: IconCloudUp, saving: IconCloudUp, failed: IconCloudOff, conflict: IconAlertTriangle } as const

export function SavedMark({ state, version, onSave }: { state: SaveState; version: number; onSave: () => void }) {
  const { t } = useTranslation()
  const Glyph = state === 'saved' ? IconCheck : SAVE_ICON[state]
  const broken = state === 'failed' || state === 'conflict'
  return (
    <Tooltip label={`${t('designer.bar.save')}  Ctrl+S · ${t('designer.save.version', { version })}`}>
      <button type="button" className={css.saved} aria-label={t(`designer.save.${state}`)} data-testid="model-save-state" data-state={state} data-version={version} data-broken={broken || undefined} onClick={onSave}>
        <Glyph size={15} aria-hidden /> <span>{t(`designer.save.${state}`)}</span>
      </button>
    </Tooltip>
  )
}
