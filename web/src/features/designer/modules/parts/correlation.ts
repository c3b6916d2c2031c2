/** Correlation by key: properties read out of messages, keys made of properties, and what they are in the process's data. */
import i18next from 'i18next'
import type { DiagramElement, Moddle } from '../forms'
import { addRoot, idOf, isFile, make, many, nameOf, one, processOf, removeRoot, rootsOfType, text, type PartServices } from './services'
import { CREATE, type Choice, type NestedSpec, type PartColumn, type PartSpec, type Spot } from './spec'

const set = (services: PartServices, element: DiagramElement, part: Moddle, properties: object): void => services.modeling.updateModdleProperties(element, part, properties)
const propertiesOf = (element: DiagramElement): Moddle[] => rootsOfType(element, 'bpmn:CorrelationProperty')
const choicesOf = (parts: Moddle[]): Choice[] => parts.map((part) => ({ value: idOf(part), label: nameOf(part) }))

const nameColumn: PartColumn = {
  key: 'partName', kind: 'text',
  read: ({ item }) => text(item, 'name'),
  write: (services, { element, item }, value) => set(services, element, item, { name: value || undefined }),
}

function writeMessage(services: PartServices, { element, item }: Spot, value: string): void {
  services.together(() => {
    const known = rootsOfType(element, 'bpmn:Message')
    const chosen = value === CREATE
      ? addRoot(services, element, 'bpmn:Message', { id: services.newId('Message_'), name: i18next.t('designer.newMessage', { number: known.length + 1 }) })
      : known.find((message) => idOf(message) === value)
    set(services, element, item, { messageRef: chosen })
  })
}

const retrievals: NestedSpec = {
  key: 'retrievals',
  items: ({ item }) => many(item, 'correlationPropertyRetrievalExpression'),
  add: (services, { element, item }) => {
    const list = many(item, 'correlationPropertyRetrievalExpression')
    const used = new Set(list.map((retrieval) => one(retrieval, 'messageRef')))
    const made = make(services, item, 'bpmn:CorrelationPropertyRetrievalExpression', { id: services.newId('RetrievalExpression_'), messageRef: rootsOfType(element, 'bpmn:Message').find((message) => !used.has(message)) })
    set(services, element, item, { correlationPropertyRetrievalExpression: [...list, made] })
  },
  remove: (services, { element, item }, gone) =>
    set(services, element, item, { correlationPropertyRetrievalExpression: many(item, 'correlationPropertyRetrievalExpression').filter((other) => other !== gone) }),
  label: (retrieval) => nameOf(one(retrieval, 'messageRef')) || '…',
  columns: [
    {
      key: 'message', kind: 'choice',
      read: ({ item }) => idOf(one(item, 'messageRef')),
      write: writeMessage,
      choices: ({ element }) => [{ value: '', label: i18next.t('designer.extNone') }, { value: CREATE, label: i18next.t('designer.extOption.messageRef.create') }, ...choicesOf(rootsOfType(element, 'bpmn:Message'))],
    },
    { key: 'messagePath', kind: 'expression', property: 'messagePath', owner: ({ item }) => item },
  ],
}

const properties: PartSpec = {
  key: 'correlationProperties',
  shown: isFile,
  items: propertiesOf,
  add: (services, element) => {
    const number = propertiesOf(element).length + 1
    addRoot(services, element, 'bpmn:CorrelationProperty', { id: services.newId('CorrelationProperty_'), name: i18next.t('designer.newCorrelationProperty', { number }) })
  },
  remove: (services, { element, item }) => services.together(() => {
    for (const key of keysOf(element)) {
      const parts = many(key, 'correlationPropertyRef')
      if (parts.includes(item)) set(services, element, key, { correlationPropertyRef: parts.filter((part) => part !== item) })
    }
    for (const process of rootsOfType(element, 'bpmn:Process')) {
      for (const subscription of many(process, 'correlationSubscriptions')) {
        const bindings = many(subscription, 'correlationPropertyBinding')
        const kept = bindings.filter((binding) => one(binding, 'correlationPropertyRef') !== item)
        if (kept.length < bindings.length) set(services, element, subscription, { correlationPropertyBinding: kept })
      }
    }
    removeRoot(services, element, item)
  }),
  label: nameOf,
  columns: () => [nameColumn],
  nested: retrievals,
}

const collaborationsOf = (element: DiagramElement): Moddle[] => rootsOfType(element, 'bpmn:Collaboration')
/** Everything that may have keys: collaborations and the conversations in them. */
const keyHolders = (element: DiagramElement): Moddle[] => collaborationsOf(element).flatMap((one) => [one, ...conversations(one)])
const conversations = (holder: Moddle): Moddle[] => [...many(holder, 'conversations'), ...many(holder, 'conversationNodes')].flatMap((node) => [node, ...conversations(node)])
const keysOf = (element: DiagramElement): Moddle[] => keyHolders(element).flatMap((holder) => many(holder, 'correlationKeys'))

