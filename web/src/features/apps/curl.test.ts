import { expect, it } from 'vitest'
import { firstCallCurl, registerActivityCurl, tokenCurl, webhookCurl } from './curl'

it('uses the own address, with exactly one slash', () => {
  expect(firstCallCurl('http://x/rest', 'T')).toBe("curl 'http://x/rest/app.info' -d auth=T")
  expect(webhookCurl('http://x/rest/1/s/')).toBe("curl 'http://x/rest/1/s/user.current'")
  expect(tokenCurl('http://x/', 'T')).toBe("curl -H 'Authorization: Bearer T' 'http://x/api/v1/me'")
})

it('quotes what a shell would read as its own', () => {
  expect(registerActivityCurl('http://x/rest/', 'T', "http://h/it's")).toContain(`'HANDLER=http://h/it'\\''s'`)
})
