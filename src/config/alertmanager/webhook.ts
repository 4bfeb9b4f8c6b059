import { z } from 'zod'
import { Secret } from '../../lib/secret.ts'
import { markSecret } from '../../lib/secret-schema.ts'
import type { WebhookConfig } from '../../notify/channel/webhook.ts'
import { refuse } from '../../probe/fields.ts'
import { duration, eachRefused, wholeNumber } from './fields.ts'
import { type HttpConfig, httpConfig } from './http-config.ts'
import { defineIntegration, entryKeys, isTemplate } from './integration.ts'

const EXAMPLE = 'https://hooks.example.org/alerts'

/** Unlike elsewhere, a login may stand in it: Alertmanager takes that too. */
const webhookUrl = markSecret(
  z.string({ error: `is not a webhook; write ${EXAMPLE}` }).transform((text, context): URL => {
    if (isTemplate(text)) return refuse(context, 'is a template; write an address that is the same for every message')
    if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
      return refuse(context, `is not a URL; write the webhook, ${EXAMPLE}`)
    }
    return new URL(text)
  }),
)

const schema = z.strictObject({
  ...entryKeys,
  url: webhookUrl.optional().describe('Where to post to.'),
  max_alerts: wholeNumber.default(0).describe('How many alerts a message holds at most; `0` is all.'),
  http_config: httpConfig.optional(),
  timeout: duration.optional(),
  ...eachRefused({ payload: "the body is Alertmanager's; remove it, and let what takes it make something else of it" }),
})

/** `webhook_configs` */
export const webhookConfigs = defineIntegration({
  key: 'webhook_configs',
  channel: 'webhook',
  schema,
  sendResolved: true,
  read(entry, context) {
    if (entry.url === undefined) {
      context.fault([], `has no url; write one such as ${EXAMPLE}`)
      return undefined
    }
    const http = context.http(entry.http_config)
    const { url, login } = withoutLogin(entry.url)
    const settings: WebhookConfig = {
      url: new Secret(url),
      maxAlerts: entry.max_alerts,
      proxy: http.proxy,
      tls: http.tls,
      ...authorizationKeys({
        ...http,
        basicAuth: http.basicAuth ?? (http.authorization === undefined ? login : undefined),
      }),
    }
    return { settings, timeoutMs: entry.timeout === 0 ? undefined : entry.timeout }
  },
})

function withoutLogin(written: URL): { readonly url: string; readonly login: HttpConfig['basicAuth'] } {
  const { username, password } = written
  if (username === '' && password === '') return { url: written.href, login: undefined }
  const url = new URL(written)
  url.username = ''
  url.password = ''
  return {
    url: url.href,
    login: { username: decodeURIComponent(username), password: new Secret(decodeURIComponent(password)) },
  }
}

function authorizationKeys({ basicAuth, authorization }: HttpConfig): Partial<WebhookConfig> {
  if (authorization === undefined) return { basicAuth }
  const { scheme, credentials } = authorization
  if (scheme.toLowerCase() === 'bearer') return { bearerToken: credentials }
  return { headers: { authorization: `${scheme} ${credentials.reveal()}` } }
}
