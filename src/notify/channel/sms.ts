import { z } from 'zod'
import type { Secret } from '../../lib/secret.ts'
import { show } from '../../lib/show.ts'
import type { Notification } from '../../model/notification.ts'
import { refuse, secret, url as webUrl } from '../../probe/fields.ts'
import { composeMessage, isReachable } from '../message.ts'
import { type Channel, DeliveryError, type SendContext } from './channel.ts'
import { proxy, wording } from './fields.ts'
import { post } from './http.ts'
import { cutToSegments, fitLines, plainSigns } from './sms-text.ts'
import { say, sourcesOf, type Words } from './words.ts'

export interface SmsConfig {
  /** Telephone numbers with a plus and the country's code. */
  readonly to: readonly string[]
  /** A number or a name, or the id of a messaging service, which begins with MG. */
  readonly from: string
  readonly accountSid: string
  /** The id of an API key, whose secret the token is then; undefined where it is that of the account. */
  readonly apiKeySid?: string | undefined
  readonly token: Secret
  /** Where Twilio's API is, without a path. */
  readonly url: string
  readonly proxy?: Secret | undefined
  /** The whole text. */
  readonly text?: Words | undefined
}

const API_URL = 'https://api.twilio.com'
const EXAMPLE = `sms: {to: "+4915112345678", from: "+15005550006", account: AC…, token: \${TWILIO_AUTH_TOKEN}}`

/** E.164. */
const NUMBER = /^\+[1-9]\d{6,14}$/
/** A number, a short code, a name of up to eleven signs with a letter among them, or a messaging service. */
const SENDER = /^(?:\+[1-9]\d{6,14}|\d{3,8}|(?=.*[A-Za-z])[A-Za-z0-9 &+_-]{1,11}|MG[0-9a-f]{32})$/

const number = z.string({ error: 'is not a telephone number; write "+4915112345678" in quotes' }).regex(NUMBER, {
  error: ({ input }) =>
    `${show(input)} is not a telephone number; write it with a plus, the country's code and no spaces, such as "+4915112345678"`,
})

function sid(prefix: 'AC' | 'SK', what: string) {
  return z
    .string({ error: `is not the SID of ${what}; it begins with ${prefix}` })
    .regex(new RegExp(`^${prefix}[0-9a-fA-F]{32}$`), {
      error: ({ input }) => `${show(input)} is not the SID of ${what}; it is ${prefix} and 32 hexadecimal digits`,
    })
}

const config = z
  .union(
    [
      z.string().transform((_to, context): SmsConfig => refuse(context, `has no account; write ${EXAMPLE}`)),
      z
        .strictObject({
          to: z
            .union(
              [
                number.transform((one) => [one]),
                z.array(number).min(1, { error: 'is empty; write a telephone number' }),
              ],
              {
                error: 'is not a telephone number or a list of them; write "+4915112345678"',
              },
            )
            .describe('Who gets it: a telephone number or a list of them, with the plus and the country.'),
          from: z
            .string({ error: 'is not a sender; write a number of the account, such as "+15005550006"' })
            .regex(SENDER, {
              error: ({ input }) =>
                `${show(input)} is not a sender; write a number of the account, such as "+15005550006", a name of up to 11 letters and digits, or the SID of a messaging service (MG…)`,
            })
            .describe('Who sends it: a number of the account, a name, or the SID of a messaging service (`MG…`).'),
          account: sid('AC', 'a Twilio account').describe("The account's SID, `AC…`."),
          api_key: sid('SK', 'an API key')
            .optional()
            .describe('The SID of an API key, `SK…`; `token` is its secret then.'),
          token: secret,
          url: webUrl(['http:', 'https:'], API_URL, 'the address without them')
            .prefault(API_URL)
            .describe("Where Twilio's API is."),
          text: wording()
            .optional()
            .describe(
              "The whole text, may have `{{ … }}` in it; midwatch's own unless told. At most three segments of it are sent.",
            ),
          proxy,
        })
        .transform(
          (written): SmsConfig => ({
            to: [...new Set(written.to)],
            from: written.from,
            accountSid: written.account,
            apiKeySid: written.api_key,
            token: written.token,
            url: written.url.origin,
            proxy: written.proxy,
            text: written.text,
          }),
        ),
    ],
    { error: `is not keys; write ${EXAMPLE}` },
  )
  .describe('Keys; there has to be a Twilio account.')

/** Each is paid for. */
const MAX_SEGMENTS = 3
const AT_ONCE = 5
/** Twilio's codes for trouble with the sender or the account: it is mended there while the message waits. */
const MENDABLE = /"code"\s*:\s*(?:20003|21212|21408|21606|21659|21703)\b/

