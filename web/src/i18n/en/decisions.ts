import type { decisions as ru } from '../ru/decisions'
import type { Translation } from '../types'

export const decisions: Translation<typeof ru> = {
  searchPlaceholder: 'Find decision',
  empty: 'No decisions yet',
  emptyHint: 'Draw a decision table in the designer, or import a .dmn file, and deploy it.',
  id: 'Id',
  version: 'Version',
  tag: 'Version tag',
  requirements: 'File of decisions',
  drd: 'Diagram',
  views: 'What is shown',
  edit: 'Edit a copy',
  export: 'Download DMN',
  withdraw: 'Withdraw version',
  withdrawConfirm: 'Withdraw the version of the decision?',
  withdrawText: 'Business rule tasks no longer find version {{version}} of the decision “{{name}}”.',
  withdrawn: 'Version withdrawn',
  isWithdrawn: 'Withdrawn',
  tryOut: {
    title: 'Try out',
    decision: 'Decision',
    value: 'a number, true, "text" or JSON',
    nothing: 'There is no decision in the file yet.',
    noInputs: 'This decision needs nothing.',
    run: 'Evaluate decision',
    result: 'Result',
    noRule: 'No rule matched',
    rules_one: 'Rule {{numbers}} matched',
    rules_other: 'Rules {{numbers}} matched',
    warnings: 'Warnings',
  },
}
