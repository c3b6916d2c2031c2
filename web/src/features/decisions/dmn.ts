/** The decision editor: dmn-js in the page's look and the person's language. */
import DmnModeler from 'dmn-js/lib/Modeler'
import DmnViewer from 'dmn-js/lib/NavigatedViewer'
import 'dmn-js/dist/assets/diagram-js.css'
import 'dmn-js/dist/assets/dmn-js-shared.css'
import 'dmn-js/dist/assets/dmn-js-drd.css'
import 'dmn-js/dist/assets/dmn-js-decision-table.css'
import 'dmn-js/dist/assets/dmn-js-decision-table-controls.css'
import 'dmn-js/dist/assets/dmn-js-literal-expression.css'
import 'dmn-js/dist/assets/dmn-js-boxed-expression.css'
import 'dmn-js/dist/assets/dmn-js-boxed-expression-controls.css'
import 'dmn-js/dist/assets/dmn-font/css/dmn.css'
import { currentLanguage } from '@/i18n'
import { dmnRu } from './dmn.ru'
import './decisions.css'

export interface View {
  type: 'drd' | 'decisionTable' | 'literalExpression' | 'boxedExpression'
  element: { id: string; name?: string; $type: string }
}

export interface ActiveViewer {
  get: (name: string) => unknown
  on: (event: string, handler: () => void) => void
}

export interface Dmn {
  importXML: (xml: string) => Promise<unknown>
  saveXML: (options: { format: boolean }) => Promise<{ xml: string }>
  getViews: () => View[]
  getActiveView: () => View | undefined
  getActiveViewer: () => ActiveViewer | undefined
  open: (view: View) => Promise<unknown>
  on: (event: string, handler: () => void) => void
  destroy: () => void
}

export function translate(template: string, replacements: Record<string, string> = {}): string {
  const text = currentLanguage() === 'ru' ? (dmnRu[template] ?? template) : template
  return text.replace(/{\s*([^}\s]+)\s*}/g, (whole, key: string) => replacements[key] ?? whole)
}

const words = { additionalModules: [{ translate: ['value', translate] }] }
/** The picture in the colours of all drawings. */
const drdRenderer = { defaultFillColor: 'var(--diagram-fill)', defaultStrokeColor: 'var(--diagram-stroke)', defaultLabelColor: 'var(--diagram-label)' }
const views = { drd: { ...words, drdRenderer }, decisionTable: words, literalExpression: words, boxedExpression: words }

export function createEditor(container: HTMLElement): Dmn {
  return new DmnModeler({ container, ...views, common: { expressionLanguages: { options: [{ value: 'feel', label: 'FEEL' }], defaults: { editor: 'feel', inputCell: 'feel' } } } })
}

export function createViewer(container: HTMLElement): Dmn {
  return new DmnViewer({ container, ...views })
}

/** The view to begin with: the picture of several decisions, the table of a single one. */
export function firstView(dmn: Dmn): View | undefined {
  const all = dmn.getViews()
  const tables = all.filter((view) => view.type !== 'drd')
  return tables.length === 1 ? tables[0] : (all.find((view) => view.type === 'drd') ?? all[0])
}

interface Box {
  x: number
  y: number
  width: number
  height: number
}
interface DrdCanvas {
  viewbox: { (): { inner: Box; outer: { width: number; height: number } }; (box: Box): void }
}

/** Room for the palette and the name of the file, and some air around. */
const TOOLS_PX = 260
const TOOLS_FROM_PX = 600
const MARGIN_PX = 24

/** The whole picture in view, clear of the tools, never larger than life. */
export function fitPicture(dmn: Dmn, editable: boolean): void {
  if (dmn.getActiveView()?.type !== 'drd') return
  const canvas = dmn.getActiveViewer()?.get('canvas') as DrdCanvas | undefined
  if (!canvas) return
  const { inner, outer } = canvas.viewbox()
  const left = editable && outer.width > TOOLS_FROM_PX ? TOOLS_PX : MARGIN_PX
  const room = { width: outer.width - left - MARGIN_PX, height: outer.height - 2 * MARGIN_PX }
  if (room.width <= 0 || room.height <= 0 || inner.width === 0) return
  const scale = Math.min(1, room.width / inner.width, room.height / inner.height)
  const [width, height] = [outer.width / scale, outer.height / scale]
  canvas.viewbox({ x: inner.x - left / scale - (room.width / scale - inner.width) / 2, y: inner.y + inner.height / 2 - height / 2, width, height })
}
