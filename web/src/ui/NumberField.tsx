/** Numbers as a person types them: separators of the language, and nothing half typed is overwritten. */
import { NumberInput, TagsInput, type NumberInputProps, type TagsInputProps } from '@mantine/core'
import { useState } from 'react'
import type { Json } from '@/api'
import { numberList, numberOf, separators, shownNumber } from '@/util/numbers'
import { useLocale } from './hooks'

type NumberFieldProps = Omit<NumberInputProps, 'value' | 'defaultValue' | 'onChange' | 'onBlur'> & { value: Json | undefined; onChange: (value: number | null) => void }

export function NumberField({ value, onChange, ...rest }: NumberFieldProps) {
  const locale = useLocale()
  const [typed, setTyped] = useState<number | string>('')
  const take = (written: number | string) => {
    setTyped(written)
    onChange(numberOf(written))
  }
  const known = value === null || value === undefined ? null : numberOf(String(value))
  // Left, it shows what is kept.
  return <NumberInput {...rest} {...separators(locale)} valueIsNumericString hideControls value={shownNumber(typed, known)} onChange={take} onBlur={() => setTyped('')} />
}

type NumbersFieldProps = Omit<TagsInputProps, 'value' | 'defaultValue' | 'onChange'> & { value: string[]; onChange: (value: number[]) => void }

export function NumbersField({ value, onChange, ...rest }: NumbersFieldProps) {
  const { splitChars, write, read } = numberList(useLocale())
  return <TagsInput size="sm" {...rest} splitChars={splitChars} value={value.map(write)} onChange={(all) => onChange(all.map(read).filter((one) => one !== null))} />
}
