import { createHash } from 'node:crypto'
import { z } from 'zod'
import { goJson } from '../../lib/go-json.ts'
import type { Secret } from '../../lib/secret.ts'
import { markSecret } from '../../lib/secret-schema.ts'
import { version } from '../../lib/version.ts'
import { compareText } from '../../model/labels.ts'
import { ACKNOWLEDGED, type Notification, type NotifiedAlert } from '../../model/notification.ts'
import { secret, url as webUrl } from '../../probe/fields.ts'
import { composeMessage, type MessageText } from '../message.ts'
import type { Channel } from './channel.ts'
import { proxy, wording } from './fields.ts'
import { authorizationHeader, post } from './http.ts'
import type { TlsFiles } from './tls-files.ts'
import { say, sourcesOf, type Words } from './words.ts'

export interface PagerdutyConfig {
  /** The integration key of a service. */
  readonly routingKey: Secret
  readonly url: string
  readonly proxy?: Secret | undefined
  /** The title of the incident. */
  readonly title?: Words | undefined
  /** One of PagerDuty's severities; what is none of them counts as `error`. */
  readonly severity?: Words | undefined
  readonly source?: Words | undefined
  readonly client?: Words | undefined
  readonly clientUrl?: Words | undefined
  readonly component?: Words | undefined
  readonly class?: Words | undefined
  readonly group?: Words | undefined
  /** Besides, or in place of, the lists of alerts. */
  readonly details?: Readonly<Record<string, Words>> | undefined
  /** Besides the runbooks and pages of checks. */
  readonly links?: readonly { readonly href: Words | undefined; readonly text: Words | undefined }[] | undefined
  readonly images?: readonly PagerdutyImage[] | undefined
  /** The value of a header, for a gateway in front. */
  readonly authorization?: Secret | undefined
  readonly tls?: TlsFiles | undefined
}

interface PagerdutyImage {
  readonly src: Words | undefined
  readonly alt: Words | undefined
  readonly href: Words | undefined
}

const EVENTS_URL = 'https://events.pagerduty.com/v2/enqueue'
const KEY_EXAMPLE = `\${PAGERDUTY_ROUTING_KEY}`
const SEVERITIES = ['critical', 'error', 'warning', 'info'] as const

const routingKey = markSecret(
  secret.refine((text) => /^[A-Za-z0-9+_-]{8,}$/.test(text.reveal()), {
    error: `is not a routing key; write the integration key of an Events API v2 integration, ${KEY_EXAMPLE}`,
  }),
)

const severity = wording().refine(
  ({ source = '' }) => source.includes('{{') || SEVERITIES.some((one) => one === source),
  { error: `is none of PagerDuty's severities; write one of ${SEVERITIES.join(', ')}` },
)

const config = z
  .union(
    [
      routingKey.transform((key): PagerdutyConfig => ({ routingKey: key, url: EVENTS_URL })),
      z
        .strictObject({
          routing_key: routingKey,
          title: wording()
            .optional()
            .describe("Of the incident, may have `{{ … }}` in it; midwatch's own unless told."),
          severity: severity
            .optional()
            .describe(
              '`critical`, `error`, `warning` or `info`, or a text with `{{ … }}` that comes to one of them; made of the severity of the alerts unless told.',
            ),
          details: z
            .record(z.string(), wording(), { error: 'is not a map; write {team: "{{ .CommonLabels.team }}"}' })
            .optional()
            .describe(
              'Shown with the incident, besides `firing`, `resolved`, `num_firing` and `num_resolved` or in their place.',
            ),
          url: webUrl(['http:', 'https:'], EVENTS_URL, 'the address without them')
            .prefault(EVENTS_URL)
            .describe('Where events go; `https://events.eu.pagerduty.com/v2/enqueue` in the EU.'),
          proxy,
        })
        .transform(
          ({ routing_key, url, ...written }): PagerdutyConfig => ({
            ...written,
            routingKey: routing_key,
            url: url.href,
          }),
        ),
    ],
    { error: `is neither a routing key nor keys; write ${KEY_EXAMPLE} or {routing_key: …}` },
  )
  .describe('The integration key of an Events API v2 integration, or keys.')

