/** Finding a setting: groups of the panel without the words are put aside, those with them are open. */
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'

const GROUP = '.bio-properties-panel-group[data-group-id]'

/** Marks the groups that speak of `wanted`; says whether there are any. */
export function markGroups(panel: ParentNode, wanted: string): boolean {
  const words = wanted.trim().toLowerCase()
  let any = false
  for (const group of panel.querySelectorAll<HTMLElement>(GROUP)) {
    const found = words !== '' && wordsOf(group).toLowerCase().includes(words)
    group.toggleAttribute('data-found', found)
    any ||= found
  }
  return any
}

/** Titles and labels; what is written in fields counts too. */
function wordsOf(group: HTMLElement): string {
  const values = [...group.querySelectorAll<HTMLInputElement>('input:not([type="checkbox"]), textarea')].map((field) => field.value)
  return [group.textContent, ...values].join('\n')
}

export function PanelSearch({ panel }: { panel: React.RefObject<HTMLDivElement | null> }) {
  const { t } = useTranslation()
  const [wanted, setWanted] = useState('')
  const [none, setNone] = useState(false)
  const searching = wanted.trim() !== ''

  useEffect(() => {
    const root = panel.current
    if (!root) return
    const mark = () => setNone(!markGroups(root, wanted) && searching)
    root.toggleAttribute('data-searching', searching)
    mark()
    if (!searching) return
    // The panel draws itself anew when another element is chosen.
    const watch = new MutationObserver(mark)
    watch.observe(root, { childList: true, subtree: true })
    return () => watch.disconnect()
  }, [panel, wanted, searching])

  return (
    <div className="ruslo-panel-search">
      <input type="search" value={wanted} placeholder={t('designer.findSetting')} aria-label={t('designer.findSetting')} onChange={(event) => setWanted(event.currentTarget.value)} />
      {none && <p role="status">{t('designer.findSettingNone')}</p>}
    </div>
  )
}
