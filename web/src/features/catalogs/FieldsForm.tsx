/** The fields of a record, with what is wrong beside each. */
import { Alert, Stack } from '@mantine/core'
import type { TFunction } from 'i18next'
import { isApiError, type Field, type JsonObject } from '@/api'
import { errorText } from '@/ui/errors'
import { FieldInput } from '@/ui/fields'
import { isObject } from '@/util/json'

type Errors = Record<string, string>

/** Missing fields, and the one that the server refused. */
export function fieldErrors(missing: string[], error: unknown, t: TFunction): Errors {
  const errors: Errors = Object.fromEntries(missing.map((key) => [key, t('common.field.required')]))
  if (isApiError(error, 'DOC-0004', 'DOC-0003') && isObject(error.details) && typeof error.details.field === 'string') {
    errors[error.details.field] = error.message
  }
  return errors
}

interface FieldsFormProps {
  fields: Field[]
  values: JsonObject
  onChange: (values: JsonObject) => void
  errors: Errors
  failure?: unknown
  disabled?: boolean
}

export function FieldsForm({ fields, values, onChange, errors, failure, disabled }: FieldsFormProps) {
  return (
    <Stack gap="sm">
      {failure && Object.keys(errors).length === 0 ? <Alert color="red" p="xs" role="alert">{errorText(failure)}</Alert> : null}
      {fields.map((field) => (
        <FieldInput key={field.key} field={field} value={values[field.key]} error={errors[field.key]} disabled={disabled} onChange={(value) => onChange({ ...values, [field.key]: value })} />
      ))}
    </Stack>
  )
}