/** Ours are PagerDuty's under other names. */
const SEVERITY_OF: Readonly<Record<string, (typeof SEVERITIES)[number]>> = {
  critical: 'critical',
  high: 'error',
  medium: 'warning',
  low: 'info',
  error: 'error',
  warning: 'warning',
  info: 'info',
}
/** PagerDuty's own limits. */
const MAX_SUMMARY_RUNES = 1024
const MAX_EVENT_BYTES = 512_000
const MAX_LISTED = 100
const MAX_LINKS = 10

/** Opens one incident for each group and resolves it, by PagerDuty's Events API v2. */
export const pagerduty: Channel<PagerdutyConfig> = {
  config,
  textKey: 'routing_key',
  // An incident is about one group.
  digest: 'never',
  keepsIncidents: true,
  describe: ({ routingKey: key, url, title, severity: asked, details, proxy: way }) => ({
    routing_key: String(key),
    ...sourcesOf({ title, severity: asked }),
    ...(details === undefined ? {} : { details: sourcesOf(details) }),
    url,
    ...(way === undefined ? {} : { proxy: String(way) }),
  }),
  target: ({ url }) => `the service of the routing key at ${new URL(url).host}`,

  async send(settings, notification, context) {
    await post(
      {
        who: 'PagerDuty',
        url: new URL(settings.url),
        headers: { 'content-type': 'application/json', ...authorizationHeader(settings.authorization) },
        body: pagerdutyEvent(settings, notification, context.nowMs),
        proxy: settings.proxy,
        tls: settings.tls,
        secrets: [settings.routingKey.reveal()],
        explain,
        // A wrong key is mended in the config, and what waits is worth sending then.
        judge: ({ status, text }) => (status === 400 && /routing.?key/i.test(text) ? 'later' : undefined),
      },
      context,
    )
  },
}

/** @see https://developer.pagerduty.com/docs/events-api-v2/trigger-events/ */
function pagerdutyEvent(settings: PagerdutyConfig, notification: Notification, nowMs: number): string {
  const message = composeMessage(notification, nowMs)
  const words = (asked: Words | undefined, own: string) => say(asked, notification, nowMs, () => own)
  const asWritten = words(settings.severity, severityOf(notification))
  const texts = <Keys extends string>(asked: Readonly<Record<Keys, Words | undefined>>) =>
    Object.fromEntries(Object.entries<Words | undefined>(asked).map(([key, one]) => [key, words(one, '')])) as Record<
      Keys,
      string
    >
  const asked = (settings.links ?? []).map(texts).filter(({ href }) => href !== '')
  const links = [...asked, ...linksOf(message)].slice(0, MAX_LINKS)
  const images = (settings.images ?? []).map(texts).filter(({ src }) => src !== '')
  const event = (details: Readonly<Record<string, string>>) =>
    goJson({
      routing_key: settings.routingKey.reveal(),
      dedup_key: dedupKey(notification),
      event_action: actionOf(notification),
      payload: {
        summary: runes(words(settings.title, ownTitle(message)), MAX_SUMMARY_RUNES),
        source: words(settings.source, 'midwatch'),
        severity: SEVERITIES.find((one) => one === asWritten) ?? 'error',
        ...named('component', words(settings.component, '')),
        ...named('group', words(settings.group, '')),
        ...named('class', words(settings.class, '')),
        custom_details: details,
      },
      client: words(settings.client, `midwatch ${version}`),
      client_url: words(settings.clientUrl, notification.externalUrl),
      ...(links.length === 0 ? {} : { links }),
      ...(images.length === 0 ? {} : { images }),
    })
  const firing = notification.alerts.filter(({ status }) => status === 'firing')
  const resolved = notification.alerts.filter(({ status }) => status === 'resolved')
  const counts = { num_firing: String(firing.length), num_resolved: String(resolved.length) }
  const details = Object.entries(settings.details ?? {}).map(([key, text]) => [key, words(text, '')])
  const lists = { firing: listOf(firing), resolved: listOf(resolved) }
  const notes = named('note', message.notes.join('\n'))
  const whole = event({ ...lists, ...counts, ...notes, ...Object.fromEntries(details) })
  if (Buffer.byteLength(whole) <= MAX_EVENT_BYTES) return whole
  return event({ error: 'the details are left out: the event would be longer than the 512 kB it may have', ...counts })
}

