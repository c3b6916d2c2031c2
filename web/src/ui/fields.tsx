/** Catalog fields as inputs and as text: one place that knows every field type. */
import { Select, MultiSelect, Switch, TagsInput, Textarea, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { recordQuery, usersQuery, type Field, type Json } from '@/api'
import { useLocale } from './hooks'
import { NumberField, NumbersField } from './NumberField'
import { PeopleSelect, PersonSelect, RecordSelect } from './pickers'

interface FieldInputProps {
  field: Field
  value: Json | undefined
  onChange: (value: Json) => void
  error?: string
  disabled?: boolean
}

const asText = (value: Json | undefined): string => (value === null || value === undefined ? '' : String(value))
const asList = (value: Json | undefined): string[] => (Array.isArray(value) ? value.map(String) : value === null || value === undefined || value === '' ? [] : [String(value)])
const orNull = (text: string | null): Json => (text === null || text === '' ? null : text)

export function FieldInput({ field, value, onChange, error, disabled }: FieldInputProps) {
  const common = { label: field.name, withAsterisk: field.required, error, disabled, id: `field-${field.key}`, name: field.key }
  if (field.multiple) return <ManyInput field={field} value={value} onChange={onChange} common={common} />
  switch (field.type) {
    case 'number':
      return <NumberField {...common} value={value} onChange={onChange} />
    case 'boolean':
      return <Switch label={field.name} disabled={disabled} error={error} checked={value === true} onChange={(e) => onChange(e.currentTarget.checked)} />
    case 'date':
      return (
        <TextInput {...common} type={field.time ? 'datetime-local' : 'date'} value={field.time ? toLocalInput(asText(value)) : asText(value).slice(0, 10)}
          onChange={(e) => onChange(e.currentTarget.value === '' ? null : field.time ? new Date(e.currentTarget.value).toISOString() : e.currentTarget.value)} />
      )
    case 'list':
      return <Select {...common} clearable={!field.required} value={value === null || value === undefined ? null : String(value)} onChange={(v) => onChange(v)} data={options(field)} />
    case 'person':
      return <PersonSelect {...common} value={orNull(asText(value)) as string | null} onChange={(v) => onChange(v)} />
    case 'link':
      return <RecordSelect {...common} catalogId={field.catalog ?? ''} value={orNull(asText(value)) as string | null} onChange={(v) => onChange(v)} />
    case 'text':
      return field.multiline
        ? <Textarea {...common} value={asText(value)} onChange={(e) => onChange(orNull(e.currentTarget.value))} />
        : <TextInput {...common} value={asText(value)} onChange={(e) => onChange(orNull(e.currentTarget.value))} />
  }
}

function ManyInput({ field, value, onChange, common }: { field: Field; value: Json | undefined; onChange: (value: Json) => void; common: { label: string } }) {
  const list = asList(value)
  if (field.type === 'person') return <PeopleSelect {...common} value={list} onChange={(v) => onChange(v)} />
  if (field.type === 'list') return <MultiSelect size="sm" {...common} data={options(field)} value={list} onChange={(v) => onChange(v)} />
  if (field.type === 'number') return <NumbersField {...common} value={list} onChange={onChange} />
  return <TagsInput size="sm" {...common} value={list} onChange={(v) => onChange(v)} />
}

function options(field: Field) {
  return (field.options ?? []).map((option) => ({ value: option.key, label: option.label }))
}

/** `2026-03-01T09:00:00Z` → what `datetime-local` takes, in the person's zone. */
export function toLocalInput(iso: string): string {
  if (!iso) return ''
  const date = new Date(iso)
  if (Number.isNaN(date.getTime())) return ''
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}

export function FieldValue({ field, value }: { field: Field; value: Json | undefined }) {
  const { t } = useTranslation()
  const locale = useLocale()
  const people = useQuery({ ...usersQuery, enabled: field.type === 'person' })
  if (value === null || value === undefined || value === '' || (Array.isArray(value) && value.length === 0)) return <span style={{ color: 'var(--mantine-color-dimmed)' }}>—</span>
  const one = (item: Json): React.ReactNode => {
    switch (field.type) {
      case 'number': return Number(item).toLocaleString(locale)
      case 'boolean': return item === true ? t('common.field.yes') : t('common.field.no')
      case 'date': return field.time ? new Date(String(item)).toLocaleString(locale, { dateStyle: 'medium', timeStyle: 'short' }) : new Date(`${String(item).slice(0, 10)}T00:00:00`).toLocaleDateString(locale)
      case 'list': return field.options?.find((option) => option.key === item)?.label ?? String(item)
      case 'person': return people.data?.items.find((user) => user.id === item)?.fullName ?? String(item)
      case 'link': return <RecordLink id={String(item)} />
      case 'text': return String(item)
    }
  }
  if (!Array.isArray(value)) return <>{one(value)}</>
  return <>{value.map((item, index) => <span key={JSON.stringify(item)}>{index > 0 && ', '}{one(item)}</span>)}</>
}

function RecordLink({ id }: { id: string }) {
  const record = useQuery(recordQuery(id))
  return <a className="link" href={`/records/${id}`}>{record.data?.title || id}</a>
}
