/** What the entries of the panel change the model with. */
import { useService } from 'bpmn-js-properties-panel'
import type { DiagramElement, FormServices, Moddle } from './forms'

export function useFormServices(): FormServices {
  return {
    bpmnFactory: useService('bpmnFactory') as FormServices['bpmnFactory'],
    modeling: useService('modeling') as FormServices['modeling'],
    commandStack: useService('commandStack') as FormServices['commandStack'],
  }
}

const THROWN = /^bpmn:(Signal|Escalation|Message)EventDefinition$/

/** Event definitions of the drawing that can be thrown, with the names of their events. */
export function useThrown(): { definition: Moddle; value: string; label: string }[] {
  const registry = useService('elementRegistry') as { filter: (test: (element: DiagramElement) => boolean) => DiagramElement[] }
  const events = registry.filter((element) => element.type.endsWith('Event') && !('labelTarget' in element && element.labelTarget))
  return events.flatMap((event) =>
    ((event.businessObject.get('eventDefinitions') as Moddle[] | undefined) ?? [])
      .filter((definition) => THROWN.test(definition.$type))
      .map((definition) => ({ definition, value: String(definition.get('id')), label: String(event.businessObject.get('name') || event.id) })))
}
