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
