import { z } from 'zod'
import type { Notification } from '../../model/notification.ts'
import { DeliveryError } from '../../notify/channel/channel.ts'
import { type EmailConfig, isMailAddress } from '../../notify/channel/email.ts'
import type { Words } from '../../notify/channel/words.ts'
import { secret } from '../../probe/fields.ts'
import { duration, eachIgnored, eachRefused, flag, text, textOrNothing } from './fields.ts'
import { tlsConfig } from './http-config.ts'
import { defineIntegration, type EntryContext, entryKeys, isTemplate } from './integration.ts'
import { hostPort } from './smart-host.ts'

const schema = z.strictObject({
  ...entryKeys,
  to: text.optional().describe('Who gets it: addresses with commas between them.'),
  from: text.optional(),
  smarthost: hostPort.optional(),
  hello: text.optional(),
  auth_username: text.optional(),
  auth_password: secret.optional(),
  require_tls: flag.optional(),
  force_implicit_tls: flag.optional(),
  tls_config: tlsConfig.optional(),
  headers: z.record(z.string(), textOrNothing).optional().describe('Further headers; `Subject` is the subject.'),
  html: text.optional().describe("midwatch's own unless told."),
  text: text.optional().describe("midwatch's own unless told."),
  timeout: duration.optional(),
  ...eachRefused({
    auth_secret: 'auth_secret is for CRAM-MD5, which midwatch does not speak; write auth_password',
    auth_secret_file: 'auth_secret_file is for CRAM-MD5, which midwatch does not speak; write auth_password',
  }),
  ...eachIgnored(['auth_identity', 'threading']),
})

type Entry = z.output<typeof schema>

/** What Alertmanager sends where nobody writes something else; midwatch has a page of its own. */
const DEFAULT_HTML = /^\s*\{\{-?\s*template\s+"email\.default\.html"\s+\.\s*-?\}\}\s*$/
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const OWN_HEADERS: Readonly<Record<string, string>> = {
  from: 'write from',
  to: 'write to',
  'content-type': 'remove it',
  'mime-version': 'remove it',
}

/** `email_configs` */
export const emailConfigs = defineIntegration({
  key: 'email_configs',
  channel: 'email',
  schema,
  sendResolved: false,
  read(entry, context) {
    const { smtp } = context.global
    const server = entry.smarthost ?? smtp.smartHost
    const from = entry.from || smtp.from
    if (!entry.to) context.fault([], 'has no to; write an address')
    if (server === undefined)
      context.fault([], 'has no smarthost, and there is no global smtp_smarthost; write one of them')
    if (from === undefined) context.fault([], 'has no from, and there is no global smtp_from; write one of them')
    const headers = headersOf(entry, context)
    const to = addresses(context, ['to'], entry.to)
    const sender = addresses(context, ['from'], from)
    if (server === undefined || to === undefined || sender === undefined || headers === undefined) return undefined
    const user = entry.auth_username || smtp.username
    const html = entry.html !== undefined && DEFAULT_HTML.test(entry.html) ? undefined : entry.html
    const settings: EmailConfig = {
      to: to.fixed ?? ['(by template)'],
      from: sender.fixed?.[0] ?? '(by template)',
      smtp: {
        ...server,
        tls: entry.force_implicit_tls ?? smtp.implicitTls ?? server.port === 465,
        requireTls: entry.require_tls ?? smtp.requireTls,
        user,
        password: user === undefined ? undefined : (entry.auth_password ?? smtp.password),
        hello: entry.hello || smtp.hello,
        tlsFiles: context.tls(entry.tls_config ?? smtp.tls),
      },
      title: headers.subject,
      text: context.words(['text'], entry.text),
      html: context.words(['html'], html, 'html'),
      headers: headers.others,
    }
    if (to.fixed !== undefined && sender.fixed !== undefined) return { settings, timeoutMs: entry.timeout }
    return {
      settings,
      settingsFor: (notification, nowMs) => ({
        ...settings,
        to: to.of(notification, nowMs),
        from: sender.of(notification, nowMs)[0] as string,
      }),
      timeoutMs: entry.timeout,
    }
  },
})

interface Addresses {
  /** Undefined where a template makes them for each message. */
  readonly fixed: readonly string[] | undefined
  /** @throws DeliveryError when the template comes to none */
  of(notification: Notification, nowMs: number): readonly string[]
}

function addresses(context: EntryContext, path: readonly [string], written: string | undefined): Addresses | undefined {
  if (written === undefined || written === '') return undefined
  if (!isTemplate(written)) {
    const all = splitAddresses(written)
    const wrong = all.find((address) => !isMailAddress(address))
    if (wrong === undefined && all.length > 0) return { fixed: all, of: () => all }
    context.fault(path, `${JSON.stringify(wrong ?? written)} is not an e-mail address; write oncall@example.org`)
    return undefined
  }
  const words = context.words(path, written)
  if (words === undefined) return undefined
  return {
    fixed: undefined,
    of(notification, nowMs) {
      const all = splitAddresses(words(notification, nowMs)).filter(isMailAddress)
      if (all.length === 0)
        throw new DeliveryError('later', `the template in ${path[0]} comes to no address for this message`)
      return all
    },
  }
}

/** At commas that stand in no quotes: `"Doe, Jo" <jo@example.org>, ops@example.org`. */
function splitAddresses(text: string): string[] {
  return (text.match(/(?:"[^"]*"|[^,"])+/g) ?? []).map((one) => one.trim()).filter((one) => one !== '')
}

function headersOf(entry: Entry, context: EntryContext) {
  let isFine = true
  let subject: Words | undefined
  const seen = new Set<string>()
  const others: Record<string, Words> = {}
  for (const [name, value] of Object.entries(entry.headers ?? {})) {
    const lower = name.toLowerCase()
    const own = OWN_HEADERS[lower]
    const fault = !HEADER_NAME.test(name)
      ? 'is not the name of a header; write letters, digits and hyphens'
      : seen.has(lower)
        ? 'is there twice, with other capitals; remove one'
        : own === undefined
          ? undefined
          : `is a header that midwatch sets itself; ${own}`
    seen.add(lower)
    const words = context.words(['headers', name], value)
    if (fault !== undefined) {
      context.fault(['headers', name], fault)
      isFine = false
    } else if (lower === 'subject') subject = words
    else if (words !== undefined) others[name] = words
  }
  return isFine ? { subject, others } : undefined
}
