/** The drawing tool: bpmn-js with Zeebe's properties, element templates, our group and our words. */
import Modeler from 'bpmn-js/lib/Modeler'
import { BpmnPropertiesPanelModule, BpmnPropertiesProviderModule, ZeebePropertiesProviderModule } from 'bpmn-js-properties-panel'
import { CloudElementTemplatesPropertiesProviderModule } from 'bpmn-js-element-templates'
import { CreateAppendAnythingModule, CreateAppendElementTemplatesModule } from 'bpmn-js-create-append-anything'
import 'bpmn-js/dist/assets/diagram-js.css'
import 'bpmn-js/dist/assets/bpmn-js.css'
import 'bpmn-js/dist/assets/bpmn-font/css/bpmn.css'
import '@bpmn-io/properties-panel/dist/assets/properties-panel.css'
import 'bpmn-js-element-templates/dist/assets/element-templates.css'
import type { ElementTemplate } from '@/api'
import { appPaletteModule } from '../modules/AppPalette'
import { behaviorsModule } from '../modules/behaviors'
import type { DiagramElement, FormServices } from '../modules/forms'
import { SHOW } from '../modules/globalTaskPanel'
import { simulationModule } from '../modules/simulation'
import { rusloPanelModule, type PanelHost } from '../modules/RusloPanel'
import { mendModule } from '../modules/mend'
import { partsModule } from '../modules/parts/search'
import { togetherModule } from '../modules/parts/services'
import { rootMarkersModule } from '../modules/rootMarkers'
import ruslo from '../modules/ruslo-moddle.json'
import { variablesModule } from '../modules/variables'
import { zeebe } from '../modules/zeebe'
import { templateNameModule } from '../modules/TemplateName'
import { translateModule } from '../modules/translate'
import { slicedImportModule } from './slices'

export interface ModelerOptions {
  canvas: HTMLElement
  panel: HTMLElement
  host: PanelHost
}

export function createModeler({ canvas, panel, host }: ModelerOptions): Modeler {
  return new Modeler({
    container: canvas,
    propertiesPanel: { parent: panel },
    ruslo: host,
    bpmnRenderer: { defaultFillColor: 'var(--diagram-fill)', defaultStrokeColor: 'var(--diagram-stroke)', defaultLabelColor: 'var(--diagram-label)' },
    moddleExtensions: { zeebe, ruslo },
    additionalModules: [
      mendModule,
      slicedImportModule,
      rootMarkersModule,
      BpmnPropertiesPanelModule,
      BpmnPropertiesProviderModule,
      ZeebePropertiesProviderModule,
      CloudElementTemplatesPropertiesProviderModule,
      CreateAppendAnythingModule,
      CreateAppendElementTemplatesModule,
      behaviorsModule,
      variablesModule,
      togetherModule,
      partsModule,
      rusloPanelModule,
      appPaletteModule,
      templateNameModule,
      translateModule,
      simulationModule,
    ],
  } as unknown as ConstructorParameters<typeof Modeler>[0])
}

interface Box {
  x: number
  y: number
  width: number
  height: number
}

export interface ModelerServices {
  canvas: { zoom: (level: 'fit-viewport' | number, center?: 'auto') => void; viewbox: { (): { scale: number; inner: Box; outer: { width: number; height: number } }; (box: Box): void }; scrollToElement: (id: string, padding?: number | { top: number; right: number; bottom: number; left: number }) => void; getRootElement: () => DiagramElement }
  commandStack: { undo: () => void; redo: () => void; canUndo: () => boolean; canRedo: () => boolean }
  elementRegistry: { get: (id: string) => DiagramElement | undefined }
  selection: { select: (element: unknown) => void; get: () => DiagramElement[] }
  overlays: { add: (id: string, type: string, overlay: object) => string; remove: (filter: { type: string }) => void }
  modeling: FormServices['modeling'] & { updateProperties: (element: DiagramElement, properties: object) => void }
  elementTemplatesLoader: { setTemplates: (templates: ElementTemplate[]) => void }
  palette: { _update?: () => void; _rebuild?: () => void }
}

