/** Ready commands with this installation's own address. */
const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

const withSlash = (address: string): string => (address.endsWith('/') ? address : `${address}/`)

export function firstCallCurl(endpoint: string, accessToken: string): string {
  return `curl ${quote(`${withSlash(endpoint)}app.info`)} -d auth=${accessToken}`
}

/** Registers the activity of the vendor's course, so that the first thing to see is one's own block in the palette. */
export function registerActivityCurl(endpoint: string, accessToken: string, handler: string): string {
  const fields: [string, string][] = [
    ['auth', accessToken],
    ['CODE', 'md5'],
    ['HANDLER', handler],
    ['USE_SUBSCRIPTION', 'Y'],
    ['NAME[ru]', 'MD5 строки'],
    ['NAME[en]', 'MD5 of a string'],
    ['PROPERTIES[inputString][Name][ru]', 'Строка'],
    ['PROPERTIES[inputString][Name][en]', 'String'],
    ['PROPERTIES[inputString][Type]', 'string'],
    ['PROPERTIES[inputString][Default]', '{=Document:NAME}'],
    ['RETURN_PROPERTIES[outputString][Name][ru]', 'MD5'],
    ['RETURN_PROPERTIES[outputString][Name][en]', 'MD5'],
    ['RETURN_PROPERTIES[outputString][Type]', 'string'],
  ]
  const lines = fields.map(([key, value]) => `  --data-urlencode ${quote(`${key}=${value}`)}`)
  return [`curl ${quote(`${withSlash(endpoint)}bizproc.activity.add`)}`, ...lines].join(' \\\n')
}

export function webhookCurl(url: string): string {
  return `curl ${quote(`${withSlash(url)}user.current`)}`
}

export function tokenCurl(publicUrl: string, token: string): string {
  return `curl -H ${quote(`Authorization: Bearer ${token}`)} ${quote(`${publicUrl.replace(/\/$/, '')}/api/v1/me`)}`
}
