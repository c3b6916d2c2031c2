/** The panel of a task that stands in no process: the groups of its kind, shown in place of the file's own. */
import { Group, HeaderButton } from '@bpmn-io/properties-panel'
import { jsx } from '@bpmn-io/properties-panel/preact/jsx-runtime'
import i18next from 'i18next'
import type { DiagramElement, Moddle } from './forms'
import type { PanelGroup } from './languageEntries'
import { columnEntries } from './parts/entries'
import { GLOBAL_COLUMNS, globalTasksOf, standIn } from './parts/globalTasks'
import type { PartColumn } from './parts/spec'
import { idOf, isFile, nameOf, type Injector } from './parts/services'

interface EventBus {
  on: (event: string, listener: (event: { newSelection?: unknown[]; id?: string }) => void) => void
  fire: (event: string) => void
}

/** Asked to show what has this id, when the drawing does not have it. */
export const SHOW = 'ruslo.show'

/** Which global task the panel shows instead of the file, if any. */
export class OpenTask {
  private id: string | null = null

  constructor(private readonly injector: Injector) {
    const bus = this.bus()
    // What is chosen in the drawing is shown; so is the file when its ground is.
    bus.on('selection.changed', ({ newSelection = [] }) => { if (newSelection.length > 0) this.id = null })
    bus.on('element.click', () => { this.id = null })
    bus.on('import.done', () => { this.id = null })
    // The library follows the changes of the elements it knows.
    bus.on('commandStack.changed', () => { if (this.id !== null) bus.fire('propertiesPanel.providersChanged') })
    bus.on(SHOW, ({ id }) => { if (id !== undefined) this.show(id) })
  }

  private bus(): EventBus {
    return this.injector.get('eventBus') as EventBus
  }

  open(task: Moddle | null): void {
    this.id = task && idOf(task)
    this.bus().fire('propertiesPanel.providersChanged')
  }

  /** A finding names the task, or a step of it. */
  private show(id: string): void {
    const root = (this.injector.get('canvas') as { getRootElement: () => DiagramElement }).getRootElement()
    const task = isFile(root) ? globalTasksOf(root).find((one) => id === idOf(one) || id.startsWith(`${idOf(one)}.`)) : undefined
    if (!task) return
    ;(this.injector.get('selection') as { select: (nothing: null) => void }).select(null)
    this.open(task)
  }

  /** The task that is shown while `element` is the panel's; a renamed one has another id. */
  of(element: DiagramElement): Moddle | undefined {
    return this.id !== null && isFile(element) ? globalTasksOf(element).find((task) => idOf(task) === this.id) : undefined
  }

  renamed(task: Moddle): void {
    if (this.id !== null) this.id = idOf(task)
  }
}

interface Provider {
  getGroups: (element: DiagramElement) => (groups: PanelGroup[]) => PanelGroup[]
}

/** The library's groups of such an element, and how they are told which element they are about. */
export function taskGroups(injector: Injector, root: DiagramElement, task: Moddle): { element: DiagramElement; groups: PanelGroup[] } {
  const element = standIn(injector.get('moddle') as { create: (type: string) => unknown }, root, task)
  const provider = injector.get('zeebePropertiesProvider') as Provider
  return { element, groups: provider.getGroups(element)([]) }
}

/** A group asks about `element` though the panel shows another one. */
export function about(element: DiagramElement, group: PanelGroup): PanelGroup {
  const Component = group.component as unknown
  return { ...group, component: (props: object) => jsx(Component, { ...props, element }) }
}

interface HeadActions {
  onBack: () => void
  onRename: () => void
}

/** What a task is called and how, and the way back. */
export function headGroup(root: DiagramElement, task: Moddle, { onBack, onRename }: HeadActions): PanelGroup {
  const columns = GLOBAL_COLUMNS.map((column): PartColumn => {
    if (column.kind === 'expression' || column.key === 'partName') return column
    // Another kind is another part, another id another name of it: the panel stays with the task.
    return { ...column, write: (services, spot, value) => { column.write(services, spot, value); onRename() } }
  })
  return {
    id: 'ruslo-global',
    label: i18next.t('designer.globalTask.title', { name: nameOf(task) }),
    component: Group,
    shouldOpen: true,
    entries: [{ id: 'ruslo-global-back', onBack, component: BackEntry }, ...columnEntries(columns, { element: root, item: task }, 'ruslo-global')],
  }
}

function BackEntry({ id, onBack }: { id: string; onBack: () => void }) {
  return jsx('div', {
    class: 'bio-properties-panel-entry ruslo-form-buttons',
    'data-entry-id': id,
    children: jsx(HeaderButton, { class: 'ruslo-panel-button', onClick: onBack, children: i18next.t('designer.globalTask.back') }),
  })
}
