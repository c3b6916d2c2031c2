/** How long a message is kept, as it is typed and as it is sent. */

export const UNITS = { seconds: 1000, minutes: 60_000, hours: 3_600_000, days: 86_400_000 } as const
export type Unit = keyof typeof UNITS

/** A hundred years: what is kept longer ends beyond the dates that can be told. */
export const LONGEST_DAYS = 36_500

/** Milliseconds; nothing typed, or nothing that is a length of time, is not kept; `null`: longer than anything is kept. */
export function timeToLive(amount: number | null, unit: Unit): number | null {
  const ms = Math.round((amount ?? 0) * UNITS[unit])
  if (ms > LONGEST_DAYS * UNITS.days) return null
  return ms > 0 ? ms : 0
}
