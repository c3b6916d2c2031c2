/** Our group of the properties panel: what a person is asked, who, and with which form. */
import { Group, isSelectEntryEdited, isTextFieldEntryEdited, SelectEntry, TextFieldEntry, HeaderButton } from '@bpmn-io/properties-panel'
import { jsx } from '@bpmn-io/properties-panel/preact/jsx-runtime'
import { useService } from 'bpmn-js-properties-panel'
import i18next from 'i18next'
import type { User } from '@/api'
import { bindingGroups } from './bindingEntries'
import { calleeGroups } from './calleeEntries'
import { conditionGroups } from './conditionEntries'
import { extensionGroups } from './extensionEntries'
import { assigneeOf, fieldCount, formOf, removeForm, setAssignee, type DiagramElement, type Moddle } from './forms'
import { about, headGroup, OpenTask, taskGroups } from './globalTaskPanel'
import { expressionGroups, type PanelGroup } from './languageEntries'
import { listenerGroups } from './listenerEntries'
import { listGroups } from './listEntries'
import { OF_GLOBAL_TASKS, partGroups } from './parts/entries'
import type { Injector } from './parts/services'
import { useFormServices } from './services'
import { translate } from './translate'

/** Groups of the Zeebe panel whose place ours takes. */
const REPLACED = new Set(['form', 'userTaskImplementation'])

const TEMPLATE_GROUP = 'ElementTemplates__Template'

export interface PanelHost {
  people: () => User[]
  openForm: (element: DiagramElement) => void
}

export class RusloPanel {
  static $inject = ['propertiesPanel', 'config.ruslo', 'injector']

  private readonly openTask: OpenTask

  constructor(propertiesPanel: { registerProvider: (priority: number, provider: object) => void }, private readonly host: PanelHost, private readonly injector: Injector) {
    this.openTask = new OpenTask(injector)
    propertiesPanel.registerProvider(300, this)
  }

  getGroups(element: DiagramElement) {
    return (groups: PanelGroup[]): object[] => {
      const task = this.openTask.of(element)
      const all = task ? this.groupsOfTask(element, task) : this.groupsOf(element, groups)
      // The library's own words in a group are English unless it is told otherwise.
      return all.map((group) => ({ translate, ...group }))
    }
  }

  private groupsOf(element: DiagramElement, groups: PanelGroup[]): object[] {
    // Templates are chosen from the palette and the menus; without one applied the group has nothing to say.
    const applied = Boolean(element.businessObject.get('zeebe:modelerTemplate'))
    const library = groups.filter((group) => applied || group.id !== TEMPLATE_GROUP)
    const parts = partGroups(element, this.injector, { onOpen: (task) => this.openTask.open(task) })
    return [...this.withOurs(element, library), ...extensionGroups(element), ...listGroups(element, this.injector), ...parts]
  }

  /** A task that stands in no process has the groups of its kind. */
  private groupsOfTask(root: DiagramElement, task: Moddle): object[] {
    const { element, groups } = taskGroups(this.injector, root, task)
    const own = partGroups(element, this.injector, { specs: OF_GLOBAL_TASKS, onOpen: () => {} })
    const all = [...this.withOurs(element, groups), ...extensionGroups(element), ...own] as PanelGroup[]
    return [headGroup(root, task, { onBack: () => this.openTask.open(null), onRename: () => this.openTask.renamed(task) }), ...all.map((group) => about(element, group))]
  }

  /** The library's groups, with what it does not ask, and our group after the general one. */
  private withOurs(element: DiagramElement, library: PanelGroup[]): object[] {
    const start = element.type === 'bpmn:StartEvent' && element.parent?.type !== 'bpmn:SubProcess'
    const expressions = conditionGroups(calleeGroups(element, expressionGroups(element, library)))
    const shown = listenerGroups(element, bindingGroups(element, expressions))
    if (element.type !== 'bpmn:UserTask' && !start) return shown
    const kept = shown.filter((group) => !REPLACED.has(group.id))
    const own = { id: 'ruslo', label: start ? i18next.t('designer.panel.groupStart') : i18next.t('designer.panel.group'), component: Group, shouldOpen: true, entries: start ? [this.formEntry(element)] : this.taskEntries(element) }
    const at = kept.findIndex((group) => group.id === 'general')
    return [...kept.slice(0, at + 1), own, ...kept.slice(at + 1)]
  }

