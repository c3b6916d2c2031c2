/** Every address of the UI; each page is loaded when it is first opened. */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Outlet, redirect } from '@tanstack/react-router'
import { queryClient, sessionQuery } from '@/api'
import { TableSkeleton } from '@/ui/Page'
import { NotFoundPage, CrashPage } from './ErrorPages'
import { Shell } from './Shell'

type Search = Record<string, string | undefined>
/** Search params are plain texts; unknown ones are kept. */
const plainSearch = (search: Record<string, unknown>): Search =>
  Object.fromEntries(Object.entries(search).filter(([, v]) => v !== undefined && v !== null && v !== '').map(([k, v]) => [k, String(v)]))

const root = createRootRoute({ component: Outlet, validateSearch: plainSearch, notFoundComponent: NotFoundPage, errorComponent: CrashPage })

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  component: lazyRouteComponent(() => import('@/features/session/SignInPage')),
})

const shell = createRoute({
  getParentRoute: () => root,
  id: 'shell',
  component: Shell,
  notFoundComponent: NotFoundPage,
  errorComponent: CrashPage,
  beforeLoad: async ({ location }) => {
    const session = await queryClient.ensureQueryData(sessionQuery)
    if (!session) throw redirect({ to: '/sign-in', search: { next: location.href } })
  },
})

const home = createRoute({
  getParentRoute: () => shell,
  path: '/',
  beforeLoad: ({ search }) => {
    // An app sent the person here to be signed in; its address is the server's, not a page of ours.
    const next = (search as Search).next
    if (next?.startsWith('/oauth/')) {
      location.replace(next)
      return new Promise<never>(() => {})
    }
    throw redirect({ to: '/inbox', replace: true })
  },
})

const page = <P extends string>(path: P, load: () => Promise<{ default: React.ComponentType }>) =>
  createRoute({ getParentRoute: () => shell, path, component: lazyRouteComponent(load) })

const pages = [
  page('/inbox', () => import('@/features/inbox/InboxPage')),
  page('/inbox/$taskId', () => import('@/features/inbox/InboxPage')),
  page('/processes', () => import('@/features/processes/ProcessesPage')),
  page('/definitions/$definitionId', () => import('@/features/processes/DefinitionPage')),
  page('/decisions/$decisionId', () => import('@/features/decisions/DecisionPage')),
  page('/compare', () => import('@/features/compare/ComparePage')),
  page('/instances/$instanceId', () => import('@/features/instances/InstancePage')),
  page('/designer', () => import('@/features/designer/ModelsPage')),
  page('/designer/$modelId', () => import('@/features/designer/DesignerPage')),
  page('/catalogs', () => import('@/features/catalogs/CatalogsPage')),
  page('/catalogs/$catalogId', () => import('@/features/catalogs/CatalogPage')),
  page('/records/$recordId', () => import('@/features/catalogs/RecordPage')),
  page('/apps', () => import('@/features/apps/AppsPage')),
  page('/apps/$appId', () => import('@/features/apps/AppPage')),
  page('/settings', () => import('@/features/settings/SettingsPage')),
]

export const router = createRouter({
  routeTree: root.addChildren([signIn, shell.addChildren([home, ...pages])]),
  defaultPreload: 'intent',
  defaultPendingMs: 200,
  // A page that is still on its way keeps its place.
  defaultPendingComponent: () => <div style={{ padding: 24 }}><TableSkeleton rows={5} /></div>,
  scrollRestoration: true,
  // Search params stay readable: plain texts, never JSON in quotes.
  parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
  stringifySearch: (search) => {
    const params = new URLSearchParams()
    for (const [key, value] of Object.entries(search)) if (value !== undefined && value !== '') params.set(key, String(value))
    const out = params.toString()
    return out ? `?${out}` : ''
  },
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
