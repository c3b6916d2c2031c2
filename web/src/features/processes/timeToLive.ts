/** How long a message is kept, as it is typed and as it is sent. */

export const UNITS = { seconds: 1000, minutes: 60_000, hours: 3_600_000, days: 86_400_000 } as const
export type Unit = keyof typeof UNITS

/** Milliseconds; nothing typed, or nothing that is a length of time, is not kept. */
export function timeToLive(amount: number | null, unit: Unit): number {
  const ms = Math.round((amount ?? 0) * UNITS[unit])
  return Number.isSafeInteger(ms) && ms > 0 ? ms : 0
}
