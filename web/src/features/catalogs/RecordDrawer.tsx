/** Adding a record beside the list. */
import { Button, Drawer, Group } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { queryClient, type Catalog, type JsonObject } from '@/api'
import { toastOk } from '@/ui/errors'
import { navigateTo } from '@/ui/nav'
import { createRecord } from './queries'
import { FieldsForm, fieldErrors } from './FieldsForm'
import { missingFields } from './values'

export function RecordDrawer({ catalog, onClose }: { catalog: Catalog; onClose: () => void }) {
  const { t } = useTranslation()
  const [values, setValues] = useState<JsonObject>({})
  const [tried, setTried] = useState(false)
  const missing = missingFields(catalog.fields, values)
  const create = useMutation({
    mutationFn: () => createRecord(catalog.id, values),
    onSuccess: (record) => {
      toastOk(t('catalogs.record.created'))
      void queryClient.invalidateQueries({ queryKey: ['record', 'list'] })
      void queryClient.invalidateQueries({ queryKey: ['catalog'] })
      navigateTo(`/records/${record.id}`)
    },
  })
  return (
    <Drawer opened onClose={onClose} title={t('catalogs.record.new')} size="md">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          setTried(true)
          if (missing.length === 0) create.mutate()
        }}
        noValidate
      >
        <FieldsForm fields={catalog.fields} values={values} onChange={setValues} errors={fieldErrors(tried ? missing : [], create.error, t)} failure={create.error} />
        <Group justify="flex-end" gap="xs" mt="lg">
          <Button variant="default" onClick={onClose}>{t('common.action.cancel')}</Button>
          <Button type="submit" loading={create.isPending} data-testid="record-save">{t('catalogs.record.new')}</Button>
        </Group>
      </form>
    </Drawer>
  )
}
