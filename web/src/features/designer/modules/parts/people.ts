/** Who does a task in BPMN's own words: performers and potential owners, by expression or as a resource of the file. */
import i18next from 'i18next'
import type { DiagramElement, Moddle } from '../forms'
import { addRoot, idOf, make, many, nameOf, one, rootsOfType, text, type PartServices } from './services'
import { CREATE, type PartSpec, type Spot } from './spec'

const ROLES = ['bpmn:PotentialOwner', 'bpmn:HumanPerformer', 'bpmn:Performer'] as const

/** Tasks that are given to people: a manual task only when it asks for a confirmation. */
const forPeople = (element: DiagramElement): boolean =>
  element.type === 'bpmn:UserTask' || (element.type === 'bpmn:ManualTask' && element.businessObject.get('ruslo:confirm') === 'true')

const rolesOf = (element: DiagramElement): Moddle[] => many(element.businessObject, 'resources').filter((role) => (ROLES as readonly string[]).includes(role.$type))
const replace = (services: PartServices, { element, item }: Spot, made: Moddle): void =>
  services.modeling.updateModdleProperties(element, element.businessObject, { resources: many(element.businessObject, 'resources').map((role) => (role === item ? made : role)) })

/** A role of another kind is another part with the same contents. */
function writeRole(services: PartServices, spot: Spot, type: string): void {
  const { element, item } = spot
  const expression = one(item, 'resourceAssignmentExpression')
  const made = make(services, element.businessObject, type, {
    id: idOf(item), name: text(item, 'name') || undefined, resourceRef: one(item, 'resourceRef'), resourceAssignmentExpression: expression, resourceParameterBindings: many(item, 'resourceParameterBindings'),
  })
  services.together(() => replace(services, spot, made))
}

function writeResource(services: PartServices, { element, item }: Spot, value: string): void {
  services.together(() => {
    const known = rootsOfType(element, 'bpmn:Resource')
    const chosen = value === CREATE
      ? addRoot(services, element, 'bpmn:Resource', { id: services.newId('Resource_'), name: i18next.t('designer.newResource', { number: known.length + 1 }) })
      : known.find((resource) => idOf(resource) === value)
    services.modeling.updateModdleProperties(element, item, { resourceRef: chosen, ...(chosen ? { resourceAssignmentExpression: undefined } : {}) })
  })
}

const roles: PartSpec = {
  key: 'roles',
  shown: forPeople,
  items: rolesOf,
  add: (services, element) => {
    const made = make(services, element.businessObject, 'bpmn:PotentialOwner', { id: services.newId('PotentialOwner_') })
    services.modeling.updateModdleProperties(element, element.businessObject, { resources: [...many(element.businessObject, 'resources'), made] })
  },
  remove: (services, { element, item }) =>
    services.modeling.updateModdleProperties(element, element.businessObject, { resources: many(element.businessObject, 'resources').filter((role) => role !== item) }),
  label: (item) => text(item, 'name') || text(one(one(item, 'resourceAssignmentExpression'), 'expression'), 'body') || nameOf(one(item, 'resourceRef')) || '…',
  columns: () => [
    {
      key: 'role', kind: 'choice',
      read: ({ item }) => item.$type,
      write: writeRole,
      choices: () => ROLES.map((value) => ({ value, label: i18next.t(`designer.role.${value.slice(5) as 'Performer'}`) })),
    },
    { key: 'partName', kind: 'text', read: ({ item }) => text(item, 'name'), write: (services, { element, item }, value) => services.modeling.updateModdleProperties(element, item, { name: value || undefined }) },
    {
      key: 'resource', kind: 'choice',
      read: ({ item }) => idOf(one(item, 'resourceRef')),
      write: writeResource,
      choices: ({ element }) => [
        { value: '', label: i18next.t('designer.roleByExpression') },
        { value: CREATE, label: i18next.t('designer.roleNewResource') },
        ...rootsOfType(element, 'bpmn:Resource').map((resource) => ({ value: idOf(resource), label: nameOf(resource) })),
      ],
    },
    {
      key: 'resourceName', kind: 'text',
      hidden: ({ item }) => !one(item, 'resourceRef'),
      read: ({ item }) => text(one(item, 'resourceRef'), 'name'),
      write: (services, { element, item }, value) => { const resource = one(item, 'resourceRef'); if (resource) services.modeling.updateModdleProperties(element, resource, { name: value || undefined }) },
      wrong: (value) => (value ? undefined : i18next.t('designer.partWrong.empty')),
    },
    {
      key: 'roleExpression', kind: 'expression', property: 'expression',
      hidden: ({ item }) => Boolean(one(item, 'resourceRef')),
      owner: ({ item }) => one(item, 'resourceAssignmentExpression'),
      makeOwner: (services, { element, item }) => {
        const made = make(services, item, 'bpmn:ResourceAssignmentExpression', { id: services.newId('ResourceAssignmentExpression_') })
        services.modeling.updateModdleProperties(element, item, { resourceAssignmentExpression: made })
        return made
      },
      after: (services, { element, item }) => {
        const holder = one(item, 'resourceAssignmentExpression')
        if (holder && !one(holder, 'expression')) services.modeling.updateModdleProperties(element, item, { resourceAssignmentExpression: undefined })
      },
    },
  ],
}

export const PEOPLE: readonly PartSpec[] = [roles]
