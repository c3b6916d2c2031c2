/** Where dialogs stand. */
import { Modal } from '@mantine/core'
import { closeDialog, useDialogs } from '@/ui/dialogs'

export default function Dialogs() {
  return useDialogs().map((dialog) => (
    <Modal key={dialog.id} opened onClose={() => closeDialog(dialog.id)} title={dialog.title} size={dialog.size ?? 'md'}>
      {dialog.children}
    </Modal>
  ))
}
