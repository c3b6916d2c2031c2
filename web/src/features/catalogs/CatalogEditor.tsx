/** What records of a catalog look like: name and fields. */
import { ActionIcon, Alert, Button, Checkbox, Drawer, Group, Select, Stack, Text, Textarea, TextInput } from '@mantine/core'
import { IconChevronDown, IconChevronUp, IconPlus, IconTrash } from '@tabler/icons-react'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { catalogsQuery, queryClient, type Catalog, type Field, type FieldKind } from '@/api'
import { errorText, toastOk } from '@/ui/errors'
import { KEY_PATTERN, keyFromName } from '@/util/keys'
import css from './catalogs.module.css'
import { createCatalog, updateCatalog, type CatalogDraft } from './queries'

/** A field while it is edited: `uid` keeps rows apart, `fixed` means records already use the key. */
interface FieldDraft extends Field {
  uid: number
  fixed: boolean
  ownKey: boolean
  /** Options as typed, one a line. */
  optionLines: string
}

let lastUid = 0
const toDraft = (field: Field): FieldDraft => ({
  ...field,
  uid: ++lastUid,
  fixed: true,
  ownKey: true,
  optionLines: (field.options ?? []).map((option) => option.label).join('\n'),
})
const emptyField = (): FieldDraft => ({ key: '', name: '', type: 'text', uid: ++lastUid, fixed: false, ownKey: false, optionLines: '' })

const KINDS: FieldKind[] = ['text', 'number', 'boolean', 'date', 'list', 'person', 'link']

/** Labels keep the keys they had; new ones get a key of their own. */
function optionsOf(draft: FieldDraft): { key: string; label: string }[] {
  const taken: string[] = []
  return draft.optionLines.split('\n').map((line) => line.trim()).filter(Boolean).map((label) => {
    const key = draft.options?.find((option) => option.label === label)?.key ?? keyFromName(label, taken).toLowerCase()
    taken.push(key)
    return { key, label }
  })
}

function toField(draft: FieldDraft): Field {
  const { key, name, type, required, multiple } = draft
  const field: Field = { key, name: name.trim(), type, required: required ?? false, multiple: multiple ?? false }
  if (type === 'text') field.multiline = draft.multiline ?? false
  if (type === 'date') field.time = draft.time ?? false
  if (type === 'list') field.options = optionsOf(draft)
  if (type === 'link') field.catalog = draft.catalog
  return field
}

interface EditorProps {
  catalog?: Catalog
  onClose: () => void
  onSaved: (catalog: Catalog) => void
}

export function CatalogEditor({ catalog, onClose, onSaved }: EditorProps) {
  const { t } = useTranslation()
  const [name, setName] = useState(catalog?.name ?? '')
  const [fields, setFields] = useState<FieldDraft[]>(() => (catalog ? catalog.fields.map(toDraft) : [{ ...emptyField(), name: t('common.field.name'), key: 'NAME', ownKey: true, required: true }]))
  const [titleField, setTitleField] = useState<string | null>(catalog?.titleField ?? null)
  const patch = (uid: number, change: Partial<FieldDraft>) => setFields((old) => old.map((field) => (field.uid === uid ? { ...field, ...change } : field)))
  const move = (index: number, by: number) =>
    setFields((old) => {
      const next = [...old]
      const [field] = next.splice(index, 1)
      if (field) next.splice(index + by, 0, field)
      return next
    })
  const problems = fields.map((field) => problemOf(field, fields))
  const ready = name.trim() !== '' && fields.length > 0 && problems.every((problem) => problem === null)

  const save = useMutation({
    mutationFn: () => {
      const draft: CatalogDraft = { name: name.trim(), fields: fields.map(toField), titleField: titleField ?? undefined }
      return catalog ? updateCatalog(catalog.id, catalog.version, draft) : createCatalog(draft)
    },
    onSuccess: (saved) => {
      toastOk(catalog ? t('catalogs.saved') : t('catalogs.created'))
      void queryClient.invalidateQueries({ queryKey: ['catalog'] })
      onSaved(saved)
    },
  })

  return (
    <Drawer opened onClose={onClose} size={560} title={catalog ? t('catalogs.editor.editTitle') : t('catalogs.editor.newTitle')}>
      <form onSubmit={(event) => { event.preventDefault(); if (ready) save.mutate() }}>
        <Stack gap="md">
          <TextInput label={t('catalogs.editor.name')} placeholder={t('catalogs.editor.namePlaceholder')} value={name} onChange={(e) => setName(e.currentTarget.value)} required data-autofocus />
          <div>
            <Text size="sm" fw={600} mb={8}>{t('catalogs.editor.fields')}</Text>
            <div className={css.fieldList}>
              {fields.map((field, index) => (
                <FieldRow
                  key={field.uid}
                  field={field}
                  problem={problems[index] ?? null}
                  first={index === 0}
                  last={index === fields.length - 1}
                  onChange={(change) => patch(field.uid, change)}
                  onName={(text) => patch(field.uid, { name: text, ...(field.ownKey ? {} : { key: keyFromName(text, fields.filter((f) => f.uid !== field.uid).map((f) => f.key)) }) })}
                  onMove={(by) => move(index, by)}
                  onRemove={() => setFields((old) => old.filter((item) => item.uid !== field.uid))}
                />
              ))}
            </div>
            <Button mt="xs" variant="default" size="xs" leftSection={<IconPlus size={14} />} onClick={() => setFields((old) => [...old, emptyField()])}>{t('catalogs.editor.addField')}</Button>
          </div>
          <Select
            label={t('catalogs.editor.titleField')}
            placeholder={fields.find((field) => field.type === 'text')?.name}
            clearable
            value={titleField}
            onChange={setTitleField}
            data={fields.filter((field) => field.type === 'text' && field.key).map((field) => ({ value: field.key, label: field.name || field.key }))}
          />
          {save.isError && <Alert color="red" p="xs" role="alert">{errorText(save.error)}</Alert>}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>{t('common.action.cancel')}</Button>
            <Button type="submit" disabled={!ready} loading={save.isPending}>{catalog ? t('common.action.save') : t('catalogs.new')}</Button>
          </Group>
        </Stack>
      </form>
    </Drawer>
  )
}