/** Texts to telephones through Twilio: one request for each number. */
export const sms: Channel<SmsConfig> = {
  config,
  textKey: 'to',
  digest: 'by default',
  describe: ({ to, from, accountSid, apiKeySid, token, url, text, proxy: way }) => ({
    to: [...to],
    from,
    account: accountSid,
    ...(apiKeySid === undefined ? {} : { api_key: apiKeySid }),
    token: String(token),
    url,
    ...sourcesOf({ text }),
    ...(way === undefined ? {} : { proxy: String(way) }),
  }),
  target: ({ to }) => to.map(masked).join(', '),

  async send(settings, notification, context) {
    const asked = say(settings.text, notification, context.nowMs, () => '')
    const notes = () => composeMessage(notification, context.nowMs).notes
    const text = asked === '' ? ownText(notification, context.nowMs) : [...notes(), asked].join('\n')
    const body = cutToSegments(plainSigns(text), MAX_SEGMENTS)
    const owed = settings.to.filter((to) => !context.done.includes(to))
    const done: string[] = []
    const failed: { readonly to: string; readonly error: DeliveryError }[] = []
    const next = owed.values()
    const work = async () => {
      for (const to of next) {
        try {
          await textTo(to, body, settings, context)
          done.push(to)
        } catch (error) {
          if (!(error instanceof DeliveryError)) throw error
          failed.push({ to, error })
        }
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, work))
    if (failed.length > 0) throw failureOf(failed, done, settings.to.length)
  },
}

async function textTo(to: string, body: string, settings: SmsConfig, context: SendContext): Promise<void> {
  const { from, accountSid, apiKeySid, token, url, proxy: way } = settings
  const login = `${apiKeySid ?? accountSid}:${token.reveal()}`
  const sender = from.startsWith('MG') && from.length === 34 ? { MessagingServiceSid: from } : { From: from }
  await post(
    {
      who: 'Twilio',
      url: new URL(`${url}/2010-04-01/Accounts/${accountSid}/Messages.json`),
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        authorization: `Basic ${Buffer.from(login).toString('base64')}`,
      },
      body: new URLSearchParams({ To: to, ...sender, Body: body }).toString(),
      proxy: way,
      secrets: [token.reveal()],
      explain: (text) => explain(text)?.replaceAll(to, masked(to)),
      judge: ({ text }) => (MENDABLE.test(text) ? 'later' : undefined),
    },
    context,
  )
}

/** Who got it is not told again; who can't get it is named, and waited for only as long as others are. */
function failureOf(
  failed: readonly { readonly to: string; readonly error: DeliveryError }[],
  done: readonly string[],
  total: number,
): DeliveryError {
  const byReason = Map.groupBy(failed, ({ error }) => error.message)
  const reasons = [...byReason].map(([reason, some]) => `${some.map(({ to }) => masked(to)).join(', ')}: ${reason}`)
  const retry = failed.some(({ error }) => error.retry === 'later') ? 'later' : 'never'
  const message = `${failed.length} of ${total} numbers not reached: ${reasons.join('; ')}`
  const waitMs = Math.max(...failed.map(({ error }) => error.waitMs ?? 0))
  return new DeliveryError(retry, message, { done, waitMs, cause: failed[0]?.error })
}

function ownText(notification: Notification, nowMs: number): string {
  const { title, alerts, url, omitted, notes, ackUrl } = composeMessage(notification, nowMs)
  const lines = alerts.map(({ status, summary, finding, measure, heldBack, when }) =>
    plainSigns(
      [
        status === 'resolved' ? 'Resolved: ' : '',
        summary,
        // A reason says more than a number.
        finding === undefined && measure === undefined ? '' : ` (${finding ?? measure})`,
        `, ${when}`,
        heldBack === undefined ? '' : `, also held back: ${heldBack}`,
      ]
        .join('')
        .replace(/\s+/g, ' '),
    ),
  )
  const [first] = alerts
  const page = alerts.length === 1 ? (first?.alertUrl ?? url) : url
  const link = isReachable(page) ? page : ''
  // There is room for one link: the one that stops the next text.
  const open = alerts.filter(({ ack }) => ack !== undefined)
  const ack = open[0]?.ack
  const last = ackUrl ?? (open.length === 1 ? (ack?.url ?? ack?.command) : undefined) ?? link
  return fitLines([plainSigns(title), ...notes.map(plainSigns), ...lines], { last, omitted, most: MAX_SEGMENTS })
}

/** A telephone number is nobody else's business: its country and its end are enough to know it again. */
function masked(to: string): string {
  return `${to.slice(0, 3)}…${to.slice(-3)}`
}

function explain(text: string): string | undefined {
  try {
    const { code, message } = JSON.parse(text) as { code?: unknown; message?: unknown }
    return typeof message === 'string' ? `${typeof code === 'number' ? `${code} ` : ''}${message}` : undefined
  } catch {
    return undefined
  }
}
