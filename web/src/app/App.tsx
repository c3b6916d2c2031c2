/** Providers around the router. */
import { MantineProvider } from '@mantine/core'
import { ModalsProvider } from '@mantine/modals'
import { Notifications } from '@mantine/notifications'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { queryClient, sessionQuery, setSignedOutHandler } from '@/api'
import { setNavigator } from '@/ui/nav'
import { router } from './router'
import { cssVariables, theme } from './theme'

setNavigator((href, options) => void router.navigate({ href, replace: options?.replace }))
setSignedOutHandler(() => {
  if (location.pathname === '/sign-in') return
  queryClient.setQueryData(sessionQuery.queryKey, null)
  void router.navigate({ to: '/sign-in', search: { next: location.pathname + location.search, expired: '1' } })
})

export function App() {
  return (
    <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme="auto">
      <QueryClientProvider client={queryClient}>
        <ModalsProvider>
          <Notifications position="bottom-right" limit={4} />
          <RouterProvider router={router} />
        </ModalsProvider>
      </QueryClientProvider>
    </MantineProvider>
  )
}
