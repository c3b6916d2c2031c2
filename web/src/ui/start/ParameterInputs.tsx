/** Inputs for declared start parameters, by their type. */
import { Select, Stack, Switch, TagsInput, Textarea, TextInput } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { Json, JsonObject, Parameter } from '@/api'
import { toLocalInput } from '../fields'
import { NumberField, NumbersField } from '../NumberField'
import { PersonSelect } from '../pickers'

export function initialValues(parameters: Parameter[]): JsonObject {
  const values: JsonObject = {}
  for (const parameter of parameters) {
    if (parameter.default !== undefined && parameter.default !== null) values[parameter.key] = parameter.default
  }
  return values
}

const isEmpty = (value: Json | undefined): boolean =>
  value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)

export function missingParameters(parameters: Parameter[], values: JsonObject): string[] {
  return parameters.filter((p) => p.required && p.type !== 'bool' && isEmpty(values[p.key])).map((p) => p.key)
}

interface InputsProps {
  parameters: Parameter[]
  values: JsonObject
  onChange: (values: JsonObject) => void
  missing: string[]
}

export function ParameterInputs({ parameters, values, onChange, missing }: InputsProps) {
  const { t } = useTranslation()
  return (
    <Stack gap="sm">
      {parameters.map((parameter) => (
        <ParameterInput
          key={parameter.key}
          parameter={parameter}
          value={values[parameter.key]}
          error={missing.includes(parameter.key) ? t('common.field.required') : undefined}
          onChange={(value) => onChange({ ...values, [parameter.key]: value })}
        />
      ))}
    </Stack>
  )
}

interface InputProps {
  parameter: Parameter
  value: Json | undefined
  error?: string
  onChange: (value: Json) => void
}

function ParameterInput({ parameter, value, error, onChange }: InputProps) {
  const common = { label: parameter.name || parameter.key, description: parameter.description || undefined, withAsterisk: parameter.required, error, name: parameter.key }
  const text = value === null || value === undefined ? '' : String(value)
  if (parameter.multiple && parameter.type !== 'select') {
    const list = Array.isArray(value) ? value.map(String) : []
    if (parameter.type === 'int' || parameter.type === 'double') return <NumbersField {...common} value={list} onChange={onChange} />
    return <TagsInput size="sm" {...common} value={list} onChange={onChange} />
  }
  switch (parameter.type) {
    case 'int':
    case 'double':
      return <NumberField {...common} value={value} onChange={onChange} allowDecimal={parameter.type === 'double'} />
    case 'bool':
      return <Switch label={common.label} description={common.description} checked={value === true || value === 'Y'} onChange={(e) => onChange(e.currentTarget.checked)} />
    case 'date':
      return <TextInput {...common} type="date" value={text.slice(0, 10)} onChange={(e) => onChange(e.currentTarget.value || null)} />
    case 'datetime':
      return <TextInput {...common} type="datetime-local" value={toLocalInput(text)} onChange={(e) => onChange(e.currentTarget.value ? new Date(e.currentTarget.value).toISOString() : null)} />
    case 'select':
      return <Select {...common} clearable={!parameter.required} value={text || null} onChange={onChange} data={(parameter.options ?? []).map(({ key, label }) => ({ value: key, label }))} />
    case 'user':
      return <PersonSelect {...common} value={text || null} onChange={onChange} />
    case 'text':
      return <Textarea {...common} value={text} onChange={(e) => onChange(e.currentTarget.value)} />
    default:
      return <TextInput {...common} value={text} onChange={(e) => onChange(e.currentTarget.value)} />
  }
}
