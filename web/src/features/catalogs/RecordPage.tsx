/** A record's card: its fields, and the processes that run for it. */
import { ActionIcon, Button, Group, Menu, Modal, Stack, Table, Text, Tooltip } from '@mantine/core'
import { IconCheck, IconDots, IconLink, IconPlayerPlay, IconTrash } from '@tabler/icons-react'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useBlocker, useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { catalogDefinitionsQuery, isApiError, queryClient, recordQuery, type Catalog, type JsonObject, type RecordRow } from '@/api'
import { confirm } from '@/ui/confirm'
import { toastOk } from '@/ui/errors'
import { Facts, Panel } from '@/ui/Facts'
import { FieldValue } from '@/ui/fields'
import { navigateTo } from '@/ui/nav'
import { BlockSkeleton, Page, QueryView } from '@/ui/Page'
import { openStartProcess } from '@/ui/start/StartProcess'
import { InstanceStateBadge } from '@/ui/StateBadge'
import { Time } from '@/ui/Time'
import { isObject } from '@/util/json'
import css from './catalogs.module.css'
import { FieldsForm, fieldErrors } from './FieldsForm'
import { catalogQuery, deleteRecord, recordInstancesQuery, updateRecord } from './queries'
import { changedValues, conflictsOf, missingFields } from './values'

export default function RecordPage() {
  const { recordId = '' } = useParams({ strict: false }) as { recordId?: string }
  const record = useQuery(recordQuery(recordId))
  return (
    <QueryView query={record} skeleton={<BlockSkeleton lines={10} />}>
      {(data) => <RecordLoader key={data.id} record={data} />}
    </QueryView>
  )
}

function RecordLoader({ record }: { record: RecordRow }) {
  const catalog = useQuery(catalogQuery(record.catalogId))
  return <QueryView query={catalog} skeleton={<BlockSkeleton lines={10} />}>{(data) => <RecordView record={record} catalog={data} />}</QueryView>
}

function RecordView({ record, catalog }: { record: RecordRow; catalog: Catalog }) {
  const { t } = useTranslation()
  const remove = () =>
    confirm({
      title: t('catalogs.record.deleteConfirm'),
      text: t('catalogs.record.deleteText', { name: record.title }),
      action: t('catalogs.record.delete'),
      name: record.title || record.id,
      run: async () => {
        await deleteRecord(record.id)
        toastOk(t('catalogs.record.deleted'))
        navigateTo(`/catalogs/${catalog.id}`)
        void queryClient.invalidateQueries({ queryKey: ['record', 'list'] })
      },
    })
  return (
    <Page
      title={record.title || t('catalogs.record.untitled')}
      back={{ href: `/catalogs/${catalog.id}`, label: catalog.name }}
      actions={
        <>
          <StartButton record={record} />
          <Menu position="bottom-end">
            <Menu.Target><ActionIcon size="lg" variant="default" aria-label={t('common.action.actions')}><IconDots size={17} /></ActionIcon></Menu.Target>
            <Menu.Dropdown>
              <Menu.Item leftSection={<IconLink size={16} />} onClick={() => { void navigator.clipboard.writeText(location.href); toastOk(t('common.action.copied')) }}>{t('catalogs.record.link')}</Menu.Item>
              <Menu.Divider />
              <Menu.Item color="red" leftSection={<IconTrash size={16} />} onClick={remove}>{t('catalogs.record.delete')}</Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </>
      }
    >
      <div className={css.card}>
        <Panel><RecordForm record={record} catalog={catalog} /></Panel>
        <aside className={css.side}>
          <Panel title={t('catalogs.record.processes')} flush><RecordProcesses recordId={record.id} /></Panel>
          <Panel title={t('catalogs.record.facts')}>
            <Facts
              items={[
                ['ID', <span key="id" className="num">{record.id}</span>],
                [t('common.field.created'), <Time key="c" at={record.createdAt} />],
                record.createdBy ? [t('catalogs.record.createdBy'), record.createdBy.name] : null,
                [t('common.field.updated'), <Time key="u" at={record.updatedAt} />],
                record.updatedBy ? [t('catalogs.record.updatedBy'), record.updatedBy.name] : null,
              ]}
            />
          </Panel>
        </aside>
      </div>
    </Page>
  )
}

/** What the person is editing, against the record as it was read then. */
interface Draft {
  base: RecordRow
  values: JsonObject
}

