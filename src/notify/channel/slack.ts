import { z } from 'zod'
import type { Secret } from '../../lib/secret.ts'
import { show } from '../../lib/show.ts'
import { type AlertText, beforePair, composeMessage, MAX_TITLE, type MessageText, oneLine } from '../message.ts'
import { type Channel, DeliveryError } from './channel.ts'
import { proxy, secretUrl, wording } from './fields.ts'
import { authorizationHeader, partsOf, post } from './http.ts'
import { attachmentOf, type SlackAttachment } from './slack-attachment.ts'
import type { TlsFiles } from './tls-files.ts'
import { say, sourcesOf, type Words } from './words.ts'

export interface SlackConfig {
  /** The incoming webhook; whoever has it can post. */
  readonly url: Secret
  /** Where to post; undefined is what the webhook was made for. */
  readonly channel: string | undefined
  readonly proxy?: Secret | undefined
  /** One line of plain text. */
  readonly title?: Words | undefined
  /** In place of the list of alerts; Slack's markup counts, so it has to come from the operator. */
  readonly text?: Words | undefined
  /** Slack's names for colours, or one such as `#b3261e`. */
  readonly color?: Words | undefined
  /** How the message shows who it is from. */
  readonly username?: Words | undefined
  readonly iconEmoji?: Words | undefined
  readonly iconUrl?: Words | undefined
  /** Whether `@name` in a text is a person. */
  readonly linkNames?: boolean | undefined
  /** A message of Slack's older kind, which the operator has made, in place of ours. */
  readonly attachment?: SlackAttachment | undefined
  /** The value of a header, for a gateway in front. */
  readonly authorization?: Secret | undefined
  readonly tls?: TlsFiles | undefined
}

const SLACK_EXAMPLE = 'https://hooks.slack.com/services/…'

const slackUrl = secretUrl('incoming webhook', SLACK_EXAMPLE)

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
          title: wording().optional().describe("One line, may have `{{ … }}` in it; midwatch's own unless told."),
          text: wording()
            .optional()
            .describe('In place of the list of alerts, in the markup of Slack; may have `{{ … }}` in it.'),
          proxy,
        })
        .transform((written): SlackConfig => ({ ...written, channel: written.channel })),
    ],
    { error: `is neither a webhook nor keys; write ${SLACK_EXAMPLE} or {url: …, channel: "#alerts"}` },
  )
  .describe('The incoming webhook, or keys.')

/** Slack's own limit for the text of a section. */
const MAX_SECTION = 3000
/** Of an operator's own text; Slack takes 50 blocks. */
const MAX_SECTIONS = 10
const COLORS = { critical: '#b3261e', high: '#d9730d', medium: '#c29b00', low: '#4a7ebb', resolved: '#2e7d32' } as const

