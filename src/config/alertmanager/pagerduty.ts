import { z } from 'zod'
import type { PagerdutyConfig } from '../../notify/channel/pagerduty.ts'
import type { Words } from '../../notify/channel/words.ts'
import { secret, url } from '../../probe/fields.ts'
import { authorizationOf } from './authorization.ts'
import { duration, eachRefused, text, textOrNothing } from './fields.ts'
import { PAGERDUTY_URL } from './global.ts'
import { httpConfig } from './http-config.ts'
import { defineIntegration, entryKeys, isTemplate } from './integration.ts'

const OLD_API = "is for PagerDuty's Events API v1; write routing_key with the integration key of Events API v2"

const schema = z.strictObject({
  ...entryKeys,
  routing_key: secret.optional(),
  url: url(['http:', 'https:'], PAGERDUTY_URL, 'the address without them').optional(),
  description: text.optional().describe("The title of the incident; midwatch's own unless told."),
  severity: text
    .optional()
    .describe('critical, error, warning or info; what the severity of the alerts comes to unless told.'),
  source: text.optional(),
  client: text.optional(),
  client_url: text.optional(),
  class: text.optional(),
  component: text.optional(),
  group: text.optional(),
  details: z.record(z.string(), textOrNothing).optional().describe('Besides, or in place of, the lists of alerts.'),
  images: z.array(z.strictObject({ src: text.optional(), alt: text.optional(), href: text.optional() })).optional(),
  links: z.array(z.strictObject({ href: text.optional(), text: text.optional() })).optional(),
  http_config: httpConfig.optional(),
  timeout: duration.optional(),
  ...eachRefused({ service_key: `service_key ${OLD_API}`, service_key_file: `service_key_file ${OLD_API}` }),
})

/** `pagerduty_configs` */
export const pagerdutyConfigs = defineIntegration({
  key: 'pagerduty_configs',
  channel: 'pagerduty',
  schema,
  sendResolved: true,
  read(entry, context) {
    if (entry.routing_key === undefined) {
      context.fault([], 'has no routing_key; write the integration key of an Events API v2 integration')
      return undefined
    }
    if (isTemplate(entry.routing_key.reveal())) {
      context.fault(['routing_key'], 'is a template; write a receiver for each service, and routes to them')
      return undefined
    }
    const http = context.http(entry.http_config)
    const words = (key: keyof typeof entry & string) => context.words([key], entry[key] as string | undefined)
    const details = Object.entries(entry.details ?? {}).flatMap(([key, value]): [string, Words][] => {
      const told = context.words(['details', key], value)
      return told === undefined ? [] : [[key, told]]
    })
    const settings: PagerdutyConfig = {
      routingKey: entry.routing_key,
      url: entry.url?.href ?? context.global.pagerdutyUrl,
      proxy: http.proxy,
      tls: http.tls,
      authorization: authorizationOf(http),
      title: words('description'),
      severity: words('severity'),
      source: words('source') ?? words('client'),
      client: words('client'),
      clientUrl: words('client_url'),
      component: words('component'),
      class: words('class'),
      group: words('group'),
      ...(details.length === 0 ? {} : { details: Object.fromEntries(details) }),
      links: (entry.links ?? []).map((link, i) => ({
        href: context.words(['links', i, 'href'], link.href),
        text: context.words(['links', i, 'text'], link.text),
      })),
      images: (entry.images ?? []).map((image, i) => ({
        src: context.words(['images', i, 'src'], image.src),
        alt: context.words(['images', i, 'alt'], image.alt),
        href: context.words(['images', i, 'href'], image.href),
      })),
    }
    return { settings, timeoutMs: entry.timeout === 0 ? undefined : entry.timeout }
  },
})
