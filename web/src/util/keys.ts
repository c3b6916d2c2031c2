/** Keys from names: transliterated, upper case, unique without regard to case. */
const RU: Record<string, string> = {
  а: 'a', б: 'b', в: 'v', г: 'g', д: 'd', е: 'e', ё: 'e', ж: 'zh', з: 'z', и: 'i', й: 'y', к: 'k', л: 'l', м: 'm', н: 'n',
  о: 'o', п: 'p', р: 'r', с: 's', т: 't', у: 'u', ф: 'f', х: 'h', ц: 'ts', ч: 'ch', ш: 'sh', щ: 'sch', ъ: '', ы: 'y', ь: '',
  э: 'e', ю: 'yu', я: 'ya',
}

export const KEY_PATTERN = /^[A-Za-z_][A-Za-z0-9_]*$/

export function keyFromName(name: string, taken: Iterable<string> = []): string {
  const latin = [...name.trim().toLowerCase()].map((c) => RU[c] ?? c).join('')
  const base = latin.replace(/[^a-z0-9]+/g, '_').replace(/^_+|_+$/g, '').toUpperCase().slice(0, 40)
  const key = base === '' ? 'FIELD' : /^[0-9]/.test(base) ? `F_${base}` : base
  const used = new Set([...taken].map((k) => k.toLowerCase()))
  if (!used.has(key.toLowerCase())) return key
  let n = 2
  while (used.has(`${key}_${n}`.toLowerCase())) n += 1
  return `${key}_${n}`
}
