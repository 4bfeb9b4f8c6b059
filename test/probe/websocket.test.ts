import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { websocket } from '../../src/probe/websocket.ts'
import { encodeFrame, MessageReader } from '../../src/probe/websocket-frame.ts'
import { makeCertificate } from '../support/certificate.ts'
import { listen, type TcpListener } from '../support/listen.ts'
import { findingWhenOver, probeContext } from '../support/probe-context.ts'

const probe = (url: string, options: Readonly<Record<string, unknown>> = {}, context = probeContext()) =>
  websocket.run(websocket.config.parse({ websocket: url, ...options }), context)

function accept(request: IncomingMessage, socket: Socket, head: Readonly<Record<string, string>> = {}): void {
  const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`
  const headers = {
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Accept': createHash('sha1').update(key).digest('base64'),
    ...head,
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}\r\n`)
}

/** A WebSocket server; `talk` gets each connection after the upgrade. */
function serve(talk: (socket: Socket, request: IncomingMessage) => void, head = {}): Promise<TcpListener> {
  const server = createServer((_, response) => response.writeHead(404).end())
  server.on('upgrade', (request, socket) => {
    accept(request, socket as Socket, head)
    // Sockets of an HTTP server stay half open.
    socket.on('end', () => socket.end())
    talk(socket as Socket, request)
  })
  return listen(server)
}

/** As a server sends it: not masked. */
function frame(opcode: number, payload: string, isFinal = true): Buffer {
  const bytes = Buffer.from(payload)
  const size = bytes.length < 126 ? [bytes.length] : [126, bytes.length >> 8, bytes.length & 0xff]
  return Buffer.concat([Buffer.from([(isFinal ? 0x80 : 0) | opcode, ...size]), bytes])
}

test('a server that changes the protocol is up and is told goodbye', async () => {
  const goodbye = Promise.withResolvers<Buffer>()
  await using server = await serve((socket) => socket.once('data', (bytes: Buffer) => goodbye.resolve(bytes)))
  const finding = await probe(`ws://${server.address}/live`)
  expect(finding).toMatchObject({ outcome: 'up', details: { status_code: 101 } })
  expect(finding.metrics).toContainEqual({ name: 'probe_websocket_connection_upgraded', value: 1 })
  const bytes = await goodbye.promise
  expect(bytes[0]).toBe(0x88)
  expect((bytes[1] as number) & 0x80, 'clients mask').toBe(0x80)
  await server.allClosed()
})

test('the address and the headers arrive', async () => {
  const seen: IncomingMessage[] = []
  await using server = await serve((_, request) => seen.push(request))
  await probe(`ws://${server.address}/live?room=1`, { headers: { Origin: 'https://shop.example.org' } })
  expect(seen[0]).toMatchObject({
    url: '/live?room=1',
    headers: { origin: 'https://shop.example.org', host: server.address, 'sec-websocket-version': '13' },
  })
})

test('a text is sent and the first message that comes is held against the pattern', async () => {
  const text = 'echo of ääh '.repeat(30)
  await using server = await serve((socket) =>
    socket.on('data', (bytes: Buffer) => {
      const mask = bytes.subarray(4, 8)
      const length = bytes.readUInt16BE(2)
      const payload = Buffer.from(bytes.subarray(8, 8 + length).map((byte, i) => byte ^ (mask[i % 4] as number)))
      socket.write(frame(1, `echo ${payload}`))
    }),
  )
  const url = `ws://${server.address}/`
  expect((await probe(url, { send: text, expect: `^echo ${text}$` })).outcome).toBe('up')
  const finding = await probe(url, { send: text, expect: '^pong' })
  expect(finding).toMatchObject({ outcome: 'down', reason: 'body', phase: 'message' })
  expect(finding).toMatchObject({ message: expect.stringContaining('expected to match /^pong/') })
  expect(finding.metrics).toContainEqual({ name: 'probe_websocket_failed_due_to_regex', value: 1 })
})

test('a message may come in parts, with a ping between them that is answered, along with the upgrade', async () => {
  const pong = Promise.withResolvers<Buffer>()
  await using server = await serve((socket) => {
    socket.write(Buffer.concat([frame(1, 'rea', false), frame(9, 'are you there'), frame(0, 'dy')]))
    socket.once('data', (bytes: Buffer) => pong.resolve(bytes))
  })
  expect((await probe(`ws://${server.address}/`, { expect: '^ready$' })).outcome).toBe('up')
  expect((await pong.promise)[0]).toBe(0x8a)
})

