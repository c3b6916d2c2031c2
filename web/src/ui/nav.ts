/** Navigation for building blocks that know no router: the app says how to go somewhere. */
type Go = (href: string, options?: { replace?: boolean }) => void

let go: Go = (href) => location.assign(href)

export function setNavigator(navigator: Go): void {
  go = navigator
}

export function navigateTo(href: string, options?: { replace?: boolean }): void {
  go(href, options)
}

/** Whether a click on a link is ours to handle: same origin, plain left click, not a download. */
export function ownLink(event: MouseEvent | React.MouseEvent): string | null {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return null
  const link = (event.target as Element | null)?.closest?.('a[href]') as HTMLAnchorElement | null
  if (!link || link.target === '_blank' || link.hasAttribute('download') || link.origin !== location.origin) return null
  if (link.pathname.startsWith('/api/') || link.getAttribute('href')?.startsWith('#')) return null
  return link.pathname + link.search + link.hash
}
