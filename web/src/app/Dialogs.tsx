/** Where dialogs stand. */
import { Modal } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { closeDialog, useDialogs } from '@/ui/dialogs'

export default function Dialogs() {
  const { t } = useTranslation()
  return useDialogs().map((dialog) => (
    <Modal key={dialog.id} opened onClose={() => closeDialog(dialog.id)} title={dialog.title} size={dialog.size ?? 'md'} closeButtonProps={{ 'aria-label': t('common.action.close') }}>
      {dialog.children}
    </Modal>
  ))
}
