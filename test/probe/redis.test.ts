import { createConnection } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { redis } from '../../src/probe/redis.ts'
import { parseReply, RespConnection } from '../../src/probe/resp.ts'
import { certificateFiles } from '../support/certificate-files.ts'
import { listenTcp } from '../support/listen.ts'
import { describePeer, freePort, type RunningPeer, startPeer } from '../support/peers.ts'
import { probeContext } from '../support/probe-context.ts'

const run = (entry: Record<string, unknown>, context = probeContext()) => redis.run(redis.config.parse(entry), context)

describePeer('redis-server', (path) => {
  const start = (port: number, ...more: string[]) =>
    startPeer(path, ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', '/tmp', ...more], {
      ready: /Ready to accept connections/,
    })
  let server: RunningPeer
  let port: number
  let url: string

  beforeAll(async () => {
    port = await freePort()
    server = await start(port, '--maxmemory', '64mb')
    url = `redis://127.0.0.1:${port}`
  })
  afterAll(() => server?.stop())

  async function command(...commands: string[][]): Promise<void> {
    const socket = createConnection({ host: '127.0.0.1', port })
    const connection = new RespConnection(socket)
    for (const one of commands) expect(await connection.send(...one)).not.toHaveProperty('error')
    socket.destroy()
  }

  test('is up with version, role, clients and memory', async () => {
    const finding = await run({ redis: url })
    expect(finding.outcome).toBe('up')
    expect(finding.details).toMatchObject({ role: 'primary', clients: 1, memory_limit_bytes: 64 * 1024 * 1024 })
    expect(finding.details.version).toMatch(/^\d+\.\d+/)
    const values = Object.fromEntries(finding.metrics.map(({ name, labels, value }) => [labels?.phase ?? name, value]))
    expect(values).toMatchObject({ probe_redis_memory_max_bytes: 67_108_864, probe_redis_is_replica: 0 })
    expect(values.probe_redis_memory_used_bytes).toBeGreaterThan(100_000)
    expect(values.connect).toBeGreaterThan(0)
  })

  test('measures queues of every kind, and one that does not exist as empty', async () => {
    await command(
      ['RPUSH', 'mail', 'a', 'b', 'c'],
      ['ZADD', 'later', '1', 'a', '2', 'b'],
      ['XADD', 'events', '*', 'k', 'v'],
      ['SADD', 'failed', 'a', 'b', 'c', 'd'],
      ['HSET', 'jobs', 'a', '1'],
    )
    const queues = ['mail', 'later', 'events', 'failed', 'jobs', 'nobody knows']
    const finding = await run({ redis: url, queues })
    expect(finding.outcome).toBe('up')
    const lengths = finding.metrics.filter(({ name }) => name === 'probe_redis_queue_length')
    expect(lengths.map(({ labels, value }) => [labels?.queue, value])).toEqual(
      queues.map((queue, i) => [queue, [3, 2, 1, 4, 1, 0][i]]),
    )
    expect(finding.details['queue mail']).toBe(3)
  })

  test('measures in the database that the URL names', async () => {
    await command(['SELECT', '5'], ['RPUSH', 'elsewhere', 'a'])
    expect((await run({ redis: `${url}/5`, queues: ['elsewhere'] })).details['queue elsewhere']).toBe(1)
    expect((await run({ redis: url, queues: ['elsewhere'] })).details['queue elsewhere']).toBe(0)
    expect(await run({ redis: `${url}/99` })).toMatchObject({ outcome: 'down', reason: 'reported' })
  })

  test('is down when a queue is none', async () => {
    await command(['SET', 'text', 'x'])
    expect(await run({ redis: url, queues: ['text'] })).toMatchObject({
      outcome: 'down',
      reason: 'body',
      message: expect.stringContaining('the key text holds a string'),
    })
  })

  test('logs in by password and by user, and never shows the password', async () => {
    await command(['ACL', 'SETUSER', 'watch', 'on', '>hunter2', '+ping'])
    const own = await run({ redis: url, user: 'watch', password: 'hunter2' })
    // INFO is not allowed to this user: less is known, and the server is up.
    expect(own).toMatchObject({ outcome: 'up', details: {} })
    expect(await run({ redis: `redis://watch:hunter2@127.0.0.1:${port}` })).toMatchObject({ outcome: 'up' })
    const wrong = await run({ redis: `redis://watch:hunter3@127.0.0.1:${port}` })
    expect(wrong).toMatchObject({ outcome: 'down', reason: 'auth', phase: 'connect' })
    expect(JSON.stringify(wrong)).not.toContain('hunter3')
    expect(await run({ redis: `redis://:hunter2@127.0.0.1:${port}` })).toMatchObject({ reason: 'auth' })
  })

  test('is degraded as a replica that has lost its primary', async () => {
    const [replicaPort, nobody] = [await freePort(), await freePort()]
    await using _replica = await start(replicaPort, '--replicaof', '127.0.0.1', String(nobody))
    expect(await run({ redis: `redis://127.0.0.1:${replicaPort}` })).toMatchObject({
      outcome: 'degraded',
      details: { role: 'replica' },
      message: expect.stringContaining(`lost its primary 127.0.0.1:${nobody}`),
    })
  })

  test('says that it waited for the handshake where the server does not speak TLS', async () => {
    // Redis waits for a line break, which a handshake need not have.
    const finding = await run({ redis: url.replace('redis:', 'rediss:') }, probeContext({ timeoutMs: 2000 }))
    expect(finding).toMatchObject({ outcome: 'down', phase: 'tls', message: expect.stringContaining('TLS handshake') })
  })

  test('speaks TLS, and trusts only what it should', async () => {
    await using files = await certificateFiles()
    const tlsPort = await freePort()
    const options = { 'tls-port': tlsPort, 'tls-cert-file': files.certFile, 'tls-key-file': files.keyFile }
    const more = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)])
    await using _server = await start(0, ...more, '--tls-auth-clients', 'no')
    const secured = `rediss://localhost:${tlsPort}`
    expect(await run({ redis: secured })).toMatchObject({ outcome: 'down', reason: 'tls', phase: 'tls' })
    expect(await run({ redis: secured, tls: { ca_file: files.caFile } })).toMatchObject({ outcome: 'up' })
    expect(await run({ redis: secured, tls: { insecure_skip_verify: true } })).toMatchObject({ outcome: 'up' })
  })
})

