/** Providers around the router. */
import { MantineProvider } from '@mantine/core'
import { notificationsStore, useNotifications } from '@mantine/notifications'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { queryClient, sessionQuery, setBusyHandler, setSignedOutHandler } from '@/api'
import { useDialogs } from '@/ui/dialogs'
import { setNavigator } from '@/ui/nav'
import { askAgain } from './Busy'
import { router } from './router'
import { lazy, Suspense, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { cssVariables, themeSaying } from './theme'

const Dialogs = lazy(() => import('./Dialogs'))
const Notifications = lazy(() => import('./Toasts'))

setNavigator((href, options) => void router.navigate({ href, replace: options?.replace }))
setBusyHandler(askAgain)
setSignedOutHandler(() => {
  if (location.pathname === '/sign-in') return
  queryClient.setQueryData(sessionQuery.queryKey, null)
  void router.navigate({ to: '/sign-in', search: { next: location.pathname + location.search, expired: '1' } })
})

export function App() {
  const { t } = useTranslation()
  const close = t('common.action.close')
  const theme = useMemo(() => themeSaying(close), [close])
  return (
    <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto">
      <QueryClientProvider client={queryClient}>
        <Toasts />
        <RouterProvider router={router} />
        <DialogHost />
      </QueryClientProvider>
    </MantineProvider>
  )
}

/** Toasts are loaded with the first one; the store keeps it until then. */
function Toasts() {
  const { notifications } = useNotifications(notificationsStore)
  const [needed, setNeeded] = useState(false)
  if (notifications.length > 0 && !needed) setNeeded(true)
  return needed ? <Suspense fallback={null}><Notifications /></Suspense> : null
}

function DialogHost() {
  const any = useDialogs().length > 0
  const [needed, setNeeded] = useState(false)
  if (any && !needed) setNeeded(true)
  return needed ? <Suspense fallback={null}><Dialogs /></Suspense> : null
}
