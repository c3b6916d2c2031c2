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
const views = { drd: words, decisionTable: words, literalExpression: words, boxedExpression: words }

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