type Problem = 'badKey' | 'duplicateKey' | 'noName' | 'noOptions' | 'noTarget'

function problemOf(field: FieldDraft, all: FieldDraft[]): Problem | null {
  if (field.name.trim() === '') return 'noName'
  if (!KEY_PATTERN.test(field.key)) return 'badKey'
  if (all.some((other) => other.uid !== field.uid && other.key.toLowerCase() === field.key.toLowerCase())) return 'duplicateKey'
  if (field.type === 'list' && optionsOf(field).length === 0) return 'noOptions'
  if (field.type === 'link' && !field.catalog) return 'noTarget'
  return null
}

interface RowProps {
  field: FieldDraft
  problem: Problem | null
  first: boolean
  last: boolean
  onChange: (change: Partial<FieldDraft>) => void
  onName: (text: string) => void
  onMove: (by: number) => void
  onRemove: () => void
}

function FieldRow({ field, problem, first, last, onChange, onName, onMove, onRemove }: RowProps) {
  const { t } = useTranslation()
  const catalogs = useQuery(catalogsQuery)
  return (
    <div className={css.fieldRow}>
      <div className={css.fieldMain}>
        <TextInput aria-label={t('catalogs.editor.fieldName')} placeholder={t('catalogs.editor.fieldName')} value={field.name} onChange={(e) => onName(e.currentTarget.value)} />
        <Select aria-label={t('catalogs.editor.fieldType')} value={field.type} disabled={field.fixed} onChange={(type) => onChange({ type: type as FieldKind })} data={KINDS.map((kind) => ({ value: kind, label: t(`catalogs.fieldType.${kind}`) }))} />
        <Group gap={2} wrap="nowrap">
          <ActionIcon size="sm" disabled={first} onClick={() => onMove(-1)} aria-label={t('catalogs.editor.moveUp')}><IconChevronUp size={15} /></ActionIcon>
          <ActionIcon size="sm" disabled={last} onClick={() => onMove(1)} aria-label={t('catalogs.editor.moveDown')}><IconChevronDown size={15} /></ActionIcon>
          <ActionIcon size="sm" onClick={onRemove} aria-label={t('catalogs.editor.removeField')}><IconTrash size={15} /></ActionIcon>
        </Group>
      </div>
      {field.type === 'list' && (
        <Textarea aria-label={t('catalogs.editor.options')} description={t('catalogs.editor.optionsHint')} placeholder={t('catalogs.editor.options')} value={field.optionLines} onChange={(e) => onChange({ optionLines: e.currentTarget.value })} />
      )}
      {field.type === 'link' && (
        <Select aria-label={t('catalogs.editor.target')} placeholder={t('catalogs.editor.target')} value={field.catalog ?? null} onChange={(catalog) => onChange({ catalog: catalog ?? undefined })} data={(catalogs.data?.items ?? []).map((item) => ({ value: item.id, label: item.name }))} />
      )}
      <Group gap="md">
        <TextInput
          size="xs"
          w={190}
          aria-label={t('catalogs.editor.fieldKey')}
          disabled={field.fixed}
          value={field.key}
          onChange={(e) => onChange({ key: e.currentTarget.value, ownKey: true })}
          error={problem === 'badKey' && field.name ? t('catalogs.editor.badKey') : problem === 'duplicateKey' ? t('catalogs.editor.duplicateKey') : undefined}
          styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
        />
        <Checkbox size="xs" label={t('catalogs.editor.required')} checked={field.required ?? false} onChange={(e) => onChange({ required: e.currentTarget.checked })} />
        {field.type !== 'boolean' && <Checkbox size="xs" label={t('catalogs.editor.multiple')} disabled={field.fixed} checked={field.multiple ?? false} onChange={(e) => onChange({ multiple: e.currentTarget.checked })} />}
        {field.type === 'text' && <Checkbox size="xs" label={t('catalogs.editor.multiline')} checked={field.multiline ?? false} onChange={(e) => onChange({ multiline: e.currentTarget.checked })} />}
        {field.type === 'date' && <Checkbox size="xs" label={t('catalogs.editor.time')} checked={field.time ?? false} onChange={(e) => onChange({ time: e.currentTarget.checked })} />}
      </Group>
    </div>
  )
}
