/** All models, and three ways to begin one: a template, a file, a copy. */
import { ActionIcon, Button, FileButton, Menu, Modal, Radio, SimpleGrid, Stack, TextInput } from '@mantine/core'
import { IconCopy, IconDots, IconPencilBolt, IconPlus, IconTrash, IconUpload } from '@tabler/icons-react'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { can, catalogsQuery, queryClient, useMe, type Model } from '@/api'
import { currentLanguage } from '@/i18n'
import { DataTable, type Column } from '@/ui/DataTable'
import { toastError, toastOk } from '@/ui/errors'
import { navigateTo } from '@/ui/nav'
import { EmptyState, NotAllowed, Page, QueryView, TableSkeleton } from '@/ui/Page'
import { SearchBox } from '@/ui/SearchBox'
import { useUrlState } from '@/ui/search'
import { Time } from '@/ui/Time'
import ui from '@/ui/ui.module.css'
import { confirmRemoval } from '@/ui/remove'
import css from './designer.module.css'
import { createModel, deleteModel, importFile, modelsQuery, readModel } from './queries'
import { decisionSource } from '@/features/decisions/starter'
import { starterSource, type StarterKind } from './templates'

const ACCEPT = '.bpmn,.bpt,.dmn,.xml'

export default function ModelsPage() {
  const { t } = useTranslation()
  const me = useMe()
  const [search, setSearch] = useUrlState()
  const [dragging, setDragging] = useState(false)
  const upload = useImport()
  if (!can.design(me).ok) return <Page title={t('designer.title')}><NotAllowed /></Page>
  const importButton = (
    <FileButton accept={ACCEPT} onChange={(file) => file && upload.mutate(file)}>
      {(props) => <Button variant="default" leftSection={<IconUpload size={15} />} loading={upload.isPending} {...props}>{t('designer.import')}</Button>}
    </FileButton>
  )
  const createButton = <Button leftSection={<IconPlus size={15} />} onClick={() => setSearch({ new: '1' })} data-testid="create-model">{t('designer.new')}</Button>
  return (
    // Dropping a file is an addition to the button that does the same.
    // oxlint-disable-next-line jsx-a11y/no-static-element-interactions
    <div
      className={css.drop}
      data-dragging={dragging || undefined}
      data-hint={t('designer.dropHint')}
      onDragOver={(event) => { event.preventDefault(); setDragging(true) }}
      onDragLeave={(event) => { if (event.currentTarget === event.target) setDragging(false) }}
      onDrop={(event) => {
        event.preventDefault()
        setDragging(false)
        for (const file of event.dataTransfer.files) upload.mutate(file)
      }}
    >
      <Page title={t('designer.title')} actions={<>{importButton}{createButton}</>}>
        <ModelList search={search.q ?? ''} onSearch={(q) => setSearch({ q })} buttons={<>{createButton}{importButton}</>} />
      </Page>
      {search.new === '1' && <CreateDialog onClose={() => setSearch({ new: undefined })} />}
    </div>
  )
}

function useImport() {
  const { t } = useTranslation()
  return useMutation({
    mutationFn: importFile,
    onSuccess: ({ model, diagnostics }) => {
      toastOk(diagnostics.length > 0 ? t('designer.importedWithProblems', { count: diagnostics.length }) : t('designer.imported', { name: model.name }))
      void queryClient.invalidateQueries({ queryKey: ['model'] })
      navigateTo(`/designer/${model.id}`)
    },
    onError: toastError,
  })
}

function ModelList({ search, onSearch, buttons }: { search: string; onSearch: (text: string) => void; buttons: React.ReactNode }) {
  const { t } = useTranslation()
  const query = useQuery(modelsQuery)
  const catalogs = useQuery(catalogsQuery)
  const columns: Column<Model>[] = [
    { key: 'name', header: t('common.field.name'), cell: (model) => model.name },
    { key: 'kind', header: t('designer.list.kind'), cell: (model) => t(`designer.kind.${model.kind}`), width: 130, wideOnly: true },
    { key: 'catalog', header: t('designer.bar.catalog'), cell: (model) => catalogs.data?.items.find((catalog) => catalog.id === model.catalogId)?.name ?? '—', width: 200 },
    { key: 'updated', header: t('designer.list.changed'), cell: (model) => <Time at={model.updatedAt} />, width: 150 },
    { key: 'by', header: t('designer.list.by'), cell: (model) => model.updatedBy?.name ?? '—', width: 200, wideOnly: true },
    { key: 'menu', header: '', cell: (model) => <ModelMenu model={model} />, width: 48, align: 'right' },
  ]
  return (
    <QueryView query={query} skeleton={<TableSkeleton rows={5} />}>
      {(data) => {
        if (data.items.length === 0) return <EmptyState icon={IconPencilBolt} title={t('designer.empty')} hint={t('designer.emptyHint')}>{buttons}</EmptyState>
        const shown = data.items.filter((model) => model.name.toLowerCase().includes(search.toLowerCase()))
        return (
          <>
            <div className={ui.filters}><SearchBox value={search} onChange={onSearch} placeholder={t('designer.searchPlaceholder')} /></div>
            {shown.length === 0
              ? <EmptyState title={t('common.state.nothingFound')} hint={t('common.state.nothingFoundHint')} />
              : <DataTable label={t('designer.title')} rows={shown} columns={columns} rowKey={(model) => model.id} href={(model) => `/designer/${model.id}`} total={shown.length} rowTestId="model-row" />}
          </>
        )
      }}
    </QueryView>
  )
}