test.for([
  ['closes', frame(8, '\x03\xf3'), 'reset', 'closed the WebSocket'],
  ['sends a masked frame', encodeFrame('text', Buffer.from('x')), 'protocol', 'a masked frame'],
  ['sends bits of an extension', Buffer.from([0xc1, 0]), 'protocol', 'bits that belong to no extension'],
  ['sends an unknown opcode', Buffer.from([0x83, 0]), 'protocol', 'opcode 3'],
  ['begins with a part', frame(0, 'x'), 'protocol', 'without its beginning'],
  ['announces too much', Buffer.from([0x82, 127, 0, 0, 1, 0, 0, 0, 0, 0]), 'body', 'more than 1 MiB'],
] as const)('a server that %s instead of a message is down', async ([, bytes, reason, words]) => {
  await using server = await serve((socket) => socket.write(bytes))
  const finding = await probe(`ws://${server.address}/`, { expect: 'ready' })
  expect(finding).toMatchObject({ outcome: 'down', reason, phase: 'message', message: expect.stringContaining(words) })
})

test('a server that sends no message is down by timeout in that phase', async () => {
  let isOpen = false
  await using server = await serve(() => {
    isOpen = true
  })
  const finding = await findingWhenOver(
    (context) => probe(`ws://${server.address}/`, { expect: 'x' }, context),
    () => isOpen,
  )
  expect(finding).toMatchObject({ reason: 'timeout', phase: 'message' })
})

test('a server that does not change the protocol, or not properly, is down', async () => {
  await using plain = await listen(createServer((_, response) => response.writeHead(426).end()))
  const refused = await probe(`ws://${plain.address}/`)
  expect(refused).toMatchObject({
    outcome: 'down',
    reason: 'status',
    phase: 'processing',
    details: { status_code: 426 },
  })
  expect(refused.metrics).toContainEqual({ name: 'probe_websocket_status_code', value: 426 })
  await using wrongKey = await serve(() => undefined, { 'Sec-WebSocket-Accept': 'x' })
  expect(await probe(`ws://${wrongKey.address}/`)).toMatchObject({ reason: 'protocol', phase: 'processing' })
  await using wrongProtocol = await serve(() => undefined, { Upgrade: 'h2c' })
  expect(await probe(`ws://${wrongProtocol.address}/`)).toMatchObject({
    message: expect.stringContaining('changed to "h2c", expected websocket'),
  })
})

test('wss is a WebSocket over TLS with a certificate that is judged', async () => {
  const server = createSecureServer(makeCertificate())
  server.on('upgrade', (request, socket) => accept(request, socket as Socket))
  await using running = await listen(server)
  const url = `wss://${running.address}/`
  const finding = await probe(url, { tls: { insecure_skip_verify: true } })
  expect(finding.outcome).toBe('up')
  expect(finding.metrics.map(({ name }) => name)).toContain('probe_ssl_earliest_cert_expiry')
  expect(await probe(url)).toMatchObject({ outcome: 'down', reason: 'tls', phase: 'tls' })
})

test('frames of every length survive the way', () => {
  for (const length of [0, 1, 125, 126, 65_535, 65_536]) {
    const payload = Buffer.alloc(length, 'x')
    const masked = encodeFrame('text', payload)
    const head = masked.length - length - 4
    const mask = masked.subarray(head, head + 4)
    const unmasked = masked.subarray(head + 4).map((byte, i) => byte ^ (mask[i % 4] as number))
    const reader = new MessageReader()
    // As a server would send it: without the mask and its bit, and here byte by byte where it is short.
    const bytes = Buffer.concat([masked.subarray(0, head), unmasked])
    bytes[1] = (bytes[1] as number) & 0x7f
    const pieces = length < 200 ? [...bytes].map((byte) => Buffer.from([byte])) : [bytes]
    const messages = pieces.flatMap((piece) => {
      reader.push(piece)
      return reader.next() ?? []
    })
    expect(messages).toEqual([{ kind: 'text', payload }])
  }
})
