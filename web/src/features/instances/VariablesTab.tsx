/** Variables by scope: a table of trees or JSON; administrators may edit while the process runs. */
import { ActionIcon, Button, Group, Modal, SegmentedControl, Stack, Textarea, TextInput } from '@mantine/core'
import { IconPencil, IconPlus, IconVariable } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import type { TFunction } from 'i18next'
import { useTranslation } from 'react-i18next'
import { can, queryClient, useMe, type InstanceDetail, type Json, type VariableScope } from '@/api'
import { toastError, toastOk } from '@/ui/errors'
import { Guard } from '@/ui/Guard'
import { JsonValue } from '@/ui/JsonView'
import { EmptyState } from '@/ui/Page'
import ui from '@/ui/ui.module.css'
import { parseJson } from '@/util/json'
import css from './instance.module.css'
import { setVariables } from './queries'

interface Editing {
  scope: number
  name: string
  value: Json | undefined
}

export function VariablesTab({ instance, element }: { instance: InstanceDetail; element: string | null }) {
  const { t } = useTranslation()
  const me = useMe()
  const [view, setView] = useState<'tree' | 'json'>('tree')
  const [editing, setEditing] = useState<Editing | null>(null)
  const permission = can.editVariables(me, instance.state)
  const scopes = instance.variables.filter((scope) => !element || scope.scope === 0 || scope.elementId === element)
  const count = scopes.reduce((sum, scope) => sum + Object.keys(scope.values).length, 0)
  return (
    <>
      <Group gap="xs" mb="sm">
        <SegmentedControl size="xs" value={view} onChange={(value) => setView(value as 'tree' | 'json')} data={[{ value: 'tree', label: t('instance.variables.tree') }, { value: 'json', label: t('instance.variables.json') }]} />
        <Guard can={permission}>
          <Button size="compact-sm" variant="subtle" color="gray" leftSection={<IconPlus size={14} />} onClick={() => setEditing({ scope: 0, name: '', value: undefined })}>{t('instance.variables.add')}</Button>
        </Guard>
      </Group>
      {count === 0 && <EmptyState compact icon={IconVariable} title={t('instance.variables.empty')} hint={t('instance.variables.emptyHint')} />}
      {scopes.map((scope) => Object.keys(scope.values).length > 0 && (
        <section key={scope.scope} className={css.scope}>
          <h3>{scopeName(scope, instance, t)}</h3>
          {view === 'json' ? <pre className={ui.code}>{JSON.stringify(scope.values, null, 2)}</pre> : (
            <div className={css.variables}>
              {Object.entries(scope.values).map(([name, value]) => (
                <div key={name} className={css.variable}>
                  <span className="mono">{name}</span>
                  <div className={css.variableValue}><JsonValue value={value} /></div>
                  {permission.ok && (
                    <ActionIcon size="sm" aria-label={`${t('instance.variables.edit')}: ${name}`} onClick={() => setEditing({ scope: scope.scope, name, value })}><IconPencil size={14} /></ActionIcon>
                  )}
                </div>
              ))}
            </div>
          )}
        </section>
      ))}
      {editing && <EditDialog instanceId={instance.id} editing={editing} onClose={() => setEditing(null)} />}
    </>
  )
}

function scopeName(scope: VariableScope, instance: InstanceDetail, t: TFunction): string {
  if (scope.scope === 0) return t('instance.variables.process')
  const element = instance.elements.find((item) => item.elementId === scope.elementId)
  return t('instance.variables.element', { name: element?.name || scope.elementId })
}

function EditDialog({ instanceId, editing, onClose }: { instanceId: string; editing: Editing; onClose: () => void }) {
  const { t } = useTranslation()
  const [name, setName] = useState(editing.name)
  const [text, setText] = useState(editing.value === undefined ? '' : JSON.stringify(editing.value, null, 2))
  const parsed = parseJson(text)
  const save = useMutation({
    mutationFn: (value: Json) => setVariables(instanceId, editing.scope, { [name.trim()]: value }),
    onSuccess: () => {
      toastOk(t('instance.variables.saved'))
      void queryClient.invalidateQueries({ queryKey: ['instance'] })
      onClose()
    },
    onError: toastError,
  })
  return (
    <Modal opened onClose={onClose} title={editing.name ? t('instance.variables.editTitle', { name: editing.name }) : t('instance.variables.add')}>
      <form onSubmit={(event) => { event.preventDefault(); if (parsed.ok && name.trim()) save.mutate(parsed.value) }}>
        <Stack>
          {!editing.name && <TextInput label={t('instance.variables.name')} value={name} onChange={(e) => setName(e.currentTarget.value)} data-autofocus />}
          <Textarea
            label={t('common.field.value')}
            description={t('instance.variables.editHint')}
            value={text}
            onChange={(e) => setText(e.currentTarget.value)}
            error={text !== '' && !parsed.ok ? t('instance.variables.badJson') : undefined}
            minRows={4}
            data-autofocus={editing.name ? true : undefined}
            styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 12 } }}
          />
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>{t('common.action.cancel')}</Button>
            <Button type="submit" disabled={!parsed.ok || name.trim() === ''} loading={save.isPending}>{t('common.action.save')}</Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}
