import type { EmailConfig } from '../../notify/channel/email.ts'
import type { PagerdutyConfig } from '../../notify/channel/pagerduty.ts'
import type { ChannelConfigs, ChannelName } from '../../notify/channel/registry.ts'
import type { SlackConfig } from '../../notify/channel/slack.ts'
import type { WebhookConfig } from '../../notify/channel/webhook.ts'
import type { Words } from '../../notify/channel/words.ts'
import type { NotifyConfig } from '../notify.ts'
import { PAGERDUTY_URL } from './global.ts'

const MASK = '<secret>'

/** A receiver in Alertmanager's words. */
export interface PrintedReceiver {
  readonly receiver: Readonly<Record<string, unknown>>
  /** What it can't say there. */
  readonly notes: readonly string[]
}

type Entry = Readonly<Record<string, unknown>>
interface Printed {
  readonly key: string
  readonly entry: Entry
  readonly notes?: readonly string[]
}

/** What a channel of `notify:` is among Alertmanager's integrations; undefined where there is none of the kind. */
const PRINTERS: {
  readonly [Name in ChannelName]: (settings: NonNullable<ChannelConfigs[Name]>) => Printed | undefined
} = {
  slack: printSlack,
  email: printEmail,
  pagerduty: printPagerduty,
  webhook: printWebhook,
  sms: () => undefined,
}

/** @param channels names of channels that `notify:` sets up */
export function receiverOf(name: string, channels: readonly string[], notify: NotifyConfig): PrintedReceiver {
  const receiver: Record<string, unknown> = { name }
  const notes: string[] = []
  for (const channel of channels as readonly ChannelName[]) {
    const settings = notify.channels[channel]
    const print = PRINTERS[channel] as (settings: unknown) => Printed | undefined
    const printed = settings === undefined ? undefined : print(settings)
    if (printed === undefined) {
      notes.push(`The receiver ${name} tells ${channel} as well, which Alertmanager does not have.`)
      continue
    }
    notes.push(...(printed.notes ?? []))
    receiver[printed.key] = [{ send_resolved: notify.sendResolved, ...printed.entry }]
  }
  return { receiver, notes }
}

function printSlack({ channel, proxy, title, text }: SlackConfig): Printed {
  return {
    key: 'slack_configs',
    entry: {
      api_url: MASK,
      ...(channel === undefined ? {} : { channel }),
      ...sources({ title, text }),
      ...printHttp({ proxy }),
    },
  }
}

function printEmail({ to, from, smtp, title, text, html }: EmailConfig): Printed {
  const { host, port, tls, user, password } = smtp
  const needsForce = tls && port !== 465
  return {
    key: 'email_configs',
    entry: {
      to: to.join(', '),
      from,
      smarthost: `${host.includes(':') ? `[${host}]` : host}:${port}`,
      ...(user === undefined ? {} : { auth_username: user }),
      ...(password === undefined ? {} : { auth_password: MASK }),
      // Alertmanager knows TLS or none; a login goes over TLS only.
      ...(tls || user !== undefined ? {} : { require_tls: false }),
      ...(title?.source === undefined ? {} : { headers: { Subject: title.source } }),
      ...sources({ text, html }),
    },
    ...(needsForce
      ? {
          notes: [
            `TLS from the first byte at port ${port} needs force_implicit_tls: true, which Alertmanager has since 0.31.`,
          ],
        }
      : {}),
  }
}

function printPagerduty({ url, proxy, severity, title, details = {} }: PagerdutyConfig): Printed {
  return {
    key: 'pagerduty_configs',
    entry: {
      routing_key: MASK,
      ...(url === PAGERDUTY_URL ? {} : { url }),
      ...sources({ description: title, severity }),
      ...(Object.keys(details).length === 0 ? {} : { details: sources(details) }),
      ...printHttp({ proxy }),
    },
  }
}

function printWebhook({ url, maxAlerts, headers, signingSecret, ...way }: WebhookConfig): Printed {
  const missing = [
    ...(headers === undefined ? [] : ['the further headers']),
    ...(signingSecret === undefined ? [] : ['the signature']),
  ]
  return {
    key: 'webhook_configs',
    entry: {
      url: `${new URL(url.reveal()).origin}/${MASK}`,
      ...(maxAlerts === undefined || maxAlerts === 0 ? {} : { max_alerts: maxAlerts }),
      ...printHttp(way),
    },
    notes: missing.map((what) => `Alertmanager sends its webhook without ${what} that midwatch sends.`),
  }
}

/** The texts that the operator wrote. */
function sources(words: Readonly<Record<string, Words | undefined>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(words).flatMap(([key, one]) => (one?.source === undefined ? [] : [[key, one.source]])),
  )
}

function printHttp({
  bearerToken,
  basicAuth,
  proxy,
}: Pick<WebhookConfig, 'bearerToken' | 'basicAuth' | 'proxy'>): Entry {
  const http = {
    ...(bearerToken === undefined ? {} : { authorization: { credentials: MASK } }),
    ...(basicAuth === undefined ? {} : { basic_auth: { username: basicAuth.username, password: MASK } }),
    ...(proxy === undefined ? {} : { proxy_url: new URL(proxy.reveal()).origin }),
  }
  return Object.keys(http).length === 0 ? {} : { http_config: http }
}
