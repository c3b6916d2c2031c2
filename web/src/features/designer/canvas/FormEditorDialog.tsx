/** Drawing a task's form; kept in the process when saved. */
import { Button, Group, Modal, Text } from '@mantine/core'
import { FormEditor } from '@bpmn-io/form-js-editor'
import '@bpmn-io/form-js-viewer/dist/assets/form-js-base.css'
import '@bpmn-io/form-js-editor/dist/assets/form-js-editor-base.css'
import '@bpmn-io/form-js-editor/dist/assets/form-js-editor.css'
import '@bpmn-io/form-js-editor/dist/assets/dragula.css'
import '@bpmn-io/form-js-editor/dist/assets/properties-panel.css'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { JsonObject } from '@/api'
import { currentLanguage } from '@/i18n'
import './formEditor.css'
import { speakRussian } from './formEditor.ru'

interface DialogProps {
  name: string
  schema: JsonObject
  onSave: (schema: JsonObject) => void
  onClose: () => void
}

interface Editor {
  importSchema: (schema: unknown) => Promise<unknown>
  getSchema: () => JsonObject
  on: (event: string, listener: () => void) => void
  destroy: () => void
}

export default function FormEditorDialog({ name, schema, onSave, onClose }: DialogProps) {
  const { t } = useTranslation()
  const [box, setBox] = useState<HTMLDivElement | null>(null)
  const editor = useRef<Editor | null>(null)
  const [changed, setChanged] = useState(false)
  // What the dialog was opened with. The page behind draws itself anew (saved, checked) and must not take away what is drawn here.
  const [opened] = useState(schema)
  useEffect(() => {
    if (!box) return
    const made = new FormEditor({ container: box }) as unknown as Editor
    editor.current = made
    void made.importSchema(structuredClone(opened)).then(() => made.on('changed', () => setChanged(true)))
    const quiet = currentLanguage() === 'ru' ? speakRussian(box) : undefined
    return () => {
      quiet?.()
      editor.current = null
      made.destroy()
    }
  }, [box, opened])
  const close = () => {
    if (!changed || globalThis.confirm(`${t('common.confirm.unsavedTitle')}\n${t('common.confirm.unsavedText')}`)) onClose()
  }
  return (
    <Modal opened onClose={close} fullScreen title={t('designer.form.title', { name })} padding={0} transitionProps={{ duration: 0 }} closeOnEscape={false} classNames={{ body: 'ruslo-form-editor-body', header: 'ruslo-form-editor-header', content: 'ruslo-form-editor-content' }}>
      <div ref={setBox} className="ruslo-form-editor" />
      <Group justify="space-between" className="ruslo-form-editor-foot">
        <Text size="xs" c="dimmed">{t('designer.form.hint')}</Text>
        <Group gap="xs">
          <Button variant="default" onClick={close}>{t('common.action.cancel')}</Button>
          <Button onClick={() => editor.current && onSave(editor.current.getSchema())} data-testid="form-save">{t('designer.form.save')}</Button>
        </Group>
      </Group>
    </Modal>
  )
}
