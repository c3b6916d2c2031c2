/** Variables that the editors of expressions suggest: those of the process around; a global task stands in none. */
import { getVariablesForElement } from '@bpmn-io/extract-process-variables/zeebe'
import type { Moddle } from './forms'
import { isGlobalTask } from './parts/globalTasks'

interface Bus {
  on: (event: string, listener: () => void) => void
}

class Variables {
  static $inject = ['eventBus']

  /** Each editor of the panel asks, and the answer reads the whole process: it is kept until something changes. */
  private known = new WeakMap<Moddle, Promise<object[]>>()

  constructor(eventBus: Bus) {
    for (const event of ['commandStack.changed', 'elements.changed', 'import.done']) {
      eventBus.on(event, () => {
        this.known = new WeakMap()
      })
    }
  }

  getVariablesForElement(part: Moddle): Promise<object[]> {
    let at: Moddle | undefined = part
    while (at && !isGlobalTask(at)) at = at.$parent
    if (at) return Promise.resolve([])
    const known = this.known.get(part) ?? getVariablesForElement(part)
    this.known.set(part, known)
    return known
  }
}

export const variablesModule = { variableResolver: ['type', Variables] }
