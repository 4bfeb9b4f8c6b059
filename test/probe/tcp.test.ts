import { once } from 'node:events'
import { expect, test } from 'vitest'
import { tcp } from '../../src/probe/tcp.ts'
import { closedPort, listenTcp } from '../support/listen.ts'
import { findingWhenOver, probeContext } from '../support/probe-context.ts'

const probe = (address: string, options: Readonly<Record<string, unknown>> = {}, context = probeContext()) =>
  tcp.run(tcp.config.parse({ tcp: address, ...options }), context)

test('a server that takes the connection is up, and the connection is closed', async () => {
  await using server = await listenTcp(() => undefined)
  const finding = await probe(server.address)
  expect(finding.outcome).toBe('up')
  expect(finding.metrics).toContainEqual({ name: 'probe_ip_addr_hash', value: 3_668_918_509 })
  expect(server.connections()).toBe(1)
  await server.allClosed()
})

test('a port without a server is refused in the phase connect', async () => {
  expect(await probe(`127.0.0.1:${await closedPort()}`)).toMatchObject({
    outcome: 'down',
    reason: 'refused',
    phase: 'connect',
    message: expect.stringMatching(/^127\.0\.0\.1:\d+: connection refused/),
  })
})

test('a name that does not exist fails in the phase resolve', async () => {
  expect(await probe('db.invalid:5432')).toMatchObject({ outcome: 'down', reason: 'dns', phase: 'resolve' })
})

test('a text without an expected answer is delivered before the connection is closed', async () => {
  const received = Promise.withResolvers<string>()
  await using server = await listenTcp((socket) => {
    let text = ''
    socket.on('data', (bytes) => {
      text += bytes
    })
    void once(socket, 'close').then(() => received.resolve(text))
  })
  expect((await probe(server.address, { send: 'hello\n' })).outcome).toBe('up')
  expect(await received.promise).toBe('hello\n')
})

test.for([
  ['the first line', ['ready\r\n'], '^ready$'],
  ['a later line', ['one\r\ntwo\r\n', 'ready\r\n'], '^ready$'],
  ['a line that comes in pieces', ['re', 'ad', 'y\r\n'], '^ready$'],
  ['a prompt without a line end', ['welcome\r\n', 'login: '], 'login: $'],
] as const)('%s may match', async ([, pieces, pattern]) => {
  await using server = await listenTcp((socket) => {
    socket.setNoDelay(true)
    for (const piece of pieces) socket.write(piece)
  })
  expect((await probe(server.address, { expect: pattern })).outcome).toBe('up')
})

test('a server that says something else and closes is down, with what it said last', async () => {
  await using server = await listenTcp((socket) => socket.end('-ERR password=hunter2hunter2 no\r\n'))
  const finding = await probe(server.address, { expect: '^[+]PONG' })
  expect(finding).toMatchObject({ outcome: 'down', reason: 'body', phase: 'answer' })
  expect(finding).toMatchObject({ message: expect.stringContaining('expected a line to match /^[+]PONG/') })
  expect(finding.metrics).toContainEqual({ name: 'probe_failed_due_to_regex', value: 1 })
})

test('a server that says something else and stays is down by timeout in the phase answer', async () => {
  await using server = await listenTcp((socket) => socket.write('-ERR\r\n'))
  const finding = await findingWhenOver(
    (context) => probe(server.address, { expect: '^[+]PONG' }, context),
    () => server.connections() > 0,
  )
  expect(finding).toMatchObject({ outcome: 'down', reason: 'timeout', phase: 'answer' })
})

test('a server that resets the connection is a reset', async () => {
  await using server = await listenTcp((socket) => socket.once('data', () => socket.resetAndDestroy()))
  expect(await probe(server.address, { send: 'x', expect: 'y' })).toMatchObject({ outcome: 'down', reason: 'reset' })
})

test('a server that never stops talking is cut off', async () => {
  await using server = await listenTcp((socket) => {
    const talk = () => {
      while (socket.writable && socket.write('x'.repeat(16_384))) {}
    }
    socket.on('drain', talk)
    talk()
  })
  const finding = await probe(server.address, { expect: 'ready' })
  expect(finding).toMatchObject({
    outcome: 'down',
    reason: 'body',
    message: expect.stringContaining('more than 64 KiB'),
  })
})
