/** Pickers of people and records. */
import { Loader, MultiSelect, Select } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { recordQuery, recordSearchQuery, usersQuery } from '@/api'

interface PickerProps {
  label?: ReactNode
  ariaLabel?: string
  description?: ReactNode
  placeholder?: string
  value: string | null
  onChange: (value: string | null) => void
  required?: boolean
  error?: ReactNode
  disabled?: boolean
  testId?: string
}

export function usePeople() {
  return useQuery(usersQuery)
}

export function PersonSelect({ ariaLabel, testId, ...props }: PickerProps) {
  const people = usePeople()
  const items = (people.data?.items ?? []).filter((user) => user.active !== false || user.id === props.value)
  return (
    <Select
      {...props}
      aria-label={ariaLabel}
      data-testid={testId}
      searchable
      clearable={!props.required}
      rightSection={people.isLoading ? <Loader size={14} /> : undefined}
      data={items.map((user) => ({ value: user.id, label: user.fullName || user.login }))}
    />
  )
}

export function PeopleSelect({ value, onChange, ...props }: Omit<PickerProps, 'value' | 'onChange'> & { value: string[]; onChange: (value: string[]) => void }) {
  const people = usePeople()
  const { ariaLabel, testId, ...rest } = props
  return (
    <MultiSelect
      {...rest}
      aria-label={ariaLabel}
      data-testid={testId}
      size="sm"
      searchable
      value={value}
      onChange={onChange}
      data={(people.data?.items ?? []).filter((user) => user.active !== false).map((user) => ({ value: user.id, label: user.fullName || user.login }))}
    />
  )
}

/** Finds a record of one catalog by typing. */
export function RecordSelect({ catalogId, ariaLabel, testId, ...props }: PickerProps & { catalogId: string }) {
  const { t } = useTranslation()
  const [search, setSearch] = useState('')
  const [query] = useDebouncedValue(search, 200)
  const found = useQuery(recordSearchQuery(catalogId, query))
  const current = useQuery({ ...recordQuery(props.value ?? ''), enabled: props.value !== null && props.value !== '' })
  const items = found.data?.items ?? []
  const options = items.map((record) => ({ value: record.id, label: record.title || record.id }))
  const selected = current.data
  if (selected && !options.some((option) => option.value === selected.id)) {
    options.unshift({ value: selected.id, label: selected.title || selected.id })
  }
  return (
    <Select
      {...props}
      aria-label={ariaLabel}
      data-testid={testId}
      searchable
      clearable={!props.required}
      placeholder={props.placeholder ?? t('processes.start.recordPlaceholder')}
      nothingFoundMessage={found.isFetching ? t('common.state.loading') : t('processes.start.noRecords')}
      onSearchChange={setSearch}
      filter={({ options: all }) => all}
      data={options}
    />
  )
}
