/** Libraries of the designer that bring no types; only what is used here is told. */
declare module 'bpmn-js/lib/import/BpmnImporter' {
  export default class BpmnImporter {
    static $inject: string[]
    add(semantic: object, di: object, parent?: unknown): unknown
  }
}
declare module 'camunda-bpmn-js-behaviors/lib/camunda-cloud' {
  const module: Record<string, unknown>
  export default module
}
declare module 'camunda-bpmn-js-behaviors/lib/camunda-cloud/FormsBehavior' {
  export default class FormsBehavior {
    static $inject: string[]
    _registerZeebeUserTaskSupport(): void
  }
}
declare module 'bpmn-js-i18n/translations/ru' {
  const words: Record<string, string>
  export default words
}
declare module 'bpmn-js-properties-panel' {
  export const BpmnPropertiesPanelModule: object
  export const BpmnPropertiesProviderModule: object
  export const ZeebePropertiesProviderModule: object
  export function useService(name: string): unknown
}
declare module 'bpmn-js-element-templates' {
  export const CloudElementTemplatesPropertiesProviderModule: object
}
declare module 'bpmn-js-create-append-anything' {
  export const CreateAppendAnythingModule: object
  export const CreateAppendElementTemplatesModule: object
}
declare module 'zeebe-bpmn-moddle/resources/zeebe.json' {
  const descriptor: { types: { name: string; meta?: { allowedIn: string[] }; properties?: object[] }[] }
  export default descriptor
}
declare module '@bpmn-io/properties-panel' {
  export const Group: unknown
  export const SelectEntry: unknown
  export const TextFieldEntry: unknown
  export const CheckboxEntry: unknown
  export const HeaderButton: unknown
  export const isSelectEntryEdited: unknown
  export const TextAreaEntry: unknown
  export const isTextAreaEntryEdited: unknown
  export const ListGroup: unknown
  export const ListEntry: unknown
  export const CheckboxGroup: unknown
  export const CollapsibleEntry: unknown
  export const isTextFieldEntryEdited: unknown
}
declare module '@bpmn-io/properties-panel/preact/jsx-runtime' {
  export function jsx(type: unknown, props: object): unknown
}
declare module 'bpmn-js-token-simulation' {
  const module: object
  export default module
}
declare module 'dmn-js/lib/Modeler' {
  const DmnModeler: new (options: object) => import('@/features/decisions/dmn').Dmn
  export default DmnModeler
}
declare module 'dmn-js/lib/NavigatedViewer' {
  const DmnViewer: new (options: object) => import('@/features/decisions/dmn').Dmn
  export default DmnViewer
}
declare module 'bpmn-moddle' {
  export class BpmnModdle {
    constructor(packages: Record<string, object>)
    fromXML(xml: string): Promise<{ rootElement: unknown; warnings: unknown[] }>
    toXML(element: unknown, options: { format: boolean }): Promise<{ xml: string }>
  }
}
declare module '@bpmn-io/extract-process-variables/zeebe' {
  export function getVariablesForElement(part: object): Promise<object[]>
}
