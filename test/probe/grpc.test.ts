import { createServer as createHttpServer } from 'node:http'
import { createServer as createHttp2Server, type ServerHttp2Stream } from 'node:http2'
import { describe, expect, test } from 'vitest'
import { grpc } from '../../src/probe/grpc.ts'
import { makeCertificate } from '../support/certificate.ts'
import { startGrpcHealth } from '../support/grpc-health-server.ts'
import { closedPort, listen, listenTcp } from '../support/listen.ts'
import { findingWhenOver, probeContext } from '../support/probe-context.ts'

const run = (entry: Record<string, unknown>, context = probeContext()) => grpc.run(grpc.config.parse(entry), context)

function values(finding: Awaited<ReturnType<typeof run>>): Readonly<Record<string, number>> {
  return Object.fromEntries(
    finding.metrics.map(({ name, labels, value }) => [labels?.phase ?? labels?.serving_status ?? name, value]),
  )
}

test('is up when the server serves', async () => {
  await using server = await startGrpcHealth({ '': 'SERVING' })
  const finding = await run({ grpc: server.address })
  expect(finding).toMatchObject({ outcome: 'up', details: { serving: 'SERVING' } })
  expect(values(finding)).toMatchObject({ SERVING: 1, NOT_SERVING: 0, probe_grpc_status_code: 0, probe_grpc_ssl: 0 })
  expect(values(finding).check).toBeGreaterThan(0)
})

test('asks about one service', async () => {
  const long = 'a'.repeat(130)
  await using server = await startGrpcHealth({ '': 'SERVING', 'shop.Orders': 'NOT_SERVING', odd: 'UNKNOWN' })
  expect(await run({ grpc: server.address, service: 'shop.Orders' })).toMatchObject({
    outcome: 'down',
    reason: 'reported',
    message: `${server.address}, service shop.Orders: the health service answered NOT_SERVING; expected SERVING`,
  })
  expect(values(await run({ grpc: server.address, service: 'odd' }))).toMatchObject({ UNKNOWN: 1, SERVING: 0 })
  const missing = await run({ grpc: server.address, service: long })
  expect(missing).toMatchObject({ outcome: 'down', message: expect.stringContaining('NOT_FOUND (unknown service)') })
  expect(values(missing)).toMatchObject({ UNKNOWN: 0, SERVING: 0, probe_grpc_status_code: 5 })
})

test('speaks TLS with a certificate that it trusts', async () => {
  await using server = await startGrpcHealth({ '': 'SERVING' }, makeCertificate())
  expect(await run({ grpc: server.address, tls: true })).toMatchObject({ outcome: 'down', reason: 'tls', phase: 'tls' })
  const finding = await run({ grpc: server.address, tls: { insecure_skip_verify: true } })
  expect(finding).toMatchObject({ outcome: 'up' })
  expect(values(finding)).toMatchObject({ probe_grpc_ssl: 1, probe_tls_version_info: 1 })
})

describe('something else on the port', () => {
  test('a server of HTTP/1', async () => {
    await using server = await listen(createHttpServer((_, response) => response.end('hello')))
    expect(await run({ grpc: server.address })).toMatchObject({ outcome: 'down', reason: 'protocol', phase: 'check' })
  })

  const web = (stream: ServerHttp2Stream) => {
    stream.respond({ ':status': 404 })
    stream.end('no')
  }
  const sending = (bytes: Buffer) => (stream: ServerHttp2Stream) => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': 0 }))
    stream.end(bytes)
  }

  test.each([
    ['a web server', web, 'HTTP status 404'],
    ['no message', sending(Buffer.alloc(0)), 'cut off'],
    ['half a message', sending(Buffer.from([0, 0, 0, 0, 9, 8])), 'cut off'],
    ['garbage', sending(Buffer.from([0, 0, 0, 0, 2, 0xff, 0xff])), 'no answer of a'],
    ['a flood', sending(Buffer.alloc(1_000_000)), 'too long'],
  ])('%s', async (_, answer, words) => {
    const server = createHttp2Server()
    server.on('stream', (stream) => {
      stream.on('error', () => undefined)
      answer(stream)
    })
    await using running = await listen(server as unknown as Parameters<typeof listen>[0])
    expect(await run({ grpc: running.address })).toMatchObject({
      outcome: 'down',
      reason: 'protocol',
      message: expect.stringContaining(words),
    })
  })

  test('a server without a health service', async () => {
    const server = createHttp2Server()
    server.on('stream', (stream) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': 12 }, { endStream: true })
    })
    await using running = await listen(server as unknown as Parameters<typeof listen>[0])
    expect(await run({ grpc: running.address })).toMatchObject({
      outcome: 'down',
      message: expect.stringContaining('UNIMPLEMENTED'),
    })
  })

  test('a server that takes the connection and is silent', async () => {
    let isAsked = false
    await using silent = await listenTcp((socket) => {
      socket.on('data', () => {
        isAsked = true
      })
    })
    const finding = await findingWhenOver(
      (context) => run({ grpc: silent.address }, context),
      () => isAsked,
    )
    expect(finding).toMatchObject({ outcome: 'down', reason: 'timeout', phase: 'check' })
    expect(values(finding).probe_grpc_status_code).toBe(4)
    await silent.allClosed()
  })

  test('a server that hangs up', async () => {
    await using rude = await listenTcp((socket) => void socket.once('data', () => socket.end()))
    expect(await run({ grpc: rude.address })).toMatchObject({ outcome: 'down', reason: 'reset' })
  })

  test('nobody', async () => {
    const finding = await run({ grpc: `127.0.0.1:${await closedPort()}` })
    expect(finding).toMatchObject({ outcome: 'down', reason: 'refused' })
    expect(values(finding).probe_grpc_status_code).toBe(14)
  })
})
