import type { Socket } from 'node:net'
import { z } from 'zod'
import { redactText } from '../lib/redact.ts'
import { up } from '../model/finding.ts'
import {
  certificateDays,
  certificateExpect,
  judgeExpiry,
  metricsOfTls,
  type TlsState,
  tlsMetrics,
} from './certificate.ts'
import { type ConnectPhase, Conversation, dial } from './conversation.ts'
import { formatHostAndPort, hostAndPort, ipProtocol, tlsOptions } from './fields.ts'
import { Lookup, lookupMetrics } from './net-target.ts'
import { Phases } from './phases.ts'
import { defineProbe } from './probe.ts'
import { downBySocketError, UnexpectedAnswerError } from './socket-error.ts'
import { blackbox, blackboxIp, blackboxTls, certificateDifference, definedOf } from './stand-in.ts'
import { startTls } from './tls-socket.ts'

type SmtpPhase = ConnectPhase | 'greeting' | 'ehlo' | 'starttls' | 'tls'

/** Up when a mail server greets, takes EHLO and, where asked for, changes to TLS with a trusted certificate. */
export const smtp = defineProbe({
  key: 'smtp',
  summary:
    'Up when a mail server greets and answers EHLO and, with starttls, changes to TLS with a trusted certificate.',
  config: z
    .strictObject({
      smtp: hostAndPort('mail.example.org:587', 25).describe('The address of the mail server; port 25 unless told.'),
      starttls: z.boolean().default(false).describe('Whether to change to TLS and look at the certificate.'),
      ehlo: z
        .string()
        .regex(/^[\w.:[\]-]{1,255}$/, 'is not a host name; write one such as watch.example.org')
        .default('localhost')
        .describe('The name to introduce ourselves with.'),
      expect: certificateExpect,
      tls: tlsOptions.optional(),
      ip_protocol: ipProtocol.optional(),
    })
    .refine(({ starttls, expect }) => starttls || expect.certificate === undefined, {
      path: ['expect', 'certificate'],
      error: 'needs the certificate, which is shown only after STARTTLS; write starttls: true',
    }),
  metrics: {
    ...lookupMetrics,
    ...tlsMetrics,
    probe_failed_due_to_regex: { help: '1 when an answer did not begin with the expected code.' },
  },
  example: { smtp: 'mail.example.org:587', starttls: true },
  instance: ({ smtp }) => formatHostAndPort(smtp),
  standIn({ smtp, starttls, ehlo, expect, tls, ip_protocol }) {
    const greeting = [{ expect: '^220' }, { send: `EHLO ${ehlo}` }]
    // The last line of an answer has a space behind its code.
    const secured = [{ expect: '^250[ -]STARTTLS' }, { send: 'STARTTLS' }, { expect: '^220' }, { starttls: true }]
    const steps = starttls ? [...greeting, ...secured, { send: `EHLO ${ehlo}` }] : greeting
    const tcp = definedOf({
      preferred_ip_protocol: blackboxIp(ip_protocol),
      query_response: [...steps, { expect: '^250 ' }, { send: 'QUIT' }],
      tls_config: starttls ? blackboxTls(tls) : undefined,
    })
    return blackbox({ prober: 'tcp', tcp }, formatHostAndPort(smtp), [certificateDifference(expect.certificate)])
  },

  async run({ smtp: address, starttls, ehlo, expect, tls: options, ip_protocol }, context) {
    const target = formatHostAndPort(address)
    const lookup = new Lookup()
    const phases = new Phases<SmtpPhase>('resolve')
    let state: TlsState | undefined
    let isRefusal = false
    const measured = () => ({
      metrics: [
        ...lookup.metrics(),
        { name: 'probe_failed_due_to_regex', value: isRefusal ? 1 : 0 },
        ...(state === undefined ? [] : metricsOfTls(state)),
      ],
      details: state === undefined ? {} : { certificate_days: certificateDays(state), tls_version: state.version },
    })
    let socket: Socket | undefined
    try {
      socket = await dial(address, { lookup, phases, context, prefer: ip_protocol })
      phases.enter('greeting')
      let conversation = new Conversation(socket)
      await expectReply(conversation, 220, 'greeted with')
      phases.enter('ehlo')
      const extensions = await ask(conversation, `EHLO ${ehlo}`, 250)
      if (starttls) {
        phases.enter('starttls')
        if (!extensions.some((line) => /^STARTTLS$/i.test(line.trim()))) {
          throw new RefusalError('protocol', 'does not offer STARTTLS')
        }
        await ask(conversation, 'STARTTLS', 220)
        // RFC 3207 section 4.2: what comes before the handshake is not protected and must not count.
        if (conversation.pending !== '') throw new RefusalError('protocol', 'sent more after its answer to STARTTLS')
        conversation.release()
        phases.enter('tls')
        const secured = await startTls(socket, address.host, options)
        state = secured.tls
        conversation = new Conversation(secured.socket)
      }
      // Good manners only: some servers hang up without an answer to it.
      await conversation.send('QUIT\r\n')
      const { certificate } = expect
      if (state === undefined || certificate === undefined) return up(measured())
      return judgeExpiry(state, certificate, target, measured()) ?? up(measured())
    } catch (error) {
      isRefusal = error instanceof RefusalError
      return downBySocketError(error, { context, target, phase: phases.current, ...measured() })
    } finally {
      socket?.destroy()
    }
  },
})

/** The server answered, yet not with what was expected. */
class RefusalError extends UnexpectedAnswerError {}

async function ask(conversation: Conversation, command: string, code: number): Promise<string[]> {
  await conversation.send(`${command}\r\n`)
  return expectReply(conversation, code, `answered ${command.split(' ')[0]} with`)
}

/**
 * Waits for one reply, which may have many lines (RFC 5321 section 4.2.1).
 *
 * @returns the texts of its lines without the code
 * @throws RefusalError for any other code
 */
async function expectReply(conversation: Conversation, code: number, what: string): Promise<string[]> {
  const reply = await conversation.receive((text) => {
    const match = /^(?:\d{3}-[^\n]*\n)*(?:\d{3}(?: [^\n]*)?\r?\n)/.exec(text)
    if (match !== null) return { found: match[0], length: match[0].length }
    const complete = text.slice(0, text.lastIndexOf('\n') + 1)
    if (complete === '' || /^(?:\d{3}-[^\n]*\n)*$/.test(complete)) return undefined
    throw new RefusalError('protocol', `does not speak SMTP: ${what} ${excerpt(text)}`)
  })
  const lines = reply.trimEnd().split('\n')
  const last = lines.at(-1) as string
  if (Number(last.slice(0, 3)) === code) return lines.map((line) => line.slice(4))
  throw new RefusalError('status', `${what} ${excerpt(last)}, expected ${code}`)
}

function excerpt(text: string): string {
  return JSON.stringify(redactText(text.trim().slice(0, 100)))
}
