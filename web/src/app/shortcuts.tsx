/** All keyboard shortcuts on one card. */
import i18next from 'i18next'
import { useTranslation } from 'react-i18next'
import { closeDialog, openDialog } from '@/ui/dialogs'
import css from './shell.module.css'

let opened = 0

export function openShortcuts(): void {
  closeDialog(opened)
  opened = openDialog({ title: i18next.t('shell.shortcuts.title'), size: 'lg', children: <ShortcutList /> })
}

function ShortcutList() {
  const { t } = useTranslation()
  const then = t('shell.shortcuts.joiner')
  const groups: [string, [string, string[], string?][]][] = [
    [t('shell.shortcuts.everywhere'), [
      [t('shell.shortcuts.palette'), ['Ctrl', 'K']],
      [t('shell.shortcuts.search'), ['/']],
      [t('shell.shortcuts.goInbox'), ['G', 'I'], then],
      [t('shell.shortcuts.goProcesses'), ['G', 'P'], then],
      [t('shell.shortcuts.goDesigner'), ['G', 'D'], then],
      [t('shell.shortcuts.goCatalogs'), ['G', 'C'], then],
      [t('shell.shortcuts.help'), ['?']],
    ]],
    [t('shell.shortcuts.lists'), [
      [t('shell.shortcuts.next'), ['J']],
      [t('shell.shortcuts.previous'), ['K']],
      [t('shell.shortcuts.open'), ['Enter']],
    ]],
    [t('shell.shortcuts.designer'), [
      [t('shell.shortcuts.create'), ['N']],
      [t('shell.shortcuts.append'), ['A']],
      [t('shell.shortcuts.find'), ['Ctrl', 'F']],
      [t('shell.shortcuts.undo'), ['Ctrl', 'Z']],
      [t('shell.shortcuts.redo'), ['Ctrl', 'Y']],
      [t('shell.shortcuts.save'), ['Ctrl', 'S']],
    ]],
  ]
  return (
    <div className={css.shortcuts}>
      {groups.map(([title, rows]) => (
        <section key={title}>
          <h3>{title}</h3>
          {rows.map(([label, keys, joiner]) => (
            <div key={label} className={css.shortcut}>
              <span>{label}</span>
              <span>{keys.map((key, i) => <span key={key}>{i > 0 && <small> {joiner ?? '+'} </small>}<kbd>{key}</kbd></span>)}</span>
            </div>
          ))}
        </section>
      ))}
    </div>
  )
}