const keys: PartSpec = {
  key: 'correlationKeys',
  shown: isFile,
  items: keysOf,
  add: (services, element) => services.together(() => {
    const shown = element.type === 'bpmn:Collaboration' ? element.businessObject : collaborationsOf(element)[0]
    const holder = shown ?? addRoot(services, element, 'bpmn:Collaboration', { id: services.newId('Collaboration_') })
    const made = make(services, holder, 'bpmn:CorrelationKey', {
      id: services.newId('CorrelationKey_'), name: i18next.t('designer.newCorrelationKey', { number: keysOf(element).length + 1 }), correlationPropertyRef: propertiesOf(element).slice(0, 1),
    })
    set(services, element, holder, { correlationKeys: [...many(holder, 'correlationKeys'), made] })
  }),
  remove: (services, { element, item }) => services.together(() => {
    for (const holder of keyHolders(element)) {
      const list = many(holder, 'correlationKeys')
      if (list.includes(item)) set(services, element, holder, { correlationKeys: list.filter((key) => key !== item) })
    }
    for (const process of rootsOfType(element, 'bpmn:Process')) {
      const list = many(process, 'correlationSubscriptions')
      const kept = list.filter((subscription) => one(subscription, 'correlationKeyRef') !== item)
      if (kept.length < list.length) set(services, element, process, { correlationSubscriptions: kept })
    }
  }),
  label: nameOf,
  columns: ({ element }) => [
    nameColumn,
    ...propertiesOf(element).map((property): PartColumn => ({
      key: 'property', id: idOf(property), label: nameOf(property), kind: 'check',
      read: ({ item }) => String(many(item, 'correlationPropertyRef').includes(property)),
      write: (services, { item }, value) => {
        const without = many(item, 'correlationPropertyRef').filter((part) => part !== property)
        set(services, element, item, { correlationPropertyRef: value === 'true' ? [...without, property] : without })
      },
    })),
  ],
}

const subscriptionsOf = (element: DiagramElement): Moddle[] => many(processOf(element), 'correlationSubscriptions')
const holding = (element: DiagramElement, binding: Moddle): Moddle | undefined => subscriptionsOf(element).find((one) => many(one, 'correlationPropertyBinding').includes(binding))

/** The subscription to the key that a property belongs to. */
function subscriptionFor(services: PartServices, element: DiagramElement, process: Moddle, property: Moddle | undefined): Moddle {
  const all = keysOf(element)
  const key = all.find((one) => property && many(one, 'correlationPropertyRef').includes(property)) ?? all[0]
  const list = many(process, 'correlationSubscriptions')
  const known = list.find((one_) => one(one_, 'correlationKeyRef') === key)
  if (known) return known
  const made = make(services, process, 'bpmn:CorrelationSubscription', { id: services.newId('CorrelationSubscription_'), correlationKeyRef: key })
  set(services, element, process, { correlationSubscriptions: [...list, made] })
  return made
}

function addBinding(services: PartServices, element: DiagramElement): void {
  const process = processOf(element)
  if (!process) return
  const bound = new Set(subscriptionsOf(element).flatMap((one_) => many(one_, 'correlationPropertyBinding')).map((binding) => one(binding, 'correlationPropertyRef')))
  const property = propertiesOf(element).find((one_) => !bound.has(one_))
  services.together(() => {
    const subscription = subscriptionFor(services, element, process, property)
    const made = make(services, subscription, 'bpmn:CorrelationPropertyBinding', { id: services.newId('CorrelationPropertyBinding_'), correlationPropertyRef: property })
    set(services, element, subscription, { correlationPropertyBinding: [...many(subscription, 'correlationPropertyBinding'), made] })
  })
}

function removeBinding(services: PartServices, { element, item }: Spot): void {
  const [process, subscription] = [processOf(element), holding(element, item)]
  if (!process || !subscription) return
  const left = many(subscription, 'correlationPropertyBinding').filter((other) => other !== item)
  if (left.length > 0) set(services, element, subscription, { correlationPropertyBinding: left })
  else set(services, element, process, { correlationSubscriptions: subscriptionsOf(element).filter((other) => other !== subscription) })
}

/** A binding of a property of another key stands in another subscription. */
function bind(services: PartServices, spot: Spot, value: string): void {
  const { element, item } = spot
  const process = processOf(element)
  const property = propertiesOf(element).find((part) => idOf(part) === value)
  if (!process) return
  services.together(() => {
    set(services, element, item, { correlationPropertyRef: property })
    const target = subscriptionFor(services, element, process, property)
    if (holding(element, item) === target) return
    removeBinding(services, spot)
    item.$parent = target
    set(services, element, target, { correlationPropertyBinding: [...many(target, 'correlationPropertyBinding'), item] })
  })
}

const bindings: PartSpec = {
  key: 'correlationBindings',
  shown: (element) => processOf(element) !== undefined,
  items: (element) => subscriptionsOf(element).flatMap((subscription) => many(subscription, 'correlationPropertyBinding')),
  add: addBinding,
  remove: removeBinding,
  label: (item) => nameOf(one(item, 'correlationPropertyRef')) || '…',
  columns: () => [
    {
      key: 'property', kind: 'choice',
      read: ({ item }) => idOf(one(item, 'correlationPropertyRef')),
      write: bind,
      choices: ({ element }) => [{ value: '', label: i18next.t('designer.extNone') }, ...choicesOf(propertiesOf(element))],
    },
    { key: 'dataPath', kind: 'expression', property: 'dataPath', owner: ({ item }) => item },
  ],
}

export const CORRELATION: readonly PartSpec[] = [properties, keys, bindings]
