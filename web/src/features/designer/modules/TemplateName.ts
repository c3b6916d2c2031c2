/** An element made of a template begins with the template's name: a drawing of nameless boxes tells nothing. */
import type { ElementTemplate } from '@/api'
import type { Moddle } from './forms'

interface CreateContext {
  context: { shape?: { businessObject?: Moddle & { name?: string } } }
}
interface Bus {
  on: (event: string, listener: (event: CreateContext) => void) => void
}
interface Templates {
  get: (element: unknown) => ElementTemplate | null
}

export class TemplateName {
  static $inject = ['eventBus', 'elementTemplates']

  constructor(eventBus: Bus, elementTemplates: Templates) {
    eventBus.on('commandStack.shape.create.preExecute', ({ context }) => {
      const element = context.shape
      const made = element?.businessObject
      if (!made || made.name || !made.get('zeebe:modelerTemplate')) return
      const template = elementTemplates.get(element)
      if (template) made.name = template.name
    })
  }
}

export const templateNameModule = { __init__: ['templateName'], templateName: ['type', TemplateName] }
