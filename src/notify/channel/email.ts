import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { z } from 'zod'
import { allowedLookup, refuseLiteral } from '../../lib/address.ts'
import { Secret } from '../../lib/secret.ts'
import { markSecret } from '../../lib/secret-schema.ts'
import { show } from '../../lib/show.ts'
import type { Notification } from '../../model/notification.ts'
import { refuse } from '../../probe/fields.ts'
import { type AlertText, composeMessage, MAX_TITLE, type MessageText, oneLine } from '../message.ts'
import { type Channel, DeliveryError } from './channel.ts'
import { wording } from './fields.ts'
import { MAX_REASON, SHORTEST_SECRET } from './http.ts'
import { readTlsFiles, type TlsFiles } from './tls-files.ts'
import { say, sourcesOf, type Words } from './words.ts'

export interface SmtpServer {
  readonly host: string
  readonly port: number
  /** TLS from the first byte; otherwise STARTTLS where the server offers it. */
  readonly tls: boolean
  readonly user: string | undefined
  readonly password: Secret | undefined
  /** Nothing is sent where the server offers no STARTTLS. */
  readonly requireTls?: boolean | undefined
  /** How we call ourselves; the name of this machine unless told. */
  readonly hello?: string | undefined
  readonly tlsFiles?: TlsFiles | undefined
}

export interface EmailConfig {
  readonly to: readonly string[]
  readonly from: string
  readonly smtp: SmtpServer
  /** The subject. */
  readonly title?: Words | undefined
  readonly text?: Words | undefined
  /** Made by the operator: what strangers say in it has to be escaped. */
  readonly html?: Words | undefined
  /** Further headers, without line breaks. */
  readonly headers?: Readonly<Record<string, Words>> | undefined
}