function RecordForm({ record, catalog }: { record: RecordRow; catalog: Catalog }) {
  const { t } = useTranslation()
  const [draft, setDraft] = useState<Draft | null>(null)
  const [theirs, setTheirs] = useState<RecordRow | null>(null)
  const [tried, setTried] = useState(false)
  const base = draft?.base ?? record
  const values = draft?.values ?? record.fields
  const changes = draft ? changedValues(base.fields, draft.values) : {}
  const dirty = Object.keys(changes).length > 0
  const missing = missingFields(catalog.fields, values)

  const save = useMutation({
    mutationFn: ({ version, fields }: { version: number; fields: JsonObject }) => updateRecord(record.id, version, fields),
    onSuccess: (saved) => {
      queryClient.setQueryData(recordQuery(record.id).queryKey, saved)
      void queryClient.invalidateQueries({ queryKey: ['record', 'list'] })
      setDraft(null)
      setTheirs(null)
      setTried(false)
      toastOk(t('catalogs.record.saved'))
    },
    onError: (error) => {
      if (!isApiError(error, 'DOC-0005')) return
      const current = isObject(error.details) ? (error.details.current as unknown as RecordRow | undefined) : undefined
      if (current) settle(current)
      else void queryClient.fetchQuery({ ...recordQuery(record.id), staleTime: 0 }).then(settle)
    },
  })
  /** Different fields changed on both sides are merged silently; only true conflicts are asked about. */
  const settle = (current: RecordRow) => {
    if (conflictsOf(catalog.fields, base.fields, values, current.fields).length > 0) setTheirs(current)
    else save.mutate({ version: current.version, fields: changes })
  }
  useBlocker({
    shouldBlockFn: () => dirty && !globalThis.confirm(`${t('common.confirm.unsavedTitle')}\n${t('common.confirm.unsavedText')}`),
    enableBeforeUnload: dirty,
  })
  const failure = isApiError(save.error, 'DOC-0005') ? null : save.error

  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        setTried(true)
        if (missing.length === 0) save.mutate({ version: base.version, fields: changes })
      }}
    >
      <FieldsForm
        fields={catalog.fields}
        values={values}
        onChange={(next) => setDraft({ base, values: next })}
        errors={fieldErrors(tried ? missing : [], failure, t)}
        failure={failure}
      />
      {dirty && (
        <Group gap="xs" mt="lg" className={css.saveBar}>
          <Button type="submit" loading={save.isPending} leftSection={<IconCheck size={15} />} data-testid="record-save">{t('common.action.save')}</Button>
          <Button variant="default" onClick={() => { setDraft(null); setTried(false); save.reset() }}>{t('common.action.cancel')}</Button>
        </Group>
      )}
      {theirs && (
        <ConflictDialog
          catalog={catalog}
          base={base.fields}
          mine={values}
          theirs={theirs}
          onMine={() => save.mutate({ version: theirs.version, fields: changes })}
          onTheirs={() => {
            queryClient.setQueryData(recordQuery(record.id).queryKey, theirs)
            setDraft(null)
            setTheirs(null)
          }}
          onClose={() => setTheirs(null)}
        />
      )}
    </form>
  )
}

interface ConflictProps {
  catalog: Catalog
  base: JsonObject
  mine: JsonObject
  theirs: RecordRow
  onMine: () => void
  onTheirs: () => void
  onClose: () => void
}

function ConflictDialog({ catalog, base, mine, theirs, onMine, onTheirs, onClose }: ConflictProps) {
  const { t } = useTranslation()
  return (
    <Modal opened onClose={onClose} title={t('catalogs.record.conflictTitle')} size="lg">
      <Stack>
        <Text size="sm">{t('catalogs.record.conflictText')}</Text>
        <Table verticalSpacing="xs">
          <Table.Thead><Table.Tr><Table.Th /><Table.Th>{t('catalogs.record.mine')}</Table.Th><Table.Th>{t('catalogs.record.theirs')}</Table.Th></Table.Tr></Table.Thead>
          <Table.Tbody>
            {conflictsOf(catalog.fields, base, mine, theirs.fields).map((conflict) => (
              <Table.Tr key={conflict.field.key}>
                <Table.Td>{conflict.field.name}</Table.Td>
                <Table.Td><FieldValue field={conflict.field} value={conflict.mine} /></Table.Td>
                <Table.Td><FieldValue field={conflict.field} value={conflict.theirs} /></Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onTheirs}>{t('catalogs.record.conflictTheirs')}</Button>
          <Button onClick={onMine}>{t('catalogs.record.conflictMine')}</Button>
        </Group>
      </Stack>
    </Modal>
  )
}

function StartButton({ record }: { record: RecordRow }) {
  const { t } = useTranslation()
  const definitions = useQuery(catalogDefinitionsQuery(record.catalogId))
  const items = (definitions.data?.items ?? []).filter((definition) => definition.deployable !== false)
  const start = (definition: { id: string; name: string }) =>
    openStartProcess({
      definition,
      recordId: record.id,
      onStarted: (id) => {
        toastOk(t('processes.start.started'))
        navigateTo(`/instances/${id}`)
      },
    })
  const only = items.length === 1 ? items[0] : undefined
  const button = (
    <Button leftSection={<IconPlayerPlay size={15} />} data-testid="record-start-process" disabled={definitions.isPending} data-disabled={items.length === 0 || undefined} aria-disabled={items.length === 0} onClick={only ? () => start(only) : undefined}>
      {t('catalogs.record.start')}
    </Button>
  )
  if (items.length === 0) return <Tooltip label={t('catalogs.record.noDefinitions')} disabled={definitions.isPending}>{button}</Tooltip>
  if (only) return button
  return (
    <Menu position="bottom-end">
      <Menu.Target>{button}</Menu.Target>
      <Menu.Dropdown>
        {items.map((definition) => <Menu.Item key={definition.id} onClick={() => start(definition)}>{definition.name}</Menu.Item>)}
      </Menu.Dropdown>
    </Menu>
  )
}

function RecordProcesses({ recordId }: { recordId: string }) {
  const { t } = useTranslation()
  const query = useQuery(recordInstancesQuery(recordId))
  return (
    <QueryView query={query} compact skeleton={<BlockSkeleton lines={2} />}>
      {(data) =>
        data.items.length === 0 ? <Text size="sm" c="dimmed" p="md">{t('catalogs.record.noProcesses')}</Text> : (
          <ul className={css.processes}>
            {data.items.map((instance) => (
              <li key={instance.id}>
                <a href={`/instances/${instance.id}`}>
                  <span className="truncate">{instance.definition.name}</span>
                  <InstanceStateBadge state={instance.state} incident={instance.incidentCount > 0} />
                  <small><Time at={instance.startedAt} /></small>
                </a>
              </li>
            ))}
          </ul>
        )
      }
    </QueryView>
  )
}