function ModelMenu({ model }: { model: Model }) {
  const { t } = useTranslation()
  const duplicate = async () => {
    try {
      const { source, catalogId } = await readModel(model.id)
      const copy = await createModel(t('designer.conflict.copyName', { name: model.name }), source, catalogId ?? undefined)
      void queryClient.invalidateQueries({ queryKey: ['model'] })
      navigateTo(`/designer/${copy.id}`)
    } catch (error) {
      toastError(error)
    }
  }
  const remove = () =>
    confirmRemoval({
      title: t('designer.deleteConfirm'),
      text: t('designer.deleteText', { name: model.name }),
      action: t('designer.list.delete'),
      name: model.name,
      remove: () => deleteModel(model.id),
      done: t('designer.deleted'),
      shownBy: ['model'],
    })
  return (
    <Menu position="bottom-end">
      <Menu.Target><ActionIcon size="sm" aria-label={`${t('common.action.actions')}: ${model.name}`}><IconDots size={15} /></ActionIcon></Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconCopy size={16} />} onClick={() => void duplicate()}>{t('designer.list.duplicate')}</Menu.Item>
        <Menu.Divider />
        <Menu.Item color="red" leftSection={<IconTrash size={16} />} onClick={remove}>{t('designer.list.delete')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

type Starter = StarterKind | 'decision'
const STARTERS: Starter[] = ['approval', 'appCall', 'blank', 'decision']

function CreateDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation()
  const [kind, setKind] = useState<Starter>('approval')
  const [name, setName] = useState('')
  const title = name.trim() || t(`designer.template.${kind}`)
  const create = useMutation({
    mutationFn: () => createModel(title, kind === 'decision' ? decisionSource(title, currentLanguage()) : starterSource(kind, title, currentLanguage())),
    onSuccess: (model) => {
      void queryClient.invalidateQueries({ queryKey: ['model'] })
      navigateTo(`/designer/${model.id}`)
    },
    onError: toastError,
  })
  return (
    <Modal opened onClose={onClose} title={t('designer.new')} size="lg">
      <form onSubmit={(event) => { event.preventDefault(); create.mutate() }}>
        <Stack>
          <TextInput label={t('designer.template.name')} name="name" placeholder={t(`designer.template.${kind}`)} value={name} onChange={(event) => setName(event.currentTarget.value)} data-autofocus />
          <Radio.Group label={t('designer.template.title')} value={kind} onChange={(value) => setKind(value as Starter)}>
            <SimpleGrid cols={{ base: 1, xs: 2, sm: 4 }} spacing="xs" mt={6}>
              {STARTERS.map((starter) => (
                <Radio.Card key={starter} value={starter} className={css.starter} data-testid={`starter-${starter}`}>
                  <StarterPicture kind={starter} />
                  <b>{t(`designer.template.${starter}`)}</b>
                  <small>{t(`designer.template.${starter}Hint`)}</small>
                </Radio.Card>
              ))}
            </SimpleGrid>
          </Radio.Group>
          <Button type="submit" loading={create.isPending} style={{ alignSelf: 'flex-end' }}>{t('designer.template.create')}</Button>
        </Stack>
      </form>
    </Modal>
  )
}

/** What the drawing looks like, in a glance. */
function StarterPicture({ kind }: { kind: Starter }) {
  const stroke = { fill: 'none', stroke: 'currentColor', strokeWidth: 1.5 }
  if (kind === 'decision') {
    return (
      <svg viewBox="0 0 160 60" className={css.picture} aria-hidden="true">
        <rect x="24" y="8" width="112" height="44" rx="4" {...stroke} />
        <path d="M24 20h112M24 31h112M24 42h112M50 8v44M94 8v44" {...stroke} />
      </svg>
    )
  }
  return (
    <svg viewBox="0 0 160 60" className={css.picture} aria-hidden="true">
      <circle cx="16" cy="26" r="7" {...stroke} />
      {kind === 'blank' ? (
        <><path d="M23 26h108" {...stroke} /><circle cx="140" cy="26" r="7" {...stroke} strokeWidth={3} /></>
      ) : (
        <>
          <path d="M23 26h15M82 26h16M122 26h16M110 38v12h28" {...stroke} />
          <rect x="38" y="13" width="44" height="26" rx="5" {...stroke} />
          {kind === 'approval' ? <path d="M52 26l5 5 10-10" {...stroke} /> : <path d="M54 21l-5 5 5 5M66 21l5 5-5 5" {...stroke} />}
          <path d="M110 14l12 12-12 12-12-12z" {...stroke} />
          <circle cx="145" cy="26" r="6" {...stroke} strokeWidth={3} />
          <circle cx="145" cy="50" r="6" {...stroke} strokeWidth={3} />
        </>
      )}
    </svg>
  )
}
