/** Numbers in order, neighbours drawn together: `0–7, 12, 40–47`. */
export function ranges(numbers: number[]): string {
  const runs: { from: number; to: number }[] = []
  for (const n of numbers) {
    const last = runs.at(-1)
    if (last && n === last.to + 1) last.to = n
    else runs.push({ from: n, to: n })
  }
  return runs.map(({ from, to }) => (from === to ? String(from) : `${from}${to === from + 1 ? ', ' : '–'}${to}`)).join(', ')
}
