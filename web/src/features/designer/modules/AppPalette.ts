/** Activities of apps stand in the palette itself, each as a tile with its first letters. */
import type { ElementTemplate } from '@/api'
import { translate } from './translate'

interface Services {
  palette: { registerProvider: (priority: number, provider: object) => void }
  create: { start: (event: Event, element: unknown) => void }
  elementTemplates: { getLatest: () => ElementTemplate[]; createElement: (template: ElementTemplate) => unknown }
  eventBus: { on: (event: string, listener: () => void) => void; fire: (event: string) => void }
}

const SHOWN_MAX = 8

export class AppPalette {
  static $inject = ['palette', 'create', 'elementTemplates', 'eventBus']
  private readonly services: Services

  constructor(palette: Services['palette'], create: Services['create'], elementTemplates: Services['elementTemplates'], eventBus: Services['eventBus']) {
    this.services = { palette, create, elementTemplates, eventBus }
    palette.registerProvider(500, this)
    eventBus.on('elementTemplates.changed', () => eventBus.fire('palette.changed-templates'))
  }

  getPaletteEntries(): Record<string, unknown> {
    const { elementTemplates, create } = this.services
    const activities = elementTemplates.getLatest().filter((template) => template.id.startsWith('app.')).slice(0, SHOWN_MAX)
    const entries: Record<string, unknown> = {}
    if (activities.length > 0) entries['app-separator'] = { group: 'apps', separator: true }
    for (const template of activities) {
      const start = (event: Event) => create.start(event, elementTemplates.createElement(template))
      entries[`app-activity-${template.id}`] = {
        group: 'apps',
        html: `<div class="entry ruslo-app-entry" draggable="true"><span>${initials(template.name)}</span></div>`,
        title: `${translate('Create element')}: ${template.name}`,
        action: { dragstart: start, click: start },
      }
    }
    return entries
  }
}

/** Two letters that tell tiles apart: of the first two words, or of the only one. Letters and digits only. */
function initials(name: string): string {
  const words = name.split(/[^\p{L}\p{N}]+/u).filter(Boolean)
  const text = words.length > 1 ? words.slice(0, 2).map((word) => [...word][0]).join('') : [...(words[0] ?? '?')].slice(0, 2).join('')
  return text.toUpperCase()
}

export const appPaletteModule = { __init__: ['appPalette'], appPalette: ['type', AppPalette] }