/** Not the grammar of RFC 5322: what a person means by an address, and nothing that could start another header. */
const ADDRESS =
  /^[^\s@<>,;:"()[\]\\]+@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*$/
const WITH_NAME = /^[^<>\r\n]*<([^<>]+)>$/

const address = z.string({ error: 'is not an e-mail address; write oncall@example.org' }).refine(isMailAddress, {
  error: ({ input }) => `${show(input)} is not an e-mail address; write oncall@example.org`,
})

/** Whether it is `oncall@example.org` or `On call <oncall@example.org>`. */
export function isMailAddress(text: string): boolean {
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

const config = z
  .union(
    [
      z.string().transform((_to, context): EmailConfig => refuse(context, NO_SERVER)),
      z
        .strictObject({
          to: z
            .union([address.transform((one) => [one]), z.array(address).min(1)], {
              error: 'is not an e-mail address or a list of them; write oncall@example.org',
            })
            .describe('Who gets it: an address or a list of them.'),
          from: address
            .optional()
            .describe('Who sends it; the user of the mail server, or midwatch@ the domain of the first recipient.'),
          smtp,
          title: wording().optional().describe("The subject, may have `{{ … }}` in it; midwatch's own unless told."),
          text: wording().optional().describe('The whole text, may have `{{ … }}` in it.'),
          html: wording('html')
            .optional()
            .describe('The whole HTML part; what `{{ … }}` puts in is escaped. The text unless told.'),
        })
        .transform(
          ({ from, ...written }): EmailConfig => ({ ...written, from: from ?? defaultFrom(written.to, written.smtp) }),
        ),
    ],
    { error: 'is not keys; write {to: oncall@example.org, smtp: …}' },
  )
  .describe('Keys; there has to be a mail server.')

/** Many servers send only what comes from the address that logged in. */
function defaultFrom(to: readonly string[], { user }: SmtpServer): string {
  if (user !== undefined && ADDRESS.test(user)) return user
  const domain = bareAddress(to[0] ?? '')
    .split('@')
    .at(-1)
  return `midwatch@${domain}`
}

const POLICY = 'no-link-local'

/** Sends a mail with a text and an HTML part over SMTP. */
export const email: Channel<EmailConfig> = {
  config,
  textKey: 'to',
  digest: 'by default',
  describe: ({ to, from, smtp, title, text, html }) => ({
    to: [...to],
    from,
    smtp: describeServer(smtp),
    ...sourcesOf({ title, text, html }),
  }),
  target: ({ to }) => to.join(', '),

  async send(settings, notification, { signal, nowMs }) {
    const { to, from, smtp } = settings
    const { createTransport } = await import('nodemailer')
    const parts = partsOf(settings, notification, nowMs)
    let socket: Socket | undefined
    const transport = createTransport({
      host: smtp.host,
      port: smtp.port,
      secure: smtp.tls,
      ...(smtp.requireTls === true ? { requireTLS: true } : {}),
      ...(smtp.hello === undefined ? {} : { name: smtp.hello }),
      tls: await readTlsFiles(smtp.tlsFiles),
      greetingTimeout: 10_000,
      socketTimeout: 15_000,
      disableFileAccess: true,
      disableUrlAccess: true,
      ...(smtp.user === undefined ? {} : { auth: { user: smtp.user, pass: smtp.password?.reveal() ?? '' } }),
      // Our own connection: to an allowed address, and one that ends with the try, however slowly the server goes on.
      getSocket(_options, callback) {
        openSocket(smtp, signal).then(
          (connection) => {
            socket = connection
            callback(null, { connection })
          },
          (error: Error) => callback(error, false),
        )
      },
    })
    try {
      await transport.sendMail({ from, to: [...to], ...parts })
    } catch (error) {
      if (signal.aborted) throw new DeliveryError('later', `${smtp.host} did not answer in time`, { cause: error })
      throw deliveryError(error as Error & { responseCode?: number }, smtp)
    } finally {
      transport.close()
      socket?.destroy()
    }
  },
}

/** @throws ForbiddenAddressError, or what the connection failed with */
async function openSocket({ host, port }: SmtpServer, signal: AbortSignal): Promise<Socket> {
  refuseLiteral(host, POLICY)
  const socket = connect({ host, port, lookup: allowedLookup(POLICY), signal })
  await once(socket, 'connect')
  return socket
}

/** The operator's own text stands for the HTML part as well, where there is no other. */
function partsOf({ title, text, html, headers }: EmailConfig, notification: Notification, nowMs: number) {
  const message = composeMessage(notification, nowMs)
  const words = (asked: Words | undefined, own: () => string) => say(asked, notification, nowMs, own)
  const written = words(text, () => '')
  const ownPage = words(html, () => '')
  const page = written === '' ? htmlOf(message) : pageOf(message.title, `${notesHtml(message)}${preformatted(written)}`)
  const asked = Object.entries(headers ?? {}).map(([name, value]) => [
    name,
    oneLine(
      words(value, () => ''),
      500,
    ),
  ])
  return {
    subject: oneLine(
      words(title, () => message.title),
      MAX_TITLE,
    ),
    text: written === '' ? textOf(message) : [...message.notes, written].join('\n\n'),
    html: ownPage === '' ? page : `${notesHtml(message)}${ownPage}`,
    headers: {
      'X-Midwatch-Group': oneLine(notification.groupKey, 500),
      'Auto-Submitted': 'auto-generated',
      ...Object.fromEntries(asked),
    },
  }
}

function preformatted(text: string): string {
  return `<p style="white-space:pre-wrap">${escapeHtml(text)}</p>`
}

function describeServer({ tls, host, port, user, password }: SmtpServer): string {
  const login = user === undefined ? '' : `${user}${password === undefined ? '' : `:${password}`}@`
  return `${tls ? 'smtps' : 'smtp'}://${login}${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** A wrong password can be mended while the message waits; a refused message or recipient can't. */
function deliveryError(
  error: Error & { responseCode?: number; code?: string },
  { host, port, password }: SmtpServer,
): DeliveryError {
  const isFinal = (error.responseCode ?? 0) >= 550 && (error.responseCode ?? 0) <= 554 && error.code !== 'EAUTH'
  // Servers repeat what they were told.
  const secret = password?.reveal() ?? ''
  const reason = secret.length < SHORTEST_SECRET ? error.message : error.message.replaceAll(secret, String(password))
  return new DeliveryError(isFinal ? 'never' : 'later', oneLine(`mail server ${host}:${port}: ${reason}`, MAX_REASON))
}

function textOf({ title, notes, alerts, omitted, url, ackUrl }: MessageText): string {
  const parts = alerts.map((alert) =>
    [
      `${alert.status === 'resolved' ? 'RESOLVED: ' : ''}${alert.summary}`,
      alert.status === 'firing' ? alert.description : '',
      alert.finding === undefined ? '' : `Reason: ${alert.finding}`,
      alert.measure === undefined ? '' : `Value: ${alert.measure}`,
      alert.heldBack === undefined ? '' : `Also held back: ${alert.heldBack}`,
      alert.when.replace(/^./, (first) => first.toUpperCase()),
      alert.labels,
      alert.acknowledged ?? '',
      alert.runbookUrl === undefined ? '' : `Runbook: ${alert.runbookUrl}`,
      alert.checkUrl === undefined ? '' : `Check: ${alert.checkUrl}`,
      `Alert: ${alert.alertUrl}`,
      ...alert.traceUrls.map((url) => `Trace of an error: ${url}`),
      alert.ack?.url === undefined ? '' : `Acknowledge: ${alert.ack.url}`,
      alert.ack?.command === undefined
        ? ''
        : `${alert.ack.url === undefined ? 'Acknowledge' : 'or'}: ${alert.ack.command}`,
    ]
      .filter((line) => line !== '')
      .join('\n'),
  )
  const rest = omitted === 0 ? [] : [`… and ${omitted} more`]
  const all = ackUrl === undefined ? [] : [`Acknowledge all of them: ${ackUrl}`]
  return [title, ...notes, ...parts, ...rest, ...all, url].join('\n\n')
}

function notesHtml({ notes }: Pick<MessageText, 'notes'>): string {
  return notes.map((note) => `<p><b>${escapeHtml(note)}</b></p>\n`).join('')
}

function htmlOf({ title, notes, alerts, omitted, url, ackUrl }: MessageText): string {
  const all = ackUrl === undefined ? '' : `<p><a href="${escapeHtml(ackUrl)}">Acknowledge all of them</a></p>\n`
  const rest = omitted === 0 ? '' : `<p>… and ${omitted} more</p>`
  return pageOf(
    title,
    `<h1 style="font-size:1.2em">${escapeHtml(title)}</h1>
${notesHtml({ notes })}${alerts.map(alertHtml).join('\n')}
${rest}${all}<p><a href="${escapeHtml(url)}">midwatch</a></p>`,
  )
}

function pageOf(title: string, body: string): string {
  return `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>${escapeHtml(title)}</title></head>
<body style="font-family:system-ui,sans-serif;line-height:1.45;color:#1b1f24;max-width:44em">
${body}</body></html>`
}

function alertHtml(alert: AlertText): string {
  const onlyCommand = alert.ack?.url === undefined ? alert.ack?.command : undefined
  const color = alert.status === 'resolved' ? '#2e7d32' : '#b3261e'
  const lines = [
    alert.status === 'firing' ? escapeHtml(alert.description) : '',
    alert.finding === undefined ? '' : `<b>Reason:</b> ${escapeHtml(alert.finding)}`,
    alert.measure === undefined ? '' : `<b>Value:</b> ${escapeHtml(alert.measure)}`,
    alert.heldBack === undefined ? '' : `<b>Also held back:</b> ${escapeHtml(alert.heldBack)}`,
    escapeHtml(alert.when.replace(/^./, (first) => first.toUpperCase())),
    alert.labels === '' ? '' : `<code>${escapeHtml(alert.labels)}</code>`,
    escapeHtml(alert.acknowledged ?? ''),
    [
      alert.runbookUrl === undefined ? '' : `<a href="${escapeHtml(alert.runbookUrl)}">Runbook</a>`,
      alert.checkUrl === undefined ? '' : `<a href="${escapeHtml(alert.checkUrl)}">Check</a>`,
      `<a href="${escapeHtml(alert.alertUrl)}">Alert</a>`,
      ...alert.traceUrls.map((url, i) => `<a href="${escapeHtml(url)}">Trace ${i + 1}</a>`),
      alert.ack?.url === undefined ? '' : `<a href="${escapeHtml(alert.ack.url)}">Acknowledge</a>`,
    ]
      .filter((link) => link !== '')
      .join(' · '),
    onlyCommand === undefined ? '' : `Acknowledge: <code>${escapeHtml(onlyCommand)}</code>`,
  ].filter((line) => line !== '')
  const head = `${alert.status === 'resolved' ? 'Resolved: ' : ''}${escapeHtml(alert.summary)}`
  return `<div style="border-left:4px solid ${color};padding-left:12px;margin:16px 0"><p style="margin:0"><b>${head}</b></p>
<p style="margin:4px 0">${lines.join('<br>\n')}</p></div>`
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
