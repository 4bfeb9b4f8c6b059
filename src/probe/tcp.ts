import type { Socket } from 'node:net'
import { z } from 'zod'
import { redactText } from '../lib/redact.ts'
import { down, up } from '../model/finding.ts'
import type { Regex } from '../model/regex.ts'
import { type ConnectPhase, Conversation, dial } from './conversation.ts'
import { formatHostAndPort, hostAndPort, ipProtocol, regex } from './fields.ts'
import { Lookup, lookupMetrics } from './net-target.ts'
import { Phases } from './phases.ts'
import { defineProbe } from './probe.ts'
import { downBySocketError } from './socket-error.ts'
import { blackbox, blackboxIp } from './stand-in.ts'

/** Up when the connection is made; with `send` or `expect` also when the answer has a line that matches. */
export const tcp = defineProbe({
  key: 'tcp',
  summary: 'Up when a TCP connection can be made and, where an answer is expected, one of its lines matches.',
  config: z.strictObject({
    tcp: hostAndPort('db.internal:5432').describe('The address to connect to.'),
    send: z
      .string({ error: 'is not a text; write it in quotes, such as "PING\\r\\n"' })
      .optional()
      .describe('Sent as it stands; write `"\\r\\n"` where the protocol wants it.'),
    expect: regex.optional().describe('A pattern that one line of the answer has to match.'),
    ip_protocol: ipProtocol.optional(),
  }),
  metrics: {
    ...lookupMetrics,
    probe_failed_due_to_regex: { help: '1 when no line of the answer matched.' },
  },
  example: { tcp: 'db.internal:5432' },
  instance: ({ tcp }) => formatHostAndPort(tcp),
  standIn({ tcp, send, expect, ip_protocol }) {
    const steps = [
      ...(send === undefined ? [] : [{ send: send.replace(/\r?\n$/, '') }]),
      ...(expect === undefined ? [] : [{ expect: expect.source }]),
    ]
    const tcpOptions = {
      preferred_ip_protocol: blackboxIp(ip_protocol),
      ...(steps.length === 0 ? {} : { query_response: steps }),
    }
    return blackbox({ prober: 'tcp', tcp: tcpOptions }, formatHostAndPort(tcp), [
      send === undefined || /\n$/.test(send) ? undefined : 'blackbox_exporter ends what is sent with a line break',
    ])
  },

  async run({ tcp: address, send, expect, ip_protocol }, context) {
    const target = formatHostAndPort(address)
    const lookup = new Lookup()
    const phases = new Phases<ConnectPhase | 'answer'>('resolve')
    const metrics = (isFailedByRegex: boolean) => [
      ...lookup.metrics(),
      { name: 'probe_failed_due_to_regex', value: isFailedByRegex ? 1 : 0 },
    ]
    let socket: Socket | undefined
    try {
      socket = await dial(address, { lookup, phases, context, prefer: ip_protocol })
      if (send === undefined && expect === undefined) return up({ metrics: metrics(false) })
      phases.enter('answer')
      const conversation = new Conversation(socket)
      if (send !== undefined) await conversation.send(send)
      if (expect === undefined) return up({ metrics: metrics(false) })
      const last = await waitForLine(conversation, expect)
      if (last === undefined) return up({ metrics: metrics(false) })
      const came = last === '' ? 'nothing' : JSON.stringify(redactText(last.slice(-100)))
      const message = `${target}: closed the connection after ${came}, expected a line to match /${expect.source}/`
      return down('body', message, { metrics: metrics(true), phase: 'answer' })
    } catch (error) {
      return downBySocketError(error, { context, target, phase: phases.current, metrics: metrics(false) })
    } finally {
      socket?.destroy()
    }
  },
})

/** @returns undefined once a line matches, what had come when the other side closed the connection before */
async function waitForLine(conversation: Conversation, expect: Regex): Promise<string | undefined> {
  let last = ''
  let begin = 0
  try {
    await conversation.receive((text) => {
      last = text
      for (let end = text.indexOf('\n', begin); end !== -1; end = text.indexOf('\n', begin)) {
        if (expect.test(text.slice(begin, end).replace(/\r$/, ''))) return { found: true, length: end + 1 }
        begin = end + 1
      }
      // Some prompts wait at the end of an unfinished line.
      return begin < text.length && expect.test(text.slice(begin)) ? { found: true, length: text.length } : undefined
    })
    return undefined
  } catch (error) {
    if (conversation.hasEnded) return last
    throw error
  }
}
