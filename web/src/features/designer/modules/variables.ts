/** Variables that the editors of expressions suggest: those of the process around; a global task stands in none. */
import { getVariablesForElement } from '@bpmn-io/extract-process-variables/zeebe'
import type { Moddle } from './forms'
import { isGlobalTask } from './parts/globalTasks'

class Variables {
  async getVariablesForElement(part: Moddle): Promise<object[]> {
    let at: Moddle | undefined = part
    while (at && !isGlobalTask(at)) at = at.$parent
    return at ? [] : getVariablesForElement(part)
  }
}

export const variablesModule = { variableResolver: ['type', Variables] }
