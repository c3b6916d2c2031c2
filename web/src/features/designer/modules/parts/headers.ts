/** Static settings of a listener, which its worker gets with the job. */
import i18next from 'i18next'
import { make, many, one, text } from './services'
import type { NestedSpec } from './spec'

export const HEADERS: NestedSpec = {
  key: 'headers',
  items: ({ item }) => many(one(item, 'headers'), 'values'),
  add: (services, { element, item }) => services.together(() => {
    const known = one(item, 'headers')
    const holder = known ?? make(services, item, 'zeebe:TaskHeaders')
    services.modeling.updateModdleProperties(element, holder, { values: [...many(holder, 'values'), make(services, holder, 'zeebe:Header')] })
    if (!known) services.modeling.updateModdleProperties(element, item, { headers: holder })
  }),
  remove: (services, { element, item }, gone) => services.together(() => {
    const holder = one(item, 'headers')
    if (!holder) return
    const left = many(holder, 'values').filter((header) => header !== gone)
    if (left.length > 0) services.modeling.updateModdleProperties(element, holder, { values: left })
    else services.modeling.updateModdleProperties(element, item, { headers: undefined })
  }),
  label: (header) => text(header, 'key') || '…',
  columns: [
    {
      key: 'headerKey', kind: 'text',
      read: ({ item }) => text(item, 'key'),
      write: (services, { element, item }, value) => services.modeling.updateModdleProperties(element, item, { key: value || undefined }),
      wrong: (value) => (value ? undefined : i18next.t('designer.partWrong.empty')),
    },
    { key: 'headerValue', kind: 'text', read: ({ item }) => text(item, 'value'), write: (services, { element, item }, value) => services.modeling.updateModdleProperties(element, item, { value: value || undefined }) },
  ],
}