/** Posts to an incoming webhook. */
export const slack: Channel<SlackConfig> = {
  config,
  textKey: 'url',
  digest: 'by default',
  describe: ({ url, channel, proxy, title, text }) => ({
    url: String(url),
    ...(channel === undefined ? {} : { channel }),
    ...sourcesOf({ title, text }),
    ...(proxy === undefined ? {} : { proxy: String(proxy) }),
  }),
  target: ({ channel }) => channel ?? "the webhook's own channel",

  async send(settings, notification, context) {
    const { url, channel, proxy, tls, title, text } = settings
    const { IncomingWebhook } = await import('@slack/webhook')
    const composed = composeMessage(notification, context.nowMs)
    const message = {
      ...composed,
      title: oneLine(
        say(title, notification, context.nowMs, () => composed.title),
        MAX_TITLE,
      ),
    }
    const own = text === undefined ? '' : say(text, notification, context.nowMs, () => '')
    const address = new URL(url.reveal())
    let failure: DeliveryError | undefined
    const fetchJudged = async (_input: unknown, init?: RequestInit) => {
      const answer = await post(
        {
          who: 'Slack',
          url: address,
          headers: { 'content-type': 'application/json', ...authorizationHeader(settings.authorization) },
          body: String(init?.body),
          proxy,
          tls,
          secrets: partsOf(address),
        },
        context,
      ).catch((error: DeliveryError) => {
        failure = error
        throw error
      })
      return new Response(answer.text)
    }
    const webhook = new IncomingWebhook(url.reveal(), { fetch: fetchJudged })
    const told = (words: Words | undefined, otherwise: () => string) =>
      say(words, notification, context.nowMs, otherwise)
    const ours = () => ({
      color: told(settings.color, () => colorOf(message)),
      blocks: own === '' ? blocksOf(message) : [titleOf(message), ...notesOf(message), ...sectionsOf(own)],
    })
    const { attachment } = settings
    const body = {
      ...named('text', attachment === undefined ? escapeMarkdown(message.title) : notesText(message)),
      ...(channel === undefined ? {} : { channel }),
      ...named(
        'username',
        told(settings.username, () => ''),
      ),
      ...named(
        'icon_emoji',
        told(settings.iconEmoji, () => ''),
      ),
      ...named(
        'icon_url',
        told(settings.iconUrl, () => ''),
      ),
      ...(settings.linkNames === true ? { link_names: true } : {}),
      attachments: [attachment === undefined ? ours() : attachmentOf(attachment, notification, context.nowMs)],
    }
    try {
      const { text } = await webhook.send(body)
      if (/^\s*\{.*"ok"\s*:\s*false/.test(text)) {
        throw new DeliveryError('later', oneLine(`Slack took nothing: ${text}`, 200))
      }
    } catch (error) {
      throw failure ?? error
    }
  },
}

function named(key: string, text: string): Record<string, string> {
  return text === '' ? {} : { [key]: text }
}

function colorOf({ status, alerts }: MessageText): string {
  if (status === 'resolved') return COLORS.resolved
  const severity = alerts.find((alert) => alert.status === 'firing')?.severity
  return COLORS[severity as keyof typeof COLORS] ?? COLORS.high
}

function blocksOf({ alerts, omitted, url, title, notes, ackUrl }: MessageText) {
  const all = ackUrl === undefined ? [] : [section(`<${ackUrl}|Acknowledge all of them>`)]
  const rest = omitted === 0 ? [] : [section(`… and ${omitted} more: <${url}/|all alerts>`)]
  const listed = alerts.map((alert) => section(alertMarkdown(alert)))
  return [titleOf({ title }), ...notesOf({ notes }), ...listed, ...rest, ...all]
}

function notesOf(message: Pick<MessageText, 'notes'>) {
  const text = notesText(message)
  return text === '' ? [] : [section(text)]
}

function notesText({ notes }: Pick<MessageText, 'notes'>): string {
  return notes.map((note) => `:warning: ${escapeMarkdown(note)}`).join('\n')
}

function titleOf({ title }: Pick<MessageText, 'title'>) {
  return section(`*${escapeMarkdown(title)}*`)
}

/** A long text goes into several sections, from line to line where that is possible. */
function sectionsOf(text: string) {
  const sections: ReturnType<typeof section>[] = []
  for (let rest = text.trim(); rest !== '' && sections.length < MAX_SECTIONS; ) {
    const isLast = sections.length === MAX_SECTIONS - 1
    const lineEnd = rest.length <= MAX_SECTION || isLast ? rest.length : rest.lastIndexOf('\n', MAX_SECTION)
    const part = rest.slice(0, lineEnd > 0 ? lineEnd : beforePair(rest, MAX_SECTION))
    sections.push(section(part))
    rest = rest.slice(part.length).trim()
  }
  return sections
}

function alertMarkdown(alert: AlertText): string {
  const links = [
    alert.runbookUrl === undefined ? undefined : `<${alert.runbookUrl}|Runbook>`,
    alert.checkUrl === undefined ? undefined : `<${alert.checkUrl}|Check>`,
    `<${alert.alertUrl}|Alert>`,
    ...alert.traceUrls.map((url, i) => `<${url}|Trace ${i + 1}>`),
    alert.ack?.url === undefined ? undefined : `<${alert.ack.url}|Acknowledge>`,
  ].filter((link) => link !== undefined)
  return [
    `${alert.status === 'resolved' ? ':white_check_mark: Resolved: ' : ''}*${escapeMarkdown(alert.summary, 400)}*`,
    alert.status === 'firing' ? escapeMarkdown(alert.description, 1000) : '',
    alert.finding === undefined ? '' : `Reason: ${escapeMarkdown(alert.finding, 500)}`,
    alert.measure === undefined ? '' : `Value: ${escapeMarkdown(alert.measure)}`,
    alert.heldBack === undefined ? '' : `Also held back: ${escapeMarkdown(alert.heldBack, 500)}`,
    escapeMarkdown(alert.when.replace(/^./, (first) => first.toUpperCase())),
    alert.labels === '' ? '' : `\`${escapeMarkdown(alert.labels, 400).replaceAll('`', "'")}\``,
    escapeMarkdown(alert.acknowledged ?? ''),
    links.join('  ·  '),
    alert.ack === undefined || alert.ack.url !== undefined ? '' : `Acknowledge: \`${alert.ack.command ?? ''}\``,
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
  return text.length <= limit
    ? text
    : `${text.slice(0, beforePair(text, limit - 1)).replace(/(&[a-z]{0,4}|<[^<>]*)$/, '')}…`
}