/** As Alertmanager's. A step of an escalation is an incident of its own: it knows of some of the group's alerts only. */
function dedupKey({ groupKey, escalation }: Notification): string {
  const step = escalation === undefined ? '' : `\nescalation ${escalation.step}`
  return createHash('sha256').update(`${groupKey}${step}`).digest('hex')
}

function actionOf({ status, reason }: Notification): 'trigger' | 'acknowledge' | 'resolve' {
  if (status === 'resolved') return 'resolve'
  return reason === ACKNOWLEDGED ? 'acknowledge' : 'trigger'
}

function ownTitle({ title, alerts, omitted }: MessageText): string {
  const [first] = alerts
  return first === undefined || alerts.length + omitted > 1 ? title : `${title} – ${first.summary}`
}

function severityOf({ alerts, status }: Notification): string {
  const counted = alerts.filter((alert) => status === 'resolved' || alert.status === 'firing')
  const ranks = counted.map(({ labels }) => SEVERITIES.indexOf(SEVERITY_OF[labels.severity ?? ''] ?? 'error'))
  return SEVERITIES[Math.min(...ranks)] ?? 'error'
}

function named(key: string, text: string): Record<string, string> {
  return text === '' ? {} : { [key]: text }
}

function linksOf({ alerts, ackUrl }: MessageText): readonly { readonly href: string; readonly text: string }[] {
  const all = ackUrl === undefined ? [] : [{ href: ackUrl, text: 'Acknowledge all of them' }]
  const links = alerts.flatMap(({ runbookUrl, checkUrl, alertUrl, traceUrls, ack, summary }) => [
    ...(ack?.url === undefined ? [] : [{ href: ack.url, text: `Acknowledge: ${runes(summary, 100)}` }]),
    ...(runbookUrl === undefined ? [] : [{ href: runbookUrl, text: `Runbook: ${runes(summary, 100)}` }]),
    ...(checkUrl === undefined ? [] : [{ href: checkUrl, text: `Check: ${runes(summary, 100)}` }]),
    // There is room for ten.
    ...(alerts.length > 1 ? [] : [{ href: alertUrl, text: `Alert: ${runes(summary, 100)}` }]),
    ...(alerts.length > 1 ? [] : traceUrls.map((href) => ({ href, text: 'Trace of an error' }))),
  ])
  return [...new Map([...all, ...links].map((link) => [link.href, link])).values()].slice(0, MAX_LINKS)
}

/** As Alertmanager lists them, so that rules in PagerDuty that look into the details find the same. */
function listOf(alerts: readonly NotifiedAlert[]): string {
  const pairs = (record: Readonly<Record<string, string>>) =>
    Object.entries(record)
      .sort(([a], [b]) => Number(b === 'alertname') - Number(a === 'alertname') || compareText(a, b))
      .map(([name, value]) => ` - ${name} = ${value}\n`)
      .join('')
  const listed = alerts
    .slice(0, MAX_LISTED)
    .map(({ labels, annotations, generatorUrl, finding, measure }) => {
      const reason = finding === undefined ? '' : `Reason: ${finding}\n`
      const value = measure === undefined ? '' : `Value: ${measure}\n`
      return `Labels:\n${pairs(labels)}Annotations:\n${pairs(annotations)}${reason}${value}Source: ${generatorUrl}\n`
    })
    .join('')
  return alerts.length <= MAX_LISTED ? listed : `${listed}… and ${alerts.length - MAX_LISTED} more\n`
}

/** At most `limit` characters, the last of them an ellipsis where something is left out. */
function runes(text: string, limit: number): string {
  const all = [...text]
  return all.length <= limit ? text : `${all.slice(0, limit - 1).join('')}…`
}

/** What is wrong with an event stands in a list. */
function explain(text: string): string | undefined {
  try {
    const { message, errors } = JSON.parse(text) as { message?: unknown; errors?: unknown }
    if (typeof message !== 'string') return undefined
    return Array.isArray(errors) && errors.length > 0 ? `${message}: ${errors.join(', ')}` : message
  } catch {
    return undefined
  }
}
