import { z } from 'zod'
import { Secret } from '../../lib/secret.ts'
import { markSecret } from '../../lib/secret-schema.ts'
import { show } from '../../lib/show.ts'
import { refuse } from '../../probe/fields.ts'
import { type AlertText, composeMessage, type MessageText } from '../message.ts'
import { type Channel, DeliveryError, refuseForbidden } from './channel.ts'

export interface SlackConfig {
  /** The incoming webhook; whoever has it can post. */
  readonly url: Secret
  /** Where to post; undefined is what the webhook was made for. */
  readonly channel: string | undefined
}

const SLACK_EXAMPLE = 'https://hooks.slack.com/services/…'

const slackUrl = markSecret(
  z.string({ error: `is not a webhook; write ${SLACK_EXAMPLE}` }).transform((text, context): Secret => {
    // The value never shows: it is all that is needed to post.
    if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
      return refuse(context, `is not a URL; write the incoming webhook, ${SLACK_EXAMPLE}`)
    }
    return new Secret(text)
  }),
)

const SLACK_CHANNEL = /^[#@]?[\p{Ll}\p{Lo}\p{N}A-Z._-]+$/u

const config = z
  .union(
    [
      slackUrl.transform((url): SlackConfig => ({ url, channel: undefined })),
      z
        .strictObject({
          url: slackUrl,
          channel: z
            .string({ error: 'is not a channel; write "#alerts" in quotes' })
            .regex(SLACK_CHANNEL, {
              error: ({ input }) => `${show(input)} is not a channel; write "#alerts" in quotes`,
            })
            .optional()
            .describe('Where to post, such as `"#alerts"`; what the webhook was made for unless told.'),
        })
        .transform(({ url, channel }): SlackConfig => ({ url, channel })),
    ],
    { error: `is neither a webhook nor keys; write ${SLACK_EXAMPLE} or {url: …, channel: "#alerts"}` },
  )
  .describe('The incoming webhook, or keys.')

/** What is shorter in the path of a webhook is no secret. */
const SHORTEST_PART = 6
/** Slack's own limit for the text of a section. */
const MAX_SECTION = 3000
const COLORS = { critical: '#b3261e', high: '#d9730d', medium: '#c29b00', low: '#4a7ebb', resolved: '#2e7d32' } as const

/** Posts to an incoming webhook. */
export const slack: Channel<SlackConfig> = {
  config,
  textKey: 'url',
  describe: ({ url, channel }) => ({ url: String(url), ...(channel === undefined ? {} : { channel }) }),
  target: ({ channel }) => channel ?? "the webhook's own channel",

  async send({ url, channel }, notification, { signal, nowMs }) {
    const { IncomingWebhook } = await import('@slack/webhook')
    const message = composeMessage(notification, nowMs)
    let answer: Response | undefined
    const fetchUntilAborted: typeof fetch = async (input, init) => {
      // A webhook that sends us elsewhere has not taken the message, and what stands in it is not for others.
      answer = await fetch(input, { ...init, signal, redirect: 'error' })
      return answer
    }
    const webhook = new IncomingWebhook(url.reveal(), { fetch: fetchUntilAborted })
    const body = {
      text: escapeMarkdown(message.title),
      ...(channel === undefined ? {} : { channel }),
      attachments: [{ color: colorOf(message), blocks: blocksOf(message) }],
    }
    await refuseForbidden(new URL(url.reveal()).hostname, signal)
    try {
      await webhook.send(body)
    } catch (error) {
      if (signal.aborted) throw new DeliveryError('later', 'Slack did not answer in time', { cause: error })
      throw deliveryError(error as Error & { body?: unknown }, answer, { url, nowMs })
    }
  },
}

/** What the message holds is final only when Slack says that it can't be taken; anything else may pass. */
function deliveryError(
  error: Error & { body?: unknown },
  answer: Response | undefined,
  { url, nowMs }: { url: Secret; nowMs: number },
): DeliveryError {
  if (answer === undefined) {
    // fetch says no more than that it failed; what is behind it tells why.
    const { cause } = (error.cause ?? {}) as { cause?: Error }
    const reason = cause?.message ?? error.message
    return new DeliveryError('later', `Slack can't be reached: ${withoutUrl(reason, url)}`, { cause: error })
  }
  const { status, headers } = answer
  const waitMs = retryAfterMs(headers.get('retry-after'), nowMs)
  return new DeliveryError(
    status === 400 || status === 413 ? 'never' : 'later',
    `Slack answered ${status} ${withoutUrl(String(error.body ?? ''), url).slice(0, 100)}`.trim(),
    { cause: error, waitMs },
  )
}

/** Error pages of servers repeat the path that was asked, and the path is the secret. */
function withoutUrl(text: string, url: Secret): string {
  const { pathname, search, hash } = new URL(url.reveal())
  const parts = `${pathname}${search}${hash}`.split(/[/?&=#]/).filter((part) => part.length >= SHORTEST_PART)
  return parts.reduce((shown, part) => shown.replaceAll(part, String(url)), text)
}

/** Seconds or a date (RFC 9110, section 10.2.3); 0 when it says nothing. */
function retryAfterMs(header: string | null, nowMs: number): number {
  if (header === null) return 0
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - nowMs
  return Math.max(ms || 0, 0)
}

function colorOf({ status, alerts }: MessageText): string {
  if (status === 'resolved') return COLORS.resolved
  const severity = alerts.find((alert) => alert.status === 'firing')?.severity
  return COLORS[severity as keyof typeof COLORS] ?? COLORS.high
}

function blocksOf({ alerts, omitted, url, title }: MessageText) {
  const rest = omitted === 0 ? [] : [section(`… and ${omitted} more: <${url}/|all alerts>`)]
  return [section(`*${escapeMarkdown(title)}*`), ...alerts.map((alert) => section(alertMarkdown(alert))), ...rest]
}

function alertMarkdown(alert: AlertText): string {
  const links = [
    alert.runbookUrl === undefined ? undefined : `<${alert.runbookUrl}|Runbook>`,
    alert.checkUrl === undefined ? undefined : `<${alert.checkUrl}|Check>`,
  ].filter((link) => link !== undefined)
  return [
    `${alert.status === 'resolved' ? ':white_check_mark: Resolved: ' : ''}*${escapeMarkdown(alert.summary, 400)}*`,
    alert.status === 'firing' ? escapeMarkdown(alert.description, 1000) : '',
    alert.finding === undefined ? '' : `Reason: ${escapeMarkdown(alert.finding, 500)}`,
    escapeMarkdown(alert.when.replace(/^./, (first) => first.toUpperCase())),
    alert.labels === '' ? '' : `\`${escapeMarkdown(alert.labels, 400).replaceAll('`', "'")}\``,
    links.join('  ·  '),
  ]
    .filter((line) => line !== '')
    .join('\n')
}

function section(text: string) {
  return { type: 'section' as const, text: { type: 'mrkdwn' as const, text: cut(text, MAX_SECTION) } }
}

/** The three characters that mean something to Slack; the rest of a long text is left out, so that links stay. */
function escapeMarkdown(text: string, limit = MAX_SECTION): string {
  return cut(text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'), limit)
}

/** Never in the middle of an escaped sign or of a link. */
function cut(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit - 1).replace(/(&[a-z]{0,4}|<[^<>]*)$/, '')}…`
}
