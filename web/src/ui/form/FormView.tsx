/** Shows a form-js form in the page's own look; loaded only when a form is there. */
import { useEffect, useImperativeHandle, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { Form } from '@bpmn-io/form-js-viewer'
import '@bpmn-io/form-js-viewer/dist/assets/form-js-base.css'
import '@bpmn-io/form-js-viewer/dist/assets/form-js.css'
import type { JsonObject } from '@/api'
import './form.css'

export interface FormHandle {
  /** The values, and whether every rule of the form holds; marks what does not. */
  submit: () => { data: JsonObject; valid: boolean }
}

interface FormViewProps {
  schema: JsonObject
  data?: JsonObject | null
  readOnly?: boolean
  handle: React.Ref<FormHandle>
}

interface FormInstance {
  importSchema: (schema: unknown, data: unknown) => Promise<unknown>
  submit: () => { data: JsonObject; errors: Record<string, string[]> }
  setProperty: (name: string, value: unknown) => void
  destroy: () => void
}

/** The library speaks English; its few messages are told in the person's language. */
const RU: [RegExp, string][] = [
  [/^Field is required\.?$/, 'Заполните это поле.'],
  [/^Field must have minimum length of (.+?)\.?$/, 'Не короче $1 символов.'],
  [/^Field must have maximum length of (.+?)\.?$/, 'Не длиннее $1 символов.'],
  [/^Field must have minimum value of (.+?)\.?$/, 'Не меньше $1.'],
  [/^Field must have maximum value of (.+?)\.?$/, 'Не больше $1.'],
  [/^Field must match pattern (.+?)\.?$/, 'Значение не подходит по виду.'],
  [/^Field must be a valid email\.?$/, 'Это не адрес почты.'],
  [/^Field must be a valid phone number\.?$/, 'Это не номер телефона.'],
  [/^Select$/, 'Выберите'],
  [/^Search$/, 'Найдите'],
]

function translateMessages(root: HTMLElement): void {
  for (const node of root.querySelectorAll<HTMLElement>('.fjs-form-field-error li, .fjs-form-field-error, .fjs-select-placeholder')) {
    // The text node itself is changed: the library goes on owning it.
    for (const child of node.childNodes) {
      if (child.nodeType !== Node.TEXT_NODE) continue
      const text = child.nodeValue ?? ''
      const rule = RU.find(([pattern]) => pattern.test(text))
      if (rule) child.nodeValue = text.replace(rule[0], rule[1])
    }
  }
  for (const input of root.querySelectorAll<HTMLInputElement>('input[placeholder]')) {
    const rule = RU.find(([pattern]) => pattern.test(input.placeholder))
    if (rule) input.placeholder = rule[1]
  }
}

export default function FormView({ schema, data, readOnly, handle }: FormViewProps) {
  const box = useRef<HTMLDivElement>(null)
  const form = useRef<FormInstance | null>(null)
  const { i18n } = useTranslation()
  const russian = i18n.language === 'ru'

  useEffect(() => {
    const container = box.current
    if (!container) return
    const instance = new Form({ container }) as unknown as FormInstance
    form.current = instance
    if (readOnly) instance.setProperty('readOnly', true)
    void instance.importSchema(schema, data ?? {})
    let observer: MutationObserver | undefined
    if (russian) {
      observer = new MutationObserver(() => translateMessages(container))
      observer.observe(container, { childList: true, subtree: true, characterData: true })
    }
    return () => {
      observer?.disconnect()
      form.current = null
      instance.destroy()
    }
  }, [schema, data, readOnly, russian])

  useImperativeHandle(handle, () => ({
    submit: () => {
      const answer = form.current?.submit() ?? { data: {}, errors: {} }
      return { data: answer.data, valid: Object.keys(answer.errors).length === 0 }
    },
  }))

  return <div ref={box} className="ruslo-form" onSubmit={(event) => event.preventDefault()} />
}
