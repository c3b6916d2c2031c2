/** Starting a process: the record, the form or the parameters, then go. One dialog, opened from anywhere. */
import { Alert, Button, Group, JsonInput, Stack, Text } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import i18next from 'i18next'
import { lazy, Suspense, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, catalogsQuery, definitionQuery, queryClient, type Definition, type DefinitionDetail, type JsonObject } from '@/api'
import { isObject, parseJson } from '@/util/json'
import { closeDialog, openDialog } from '../dialogs'
import { errorText } from '../errors'
import type { FormHandle } from '../form/FormView'
import { BlockSkeleton, QueryView } from '../Page'
import { RecordSelect } from '../pickers'
import { initialValues, ParameterInputs, missingParameters } from './ParameterInputs'

const FormView = lazy(() => import('../form/FormView'))

interface StartOptions {
  definition: Pick<Definition, 'id' | 'name'>
  recordId?: string
  onStarted: (instanceId: string) => void
}

export function openStartProcess({ definition, recordId, onStarted }: StartOptions): void {
  const id = openDialog({
    title: i18next.t('processes.start.dialogTitle', { name: definition.name }),
    size: 'lg',
    children: (
      <StartLoader
        definitionId={definition.id}
        recordId={recordId}
        onClose={() => closeDialog(id)}
        onStarted={(instance) => {
          closeDialog(id)
          onStarted(instance)
        }}
      />
    ),
  })
}

interface StartBodyProps {
  recordId?: string
  onStarted: (instanceId: string) => void
  onClose: () => void
}

function StartLoader({ definitionId, ...props }: StartBodyProps & { definitionId: string }) {
  const query = useQuery(definitionQuery(definitionId))
  return (
    <QueryView query={query} compact skeleton={<BlockSkeleton lines={4} />}>
      {(definition) => <StartBody definition={definition} {...props} />}
    </QueryView>
  )
}

function StartBody({ definition, recordId, onStarted, onClose }: StartBodyProps & { definition: DefinitionDetail }) {
  const { t } = useTranslation()
  const parameters = definition.parameters ?? []
  const [record, setRecord] = useState<string | null>(recordId ?? null)
  const [values, setValues] = useState<JsonObject>(() => initialValues(parameters))
  const [extra, setExtra] = useState('')
  const [tried, setTried] = useState(false)
  const form = useRef<FormHandle>(null)
  const catalogs = useQuery(catalogsQuery)
  const catalog = catalogs.data?.items.find((item) => item.id === definition.catalogId)
  const missing = missingParameters(parameters, values)
  const extraValue = extra.trim() === '' ? {} : parsedObject(extra)

  const start = useMutation({
    mutationFn: (variables: JsonObject) =>
      api.post('/instances', { body: { definitionId: definition.id, recordId: record ?? undefined, variables } }),
    onSuccess: (answer) => {
      void queryClient.invalidateQueries({ queryKey: ['instance'] })
      onStarted(answer.id)
    },
  })

  const submit = (event: React.FormEvent) => {
    event.preventDefault()
    setTried(true)
    if (definition.catalogId && !record) return
    let answers: JsonObject = values
    if (definition.startForm) {
      const result = form.current?.submit()
      if (!result?.valid) return
      answers = { ...values, ...result.data }
    }
    if (missing.length > 0 || extraValue === null) return
    start.mutate({ ...answers, ...extraValue })
  }

  const nothing = !definition.startForm && parameters.length === 0
  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="md">
        {definition.description && <Text size="sm" c="dimmed">{definition.description}</Text>}
        {definition.catalogId && (
          <RecordSelect
            catalogId={definition.catalogId}
            label={catalog?.name ?? t('processes.start.record')}
            value={record}
            onChange={setRecord}
            required
            disabled={recordId !== undefined}
            error={tried && !record ? t('processes.start.recordRequired') : undefined}
          />
        )}
        {definition.startForm && (
          <Suspense fallback={<BlockSkeleton lines={4} />}>
            <FormView schema={definition.startForm} handle={form} />
          </Suspense>
        )}
        {parameters.length > 0 && <ParameterInputs parameters={parameters} values={values} onChange={setValues} missing={tried ? missing : []} />}
        {nothing && !definition.catalogId && <Text size="sm" c="dimmed">{t('processes.start.noParameters')}</Text>}
        {nothing && (
          <details>
            <summary style={{ cursor: 'pointer', fontSize: 13, color: 'var(--mantine-color-dimmed)' }}>{t('processes.start.variables')}</summary>
            <JsonInput
              mt="xs"
              autosize
              minRows={3}
              maxRows={10}
              aria-label={t('processes.start.variables')}
              description={t('processes.start.variablesHint')}
              value={extra}
              onChange={setExtra}
              error={extraValue === null ? t('processes.start.badJson') : undefined}
              styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 12 } }}
            />
          </details>
        )}
        {start.isError && <Alert color="red" role="alert">{errorText(start.error)}</Alert>}
        <Group justify="space-between" gap="xs">
          <Text size="xs" c="dimmed">{t('processes.start.runHint', { version: definition.version })}</Text>
          <Group gap="xs">
            <Button variant="default" onClick={onClose}>{t('common.action.cancel')}</Button>
            <Button type="submit" loading={start.isPending} data-testid="start-confirm">{t('processes.start.button')}</Button>
          </Group>
        </Group>
      </Stack>
    </form>
  )
}

function parsedObject(text: string): JsonObject | null {
  const parsed = parseJson(text)
  return parsed.ok && isObject(parsed.value) ? parsed.value : null
}