  private taskEntries(element: DiagramElement) {
    return [
      { id: 'ruslo-kind', element, component: KindEntry, isEdited: isSelectEntryEdited },
      { id: 'ruslo-assignee', element, host: this.host, component: AssigneeEntry, isEdited: isSelectEntryEdited },
      this.formEntry(element),
      { id: 'ruslo-outcome', element, component: OutcomeEntry, isEdited: isTextFieldEntryEdited },
    ]
  }

  private formEntry(element: DiagramElement) {
    return { id: 'ruslo-form', element, host: this.host, component: FormEntry }
  }
}

interface EntryProps {
  id: string
  element: DiagramElement
}

function KindEntry({ id, element }: EntryProps) {
  const modeling = useService('modeling') as { updateProperties: (element: DiagramElement, properties: object) => void }
  return jsx(SelectEntry, {
    id,
    element,
    label: i18next.t('designer.panel.taskKind'),
    getValue: () => (element.businessObject.get('ruslo:taskKind') as string | undefined) ?? 'form',
    setValue: (value: string) => modeling.updateProperties(element, { 'ruslo:taskKind': value === 'form' ? undefined : value }),
    getOptions: () => [
      { value: 'form', label: i18next.t('designer.panel.kindForm') },
      { value: 'approve', label: i18next.t('designer.panel.kindApprove') },
      { value: 'review', label: i18next.t('designer.panel.kindReview') },
      { value: 'formOrRefuse', label: i18next.t('designer.panel.kindFormOrRefuse') },
    ],
  })
}

function OutcomeEntry({ id, element }: EntryProps) {
  const modeling = useService('modeling') as { updateProperties: (element: DiagramElement, properties: object) => void }
  const debounce = useService('debounceInput')
  return jsx(TextFieldEntry, {
    id,
    element,
    debounce,
    label: i18next.t('designer.panel.outcomeVariable'),
    description: i18next.t('designer.panel.outcomeHint'),
    getValue: () => (element.businessObject.get('ruslo:outcomeVariable') as string | undefined) ?? '',
    setValue: (value: string | undefined) => modeling.updateProperties(element, { 'ruslo:outcomeVariable': value || undefined }),
  })
}

function AssigneeEntry({ id, element, host }: EntryProps & { host: PanelHost }) {
  const services = useFormServices()
  return jsx(SelectEntry, {
    id,
    element,
    label: i18next.t('designer.panel.assignee'),
    description: i18next.t('designer.panel.assigneeHint'),
    getValue: () => assigneeOf(element),
    setValue: (value: string) => setAssignee(services, element, value),
    getOptions: () => {
      const value = assigneeOf(element)
      const people = host.people().filter((user) => user.active || user.login === value).map((user) => ({ value: user.login, label: user.fullName || user.login }))
      const foreign = value && !people.some((person) => person.value === value) ? [{ value, label: value }] : []
      return [{ value: '', label: `<${i18next.t('designer.panel.assigneeNone')}>` }, ...foreign, ...people]
    },
  })
}

function FormEntry({ id, element, host }: EntryProps & { host: PanelHost }) {
  const services = useFormServices()
  const schema = formOf(element)
  const label = element.type === 'bpmn:StartEvent' ? i18next.t('designer.panel.startForm') : i18next.t('designer.panel.form')
  return jsx('div', {
    class: 'bio-properties-panel-entry ruslo-form-entry',
    'data-entry-id': id,
    children: [
      jsx('span', { class: 'bio-properties-panel-label', children: schema ? i18next.t('designer.panel.formLinked', { count: fieldCount(schema) }) : label }),
      jsx('div', {
        class: 'ruslo-form-buttons',
        children: [
          jsx(HeaderButton, {
            class: 'ruslo-panel-button',
            onClick: () => host.openForm(element),
            children: schema ? i18next.t('designer.panel.formEdit') : i18next.t('designer.panel.formCreate'),
          }),
          schema && jsx(HeaderButton, { class: 'ruslo-panel-button', onClick: () => removeForm(services, element), children: i18next.t('designer.panel.formRemove') }),
        ],
      }),
    ],
  })
}

export const rusloPanelModule = { __init__: ['rusloPanel'], rusloPanel: ['type', RusloPanel] }
