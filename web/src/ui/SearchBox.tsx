/** Search of a page: `/` focuses it, the text lives in the URL through `onChange`. */
import { CloseButton, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { IconSearch } from '@tabler/icons-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import css from './ui.module.css'

export function SearchBox({ value, onChange, placeholder }: { value: string; onChange: (text: string) => void; placeholder: string }) {
  const { t } = useTranslation()
  const [text, setText] = useState(value)
  const [given, setGiven] = useState(value)
  if (given !== value) {
    setGiven(value)
    setText(value)
  }
  const push = useDebouncedCallback(onChange, 200)
  return (
    <TextInput
      data-page-search
      className={css.search}
      type="search"
      aria-label={placeholder}
      placeholder={placeholder}
      leftSection={<IconSearch size={15} />}
      value={text}
      onChange={(event) => {
        setText(event.currentTarget.value)
        push(event.currentTarget.value)
      }}
      onKeyDown={(event) => {
        if (event.key === 'Escape') {
          setText('')
          onChange('')
          event.currentTarget.blur()
        }
      }}
      rightSection={text ? <CloseButton size="sm" aria-label={t('common.action.clear')} onClick={() => { setText(''); onChange('') }} /> : null}
    />
  )
}
