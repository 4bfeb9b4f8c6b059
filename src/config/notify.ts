import { z } from 'zod'
import { Secret } from '../lib/secret.ts'
import { markSecret } from '../lib/secret-schema.ts'
import { refuse } from '../probe/fields.ts'
import { show } from './explain.ts'
import { flag, positiveMs } from './fields.ts'
import { didYouMean } from './suggest.ts'

export const SEVERITIES = ['critical', 'high', 'medium', 'low'] as const
export type Severity = (typeof SEVERITIES)[number]

export interface SlackConfig {
  /** The incoming webhook; whoever has it can post. */
  readonly url: Secret
  /** Where to post; undefined is what the webhook was made for. */
  readonly channel: string | undefined
}

export interface SmtpServer {
  readonly host: string
  readonly port: number
  /** TLS from the first byte; otherwise STARTTLS where the server offers it. */
  readonly tls: boolean
  readonly user: string | undefined
  readonly password: Secret | undefined
}

export interface EmailConfig {
  readonly to: readonly string[]
  readonly from: string
  readonly smtp: SmtpServer
}

/** Who is told, by which way, how often. */
export interface NotifyConfig {
  /** What is configured; a channel that is not is undefined. */
  readonly channels: { readonly slack: SlackConfig | undefined; readonly email: EmailConfig | undefined }
  /** For each severity the channels to use, in order; an empty list tells nobody. */
  readonly bySeverity: Readonly<Record<Severity, readonly ChannelName[]>>
  /** Labels by which alerts come together in one message. */
  readonly groupBy: readonly string[]
  readonly groupWaitMs: number
  readonly groupIntervalMs: number
  readonly repeatMs: number
  readonly sendResolved: boolean
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

const slack = z.union(
  [
    slackUrl.transform((url): SlackConfig => ({ url, channel: undefined })),
    z
      .strictObject({
        url: slackUrl,
        channel: z
          .string({ error: 'is not a channel; write "#alerts" in quotes' })
          .regex(SLACK_CHANNEL, { error: ({ input }) => `${show(input)} is not a channel; write "#alerts" in quotes` })
          .optional(),
      })
      .transform(({ url, channel }): SlackConfig => ({ url, channel })),
  ],
  { error: `is neither a webhook nor keys; write ${SLACK_EXAMPLE} or {url: …, channel: "#alerts"}` },
)

/** Not the grammar of RFC 5322: what a person means by an address, and nothing that could start another header. */
const ADDRESS =
  /^[^\s@<>,;:"()[\]\\]+@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*$/
const WITH_NAME = /^[^<>\r\n]*<([^<>]+)>$/

const address = z.string({ error: 'is not an e-mail address; write oncall@example.org' }).refine(isAddress, {
  error: ({ input }) => `${show(input)} is not an e-mail address; write oncall@example.org`,
})

function isAddress(text: string): boolean {
  return ADDRESS.test(bareAddress(text))
}

function bareAddress(text: string): string {
  return WITH_NAME.exec(text)?.[1] ?? text
}

const SMTP = /^(smtps?):\/\/(?:(.*)@)?(\[[0-9A-Fa-f:.]+\]|[^\s:/@[\]?#]+)(?::(\d{1,5}))?\/?$/is
const SMTP_EXAMPLE = 'smtps://user:password@mail.example.org'

/** A URL, except that a password may hold any sign: it usually comes out of a variable, unescaped. */
const smtp = markSecret(
  z.string({ error: `is not a mail server; write ${SMTP_EXAMPLE}` }).transform((text, context): SmtpServer => {
    const match = SMTP.exec(text)
    const [, scheme = '', login, host = '', portText] = match ?? []
    const port = Number(portText ?? (scheme.toLowerCase() === 'smtps' ? 465 : 587))
    if (match === null || port < 1 || port > 65_535)
      return refuse(context, `is not a mail server; write ${SMTP_EXAMPLE}`)
    const colon = login?.indexOf(':') ?? -1
    const user = login === undefined ? undefined : decoded(colon === -1 ? login : login.slice(0, colon))
    const password = login === undefined || colon === -1 ? undefined : new Secret(decoded(login.slice(colon + 1)))
    return { host: host.replace(/^\[|\]$/g, ''), port, tls: scheme.toLowerCase() === 'smtps', user, password }
  }),
)

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const NO_SERVER = `has no mail server; write email: {to: oncall@example.org, smtp: "${SMTP_EXAMPLE}"}`

const email = z.union(
  [
    z.string().transform((_to, context): EmailConfig => refuse(context, NO_SERVER)),
    z
      .strictObject({
        to: z.union([address.transform((one) => [one]), z.array(address).min(1)], {
          error: 'is not an e-mail address or a list of them; write oncall@example.org',
        }),
        from: address.optional(),
        smtp,
      })
      .transform(
        ({ to, from, smtp: server }): EmailConfig => ({ to, from: from ?? defaultFrom(to, server), smtp: server }),
      ),
  ],
  { error: 'is not keys; write {to: oncall@example.org, smtp: …}' },
)

/** Many servers send only what comes from the address that logged in. */
function defaultFrom(to: readonly string[], { user }: SmtpServer): string {
  if (user !== undefined && ADDRESS.test(user)) return user
  const domain = bareAddress(to[0] ?? '')
    .split('@')
    .at(-1)
  return `midwatch@${domain}`
}

const CHANNEL_NAMES = ['slack', 'email'] as const
export type ChannelName = (typeof CHANNEL_NAMES)[number]

/** What a text stands for where keys could be: `slack: https://…` is `slack: {url: https://…}`. */
export const SHORT_FORMS: Readonly<Record<string, string>> = { 'notify.slack': 'url', 'notify.email': 'to' }

const channelList = z
  .array(z.string({ error: 'is not a channel; write slack or email' }), {
    error: 'is not a list; write [slack, email]',
  })
  .optional()

export const notify = z
  .strictObject({
    slack: slack.optional(),
    email: email.optional(),
    by_severity: z
      .strictObject({ critical: channelList, high: channelList, medium: channelList, low: channelList })
      .default({}),
    group_by: z
      .array(
        z.string().regex(/^(?:[A-Za-z_][A-Za-z0-9_]*|\.\.\.)$/, {
          error: ({ input }) => `${show(input)} is not a label name; write one such as alertname`,
        }),
      )
      .default(['alertname']),
    group_wait: positiveMs.default(10_000),
    group_interval: positiveMs.default(60_000),
    repeat: positiveMs.default(4 * 3_600_000),
    send_resolved: flag(true),
  })
  .transform((written): NotifyConfig => {
    const channels = { slack: written.slack, email: written.email }
    const configured = CHANNEL_NAMES.filter((name) => channels[name] !== undefined)
    const chosen = (severity: Severity) =>
      written.by_severity[severity]?.filter((one): one is ChannelName => isChannelName(one)) ?? configured
    return {
      channels,
      bySeverity: { critical: chosen('critical'), high: chosen('high'), medium: chosen('medium'), low: chosen('low') },
      groupBy: written.group_by,
      groupWaitMs: written.group_wait,
      groupIntervalMs: written.group_interval,
      repeatMs: written.repeat,
      sendResolved: written.send_resolved,
    }
  })

function isChannelName(text: string): text is ChannelName {
  return CHANNEL_NAMES.some((one) => one === text)
}

/** What is wrong with a channel in `by_severity`, or undefined. */
export function channelFault(name: string, configured: readonly string[]): string | undefined {
  if (configured.includes(name)) return undefined
  if (!isChannelName(name))
    return `${show(name)} is not a channel${didYouMean(name, CHANNEL_NAMES, 'the channels are')}`
  const there = configured.length === 0 ? 'no channel is' : `configured: ${configured.join(', ')}`
  return `${show(name)} is not configured (${there}); write notify.${name} or leave it out here`
}
