/** `g` then a letter goes to a section, by key position, so that it works in either keyboard layout. */
import { useEffect } from 'react'
import { isTyping } from '@/ui/hooks'
import { navigateTo } from '@/ui/nav'

const GO: Record<string, string> = { KeyI: '/inbox', KeyP: '/processes', KeyD: '/designer', KeyC: '/catalogs' }
const WAIT_MS = 900

export function useGoKeys(): void {
  useEffect(() => {
    let armed = 0
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
      if (document.querySelector('[data-canvas]')) return
      if (event.code === 'KeyG') {
        armed = event.timeStamp
        return
      }
      const href = GO[event.code]
      if (href && armed > 0 && event.timeStamp - armed < WAIT_MS) navigateTo(href)
      armed = 0
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [])
}
