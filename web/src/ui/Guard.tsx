/** Disabled with the reason: wraps a control with what the person may do. */
import { Tooltip } from '@mantine/core'
import { cloneElement, type ReactElement } from 'react'
import { useTranslation } from 'react-i18next'
import type { Permission } from '@/api'

type Control = ReactElement<{ disabled?: boolean; 'aria-disabled'?: boolean; 'data-disabled'?: boolean; onClick?: unknown; tabIndex?: number }>

export function Guard({ can, children }: { can: Permission; children: Control }) {
  const { t } = useTranslation()
  if (can.ok) return children
  return (
    <Tooltip label={t(`common.reason.${can.reason}`)}>
      {cloneElement(children, { 'data-disabled': true, 'aria-disabled': true, onClick: (event: Event) => event.preventDefault() })}
    </Tooltip>
  )
}
