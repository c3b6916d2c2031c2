/** Files to and from the person's disk. */
export function downloadText(name: string, text: string, type = 'application/xml'): void {
  const url = URL.createObjectURL(new Blob([text], { type }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 1000)
}

export function fileName(name: string, extension: string): string {
  const safe = name.trim().replace(/[\\/:*?"<>|]+/g, '-').slice(0, 80)
  return `${safe || 'process'}.${extension}`
}
