/** Playing a drawing by token before it is deployed: the library's simulator, started from our bar, in our words. */
import type Modeler from 'bpmn-js/lib/Modeler'
import TokenSimulationModule from 'bpmn-js-token-simulation'
import 'bpmn-js-token-simulation/assets/css/bpmn-js-token-simulation.css'
import { currentLanguage } from '@/i18n'
import { simulationRu } from './simulation.ru'

interface ToggleMode {
  toggleMode: (active?: boolean) => void
}

interface Talker {
  showNotification: (options: { text: string }) => unknown
}

interface Logger {
  log: (options: { text: string }) => unknown
}

/** The simulator's own words are fixed; what it says passes through here. */
class SimulationWords {
  static $inject = ['eventBus', 'canvas', 'notifications', 'log']

  constructor(eventBus: { on: (event: string, handler: () => void) => void }, canvas: { getContainer: () => HTMLElement }, notifications: Talker, log: Logger) {
    const show = notifications.showNotification.bind(notifications)
    notifications.showNotification = (options) => show({ ...options, text: say(options.text) })
    const write = log.log.bind(log)
    log.log = (options) => write({ ...options, text: say(options.text) })
    eventBus.on('tokenSimulation.toggleMode', () => {
      const root = canvas.getContainer().parentElement ?? canvas.getContainer()
      for (const entry of root.querySelectorAll<HTMLElement>('.bts-palette [title], .bts-set-animation-speed [title]')) entry.title = say(entry.title)
      for (const line of root.querySelectorAll<HTMLElement>('.bts-log .placeholder, .bts-log .bts-header')) sayInside(line)
    })
  }
}

function sayInside(element: HTMLElement): void {
  for (const node of element.childNodes) if (node.nodeType === Node.TEXT_NODE && node.textContent?.trim()) node.textContent = say(node.textContent.trim())
}

/** A text of the simulator in the person's language, word group by word group. */
export function say(text: string, language = currentLanguage()): string {
  if (language !== 'ru') return text
  const exact = simulationRu[text.trim()]
  if (exact) return exact
  const known = Object.entries(simulationRu)
  const head = known.find(([en]) => text.startsWith(`${en} `))
  const rest = head ? head[1] + text.slice(head[0].length) : text
  const tail = known.find(([en]) => rest.endsWith(` ${en}`))
  return tail ? rest.slice(0, -tail[0].length) + tail[1] : rest
}

export const simulationModule = {
  __depends__: [TokenSimulationModule],
  __init__: ['rusloSimulationWords'],
  rusloSimulationWords: ['type', SimulationWords],
}

export function simulate(modeler: Modeler, active: boolean): void {
  const mode = modeler.get('toggleMode') as ToggleMode
  mode.toggleMode(active)
}