describe('without a server', () => {
  test('finds a closed port down', async () => {
    const finding = await run({ redis: `redis://127.0.0.1:${await freePort()}` })
    expect(finding).toMatchObject({ outcome: 'down', reason: 'refused', phase: 'connect' })
  })

  test.each(['HTTP/1.1 400 Bad Request\r\n\r\n', '+HELLO\r\n', '$99999999999\r\n', '$x\r\n', '$1\r\nabcd'])(
    'tells %j from Redis',
    async (bytes) => {
      await using other = await listenTcp((socket) => void socket.write(bytes))
      const finding = await run({ redis: `redis://127.0.0.1:${other.port}` })
      expect(finding).toMatchObject({ outcome: 'down', reason: 'protocol' })
    },
  )

  test('ends at the deadline when nothing is said, and hangs up', async () => {
    await using silent = await listenTcp((socket) => void socket.resume())
    const finding = await run({ redis: `redis://127.0.0.1:${silent.port}` }, probeContext({ timeoutMs: 50 }))
    expect(finding).toMatchObject({ outcome: 'down', reason: 'timeout' })
    await silent.allClosed()
  })

  test('says when the connection is closed before the answer', async () => {
    await using rude = await listenTcp((socket) => void socket.once('data', () => socket.end('+PO')))
    expect(await run({ redis: `redis://127.0.0.1:${rude.port}` })).toMatchObject({ outcome: 'down', reason: 'reset' })
  })
})

test('reads replies that come in pieces, with bytes of any kind in them', () => {
  const bytes = Buffer.from('$9\r\nzwölf\r\n1\r\n:7\r\n$-1\r\n-ERR no\r\n')
  expect(parseReply(bytes)).toEqual({ reply: 'zwölf\r\n1', end: 15 })
  for (let cut = 0; cut < 15; cut++) expect(parseReply(bytes.subarray(0, cut))).toBeUndefined()
  expect(parseReply(bytes.subarray(15))).toEqual({ reply: 7, end: 4 })
  expect(parseReply(bytes.subarray(19))).toEqual({ reply: null, end: 5 })
  expect(parseReply(bytes.subarray(24))).toEqual({ reply: { error: 'ERR no' }, end: 9 })
})

describe('the entry', () => {
  test('shows the target without credentials', () => {
    expect(redis.instance(redis.config.parse({ redis: 'rediss://:p@ss@cache.internal/2' }))).toBe(
      'rediss://cache.internal:6379/2',
    )
  })

  test.each([
    [{ redis: 'cache.internal:6379' }, 'redis:// or rediss://'],
    [{ redis: 'redis://cache/main' }, 'number of a database'],
    [{ redis: 'redis://cache', queues: [] }, 'queues'],
  ])('refuses %j', (entry, hint) => {
    expect(() => redis.config.parse(entry)).toThrow(hint)
  })
})