export function serviceOf<K extends keyof ModelerServices>(modeler: Modeler, name: K): ModelerServices[K] {
  return modeler.get(name) as ModelerServices[K]
}

export function formServices(modeler: Modeler): FormServices {
  return { bpmnFactory: modeler.get('bpmnFactory'), modeling: modeler.get('modeling'), commandStack: modeler.get('commandStack') }
}

/** Opens the search over the canvas, as Ctrl+F does when the canvas has the keyboard. */
export function searchIn(modeler: Modeler): void {
  const pad = modeler.get('searchPad') as { toggle: () => void; isOpen: () => boolean }
  // The pad closes on a click beside it: the click that asked for it must be over.
  setTimeout(() => { if (!pad.isOpen()) pad.toggle() })
}

/** Asks the panel for what is not drawn. */
export function showInPanel(modeler: Modeler, id: string): void {
  const bus = modeler.get('eventBus') as { fire: (event: string, what: { id: string }) => void }
  bus.fire(SHOW, { id })
}

/** Room for the palette on the left, and some air around. */
const PALETTE_PX = 130
const MARGIN_PX = 32

/** The whole drawing in view, clear of the palette, never larger than life. */
export function fit(modeler: Modeler): void {
  const canvas = serviceOf(modeler, 'canvas')
  const { inner, outer } = canvas.viewbox()
  const left = outer.width > 600 ? PALETTE_PX : MARGIN_PX
  const room = { width: outer.width - left - MARGIN_PX, height: outer.height - 2 * MARGIN_PX }
  if (room.width <= 0 || room.height <= 0 || inner.width === 0) return
  const scale = Math.min(1, room.width / inner.width, room.height / inner.height)
  const [width, height] = [outer.width / scale, outer.height / scale]
  const x = inner.x - left / scale - (room.width / scale - inner.width) / 2
  canvas.viewbox({ x, y: inner.y + inner.height / 2 - height / 2, width, height })
}

const WORDS_RU: Record<string, string> = { Inputs: 'На вход', Result: 'Результат', Waiting: 'Ожидание', 'Result variable': 'Переменная с результатом', 'Wait for the answer': 'Ждать ответа', 'Wait at most': 'Ждать не дольше', Unit: 'Единица', Seconds: 'секунды', Minutes: 'минуты', Hours: 'часы', Days: 'дни', Yes: 'Да', No: 'Нет', Message: 'Сообщение', Text: 'Текст', 'To whom': 'Кому', Record: 'Запись', Catalog: 'Каталог', Fields: 'Поля', Address: 'Адрес', Method: 'Метод', Body: 'Тело', Headers: 'Заголовки' }

/** Built-in templates name themselves in both languages; their fixed labels are told here. */
export function localize(template: ElementTemplate, language: 'ru' | 'en'): ElementTemplate {
  const opened = Array.isArray(template.groups) ? template.groups.map((group) => ({ openByDefault: true, ...(group as object) })) : template.groups
  if (language === 'en') return { ...template, groups: opened } as ElementTemplate
  const word = (value: unknown): unknown => (typeof value === 'string' ? (WORDS_RU[value] ?? value) : value)
  const labelled = (list: unknown): unknown =>
    Array.isArray(list)
      ? list.map((item: Record<string, unknown>) => ({ ...item, ...('label' in item ? { label: word(item.label) } : {}), ...(Array.isArray(item.choices) ? { choices: item.choices.map((choice: Record<string, unknown>) => ({ ...choice, name: word(choice.name) })) } : {}) }))
      : list
  const keywords = template.keywords
  const name = template.id.startsWith('ruslo:') && Array.isArray(keywords) && typeof keywords[0] === 'string' ? keywords[0] : template.name
  return { ...template, name, groups: labelled(opened), properties: labelled(template.properties) } as ElementTemplate
}
