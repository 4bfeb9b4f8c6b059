import { createHash, randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { z } from 'zod'
import { redactText } from '../lib/redact.ts'
import { version } from '../lib/version.ts'
import { up } from '../model/finding.ts'
import type { Regex } from '../model/regex.ts'
import { metricsOfTls, type TlsState, tlsMetrics } from './certificate.ts'
import { dial } from './conversation.ts'
import { headers, ipProtocol, regex, tlsOptions, url } from './fields.ts'
import { headerMap, serializeRequest } from './http-request.ts'
import { ResponseReader } from './http-response.ts'
import { displayUrl, hostOf, Lookup, lookupMetrics } from './net-target.ts'
import { Phases } from './phases.ts'
import { defineProbe } from './probe.ts'
import { downBySocketError, UnexpectedAnswerError } from './socket-error.ts'
import { blackbox, blackboxIp, blackboxTls, definedOf } from './stand-in.ts'
import { startTls } from './tls-socket.ts'
import { encodeFrame, type Message, MessageReader } from './websocket-frame.ts'

const config = z.strictObject({
  websocket: url(['ws:', 'wss:'], 'wss://shop.example.org/live', 'headers: {Authorization: …}').describe(
    'The address to open.',
  ),
  headers: headers.optional().describe('Headers to send with the upgrade.'),
  send: z
    .string({ error: 'is not a text; write it in quotes, such as "ping"' })
    .optional()
    .describe('A text message to send after the upgrade.'),
  expect: regex.optional().describe('A pattern that the first message has to match.'),
  tls: tlsOptions.optional(),
  ip_protocol: ipProtocol.optional(),
})

type WebsocketConfig = z.output<typeof config>

const PHASES = ['resolve', 'connect', 'tls', 'processing', 'message'] as const

/** Up when the server changes to the WebSocket protocol and, where one is expected, its first message matches. */
export const websocket = defineProbe({
  key: 'websocket',
  summary:
    'Up when a server changes to the WebSocket protocol and, where a message is expected, the first one matches.',
  config,
  metrics: {
    ...lookupMetrics,
    probe_websocket_status_code: { help: 'Status of the answer to the upgrade; 0 when there was none.' },
    probe_websocket_connection_upgraded: { help: '1 when the server changed to the WebSocket protocol.' },
    probe_websocket_failed_due_to_regex: { help: '1 when the message did not match.' },
    probe_websocket_duration_seconds: { help: 'Time of each phase.', labels: ['phase'] },
    ...tlsMetrics,
  },
  example: { websocket: 'wss://shop.example.org/live' },
  instance: ({ websocket }) => displayUrl(websocket),
  standIn({ websocket: address, ip_protocol, tls, send, expect }) {
    const target = new URL(address)
    target.protocol = address.protocol === 'wss:' ? 'https:' : 'http:'
    const handshake = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' }
    const headers = { ...handshake, 'sec-websocket-key': 'bWlkd2F0Y2gtcHJvYmUuLi4=' }
    const options = definedOf({
      preferred_ip_protocol: blackboxIp(ip_protocol),
      valid_status_codes: [101],
      headers,
      tls_config: blackboxTls(tls),
    })
    return blackbox({ prober: 'http', http: options }, target.href, [
      send === undefined && expect === undefined ? undefined : 'messages are not looked at there, only the upgrade',
    ])
  },

  async run(config, context) {
    const { websocket: address, send, expect } = config
    const lookup = new Lookup()
    const phases = new Phases<(typeof PHASES)[number]>('resolve')
    let tls: TlsState | undefined
    let status = 0
    let isUpgraded = false
    let isRegexFailure = false
    const measured = () => ({
      metrics: [
        ...lookup.metrics(),
        { name: 'probe_websocket_status_code', value: status },
        { name: 'probe_websocket_connection_upgraded', value: isUpgraded ? 1 : 0 },
        { name: 'probe_websocket_failed_due_to_regex', value: isRegexFailure ? 1 : 0 },
        ...PHASES.map((phase) => ({
          name: 'probe_websocket_duration_seconds',
          value: phases.seconds(phase),
          labels: { phase },
        })),
        ...(tls === undefined ? [] : metricsOfTls(tls)),
      ],
      details: status === 0 ? {} : { status_code: status },
    })
    let socket: Socket | undefined
    try {
      const isTls = address.protocol === 'wss:'
      const host = hostOf(address)
      const target = { host, port: Number(address.port) || (isTls ? 443 : 80) }
      socket = await dial(target, { lookup, phases, context, prefer: config.ip_protocol })
      if (isTls) {
        phases.enter('tls')
        const secured = await startTls(socket, host, config.tls, ['http/1.1'])
        socket = secured.socket
        tls = secured.tls
      }
      phases.enter('processing')
      const chunks = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>
      const key = randomBytes(16).toString('base64')
      socket.write(serializeRequest({ url: address, method: 'GET', headers: upgradeHeaders(config, key) }))
      const reader = new ResponseReader('GET', 64 * 1024)
      await readHead(reader, chunks)
      status = reader.head?.status ?? 0
      judgeUpgrade(reader, key)
      isUpgraded = true
      phases.enter('message')
      if (send !== undefined) socket.write(encodeFrame('text', Buffer.from(send, 'utf8')))
      if (expect !== undefined) {
        const text = await readMessage(socket, reader.rest(), chunks)
        isRegexFailure = !expect.test(text)
        if (isRegexFailure) throw new UnexpectedAnswerError('body', mismatch(text, expect))
      }
      // 1000: done as intended (RFC 6455 section 7.4.1).
      await new Promise((resolve) => socket?.write(encodeFrame('close', Buffer.from([0x03, 0xe8])), resolve))
      phases.end()
      return up(measured())
    } catch (error) {
      const target = displayUrl(address)
      return downBySocketError(error, { context, target, phase: phases.current, ...measured() })
    } finally {
      socket?.destroy()
    }
  },
})

function upgradeHeaders({ headers }: WebsocketConfig, key: string): ReadonlyMap<string, string> {
  return headerMap({ 'user-agent': `midwatch/${version}` }, headers, {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': key,
  })
}

async function readHead(reader: ResponseReader, chunks: AsyncIterator<Buffer>): Promise<void> {
  while (reader.head === undefined) {
    const { value, done } = await chunks.next()
    if (done === true) reader.end()
    else reader.push(value)
  }
}

/** RFC 6455 section 4.1, what the client has to check. */
function judgeUpgrade({ head }: ResponseReader, key: string): void {
  if (head?.status !== 101) {
    throw new UnexpectedAnswerError('status', `answered the upgrade with status ${head?.status}, expected 101`)
  }
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  const one = (name: string) => head.headers.get(name)?.join(', ') ?? ''
  if (one('upgrade').toLowerCase() !== 'websocket') {
    throw new UnexpectedAnswerError('protocol', `changed to ${JSON.stringify(one('upgrade'))}, expected websocket`)
  }
  if (one('sec-websocket-accept') !== accept) {
    throw new UnexpectedAnswerError('protocol', 'answered with a Sec-WebSocket-Accept that does not belong to our key')
  }
}

/** The first message with content; pings are answered on the way. */
async function readMessage(socket: Socket, rest: Buffer, chunks: AsyncIterator<Buffer>): Promise<string> {
  const messages = new MessageReader()
  messages.push(rest)
  for (;;) {
    const message = messages.next()
    if (message === undefined) {
      const { value, done } = await chunks.next()
      if (done === true) throw new UnexpectedAnswerError('reset', 'closed the connection without a message')
      messages.push(value)
    } else if (message.kind === 'text' || message.kind === 'binary') {
      return message.payload.toString('utf8')
    } else if (message.kind === 'ping') {
      socket.write(encodeFrame('pong', message.payload))
    } else if (message.kind === 'close') {
      throw new UnexpectedAnswerError('reset', `closed the WebSocket${closeReason(message)} without a message`)
    }
  }
}

function closeReason({ payload }: Message): string {
  if (payload.length < 2) return ''
  const reason = redactText(payload.toString('utf8', 2))
  return ` with ${payload.readUInt16BE(0)}${reason === '' ? '' : ` ${JSON.stringify(reason)}`}`
}

function mismatch(text: string, { source }: Regex): string {
  const line = JSON.stringify(redactText(text.slice(0, 500)))
  return `sent ${line.length <= 100 ? line : `${line.slice(0, 99)}…"`}, expected to match /${source}/`
}
