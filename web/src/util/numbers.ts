/** Numbers in inputs, as the language writes them. */

export interface Separators {
  thousandSeparator: string
  decimalSeparator: string
  /** What may be typed for the decimal separator. */
  allowedDecimalSeparators: string[]
}

export function separators(locale: string): Separators {
  const parts = new Intl.NumberFormat(locale, { useGrouping: true }).formatToParts(12_345_678.9)
  const of = (type: 'group' | 'decimal', fallback: string) => parts.find((part) => part.type === type)?.value ?? fallback
  const thousandSeparator = of('group', ' ')
  return { thousandSeparator, decimalSeparator: of('decimal', '.'), allowedDecimalSeparators: ['.', ','].filter((one) => one !== thousandSeparator) }
}

/** What is written in an input, with a point for the decimal separator. */
export function numberOf(written: number | string): number | null {
  const text = String(written).trim()
  const number = Number(text)
  return text === '' || Number.isNaN(number) ? null : number
}

/** What an input shows: as it was typed ("10.", "1.0", "-") while that means the value. */
export function shownNumber(typed: number | string, value: number | null): number | string {
  return numberOf(typed) === value ? typed : (value ?? '')
}

/** Numbers one by one: where the comma is for decimals only the semicolon parts them. */
export function numberList(locale: string): { splitChars: string[]; write: (n: number | string) => string; read: (text: string) => number | null } {
  const { decimalSeparator, allowedDecimalSeparators } = separators(locale)
  const comma = allowedDecimalSeparators.includes(',')
  return {
    splitChars: comma ? [';'] : [',', ';'],
    write: (n) => String(n).replace('.', decimalSeparator),
    read: (text) => numberOf(comma ? text.replace(',', '.') : text),
  }
}
