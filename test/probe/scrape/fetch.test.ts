import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { ScrapeManager } from '../../../src/probe/scrape/manager.ts'
import { makeCertificate } from '../../support/certificate.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { MemorySink } from '../../support/memory-sink.ts'
import { fakeTarget, parseConfigs, scraping } from './support.ts'

async function lastError(
  configs: readonly Record<string, unknown>[],
  baseFolder?: string,
): Promise<string | undefined> {
  await using run = await scraping(configs, baseFolder === undefined ? {} : { baseFolder })
  await run.round()
  return run.manager.targets().activeTargets[0]?.lastError
}

function job(address: string, rest: Record<string, unknown> = {}) {
  return { job_name: 'shop', static_configs: [{ targets: [address] }], ...rest }
}

test('unpacks gzip, and asks for none when told so', async () => {
  await using target = await fakeTarget((_, response) => {
    response.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Encoding': 'gzip' }).end(gzipSync('a 1\n'))
  })
  await using run = await scraping([job(target.address)])
  await run.round()
  expect(run.sink.values(`a{instance="${target.address}", job="shop"}`)).toEqual([1])
  await lastError([job(target.address, { enable_compression: false })])
  expect(target.requests.map(({ headers }) => headers['accept-encoding'])).toEqual(['gzip', 'identity'])
})

test('measures the body after it was unpacked', async () => {
  await using target = await fakeTarget((_, response) => {
    response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(gzipSync(`# ${'x'.repeat(100_000)}\na 1\n`))
  })
  expect(await lastError([job(target.address, { body_size_limit: '50KB' })])).toBe(
    'body_size_limit exceeded (limit: 51200 bytes)',
  )
  expect(await lastError([job(target.address, { body_size_limit: '200KB' })])).toBe('')
})

test.each([
  ['a broken gzip', { 'Content-Encoding': 'gzip' }, 'a 1\n', /incorrect header check/],
  ['an encoding that was not asked for', { 'Content-Encoding': 'br' }, 'a 1\n', /Content-Encoding br/],
  ['a body that was cut off', { 'Content-Length': '100' }, 'a 1\n', /aborted/],
])('fails on %s', async (_, headers, body, message) => {
  await using target = await fakeTarget((__, response) => {
    response.writeHead(200, headers as Record<string, string>)
    // Only what announced more than it has is cut off: elsewhere the cut would race with what is wrong with the body.
    if ('Content-Length' in headers) response.write(body, () => response.destroy())
    else response.end(body)
  })
  expect(await lastError([job(target.address)])).toMatch(message)
})

test('says when nobody listens', async () => {
  const closed = await fakeTarget()
  await closed[Symbol.asyncDispose]()
  expect(await lastError([job(closed.address)])).toContain('ECONNREFUSED')
})

test('gives up at the deadline, whatever the target still sends', async () => {
  await using target = await fakeTarget((_, response) => {
    response.writeHead(200).write('a 1\n')
  })
  await using run = await scraping([job(target.address)])
  const asked = once(target.server, 'request')
  await run.clock.advance(10_000)
  await asked
  await run.clock.advance(10_000)
  await run.sink.batch(1)
  expect(run.manager.targets().activeTargets[0]).toMatchObject({ health: 'down', lastError: 'timed out after 10s' })
})

test('does not count a scrape that is under way at the stop against the target', async () => {
  await using target = await fakeTarget((_, response) => {
    response.writeHead(200).write('a 1\n')
  })
  const run = await scraping([job(target.address)])
  const asked = once(target.server, 'request')
  await run.clock.advance(10_000)
  await asked
  await run.manager.stop()
  expect(run.sink.batches).toHaveLength(0)
})

test('sends credentials, and reads them again from their file at each scrape', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'midwatch-scrape-'))
  await writeFile(join(folder, 'token'), 'one\n')
  await using target = await fakeTarget('a 1\n')
  await using run = await scraping([job(target.address, { authorization: { credentials_file: 'token' } })], {
    baseFolder: folder,
  })
  await run.round()
  await writeFile(join(folder, 'token'), 'two\n')
  await run.round()
  await lastError([job(target.address, { basic_auth: { username: 'me', password: 'pä:ss' } })])
  await lastError([job(target.address, { authorization: { type: 'Token', credentials: 'three' } })])
  expect(target.requests.map(({ headers }) => headers.authorization)).toEqual([
    'Bearer one',
    'Bearer two',
    `Basic ${Buffer.from('me:pä:ss').toString('base64')}`,
    'Token three',
  ])
  expect(await lastError([job(target.address, { authorization: { credentials_file: 'none' } })], folder)).toContain(
    "none can't be read",
  )
  await rm(folder, { recursive: true })
})

test('follows redirects, and takes credentials along only within the same place', async () => {
  await using other = await fakeTarget('a 1\n')
  await using target = await fakeTarget((request, response) => {
    const to = request.url === '/metrics' ? '/here' : `http://${other.address}/there`
    response.writeHead(302, { Location: to }).end()
  })
  const config = job(target.address, { authorization: { credentials: 'hunter2' } })
  expect(await lastError([config])).toBe('')
  expect(target.requests.map(({ url, headers }) => [url, headers.authorization])).toEqual([
    ['/metrics', 'Bearer hunter2'],
    ['/here', 'Bearer hunter2'],
  ])
  expect(other.requests.map(({ url, headers }) => [url, headers.authorization])).toEqual([['/there', undefined]])
  expect(await lastError([{ ...config, follow_redirects: false }])).toBe('server returned HTTP status 302 Found')
})

test.each([
  ['/metrics', 'stopped after 10 redirects'],
  ['file:///etc/passwd', 'redirected to file:, which is not followed'],
  ['http://[', 'redirected to "http://[", which is no address'],
])('does not follow a redirect to %s for ever', async (location, message) => {
  await using target = await fakeTarget((_, response) => {
    response.writeHead(301, { Location: location }).end()
  })
  expect(await lastError([job(target.address)])).toBe(message)
})

test.each(['169.254.169.254:80', '[fe80::1]:80', 'localhost:80'])(
  'does not connect to %s when the policy forbids it',
  async (address) => {
    const sink = new MemorySink()
    const clock = new ManualClock()
    const manager = new ScrapeManager({
      configs: parseConfigs([job(address)]),
      sink,
      clock,
      addressPolicy: address.startsWith('localhost') ? 'public-only' : 'no-link-local',
      onError: () => {},
    })
    await manager.start()
    await clock.advance(10_000)
    await sink.batch(1)
    expect(manager.targets().activeTargets[0]?.lastError).toContain('is not allowed as a target')
    await manager.stop()
  },
)

test('checks a redirect against the policy, too', async () => {
  await using target = await fakeTarget((_, response) => {
    response.writeHead(302, { Location: 'http://169.254.169.254/latest/meta-data' }).end()
  })
  const sink = new MemorySink()
  const clock = new ManualClock()
  const manager = new ScrapeManager({
    configs: parseConfigs([job(target.address)]),
    sink,
    clock,
    addressPolicy: 'no-link-local',
    onError: () => {},
  })
  await manager.start()
  await clock.advance(10_000)
  await sink.batch(1)
  expect(manager.targets().activeTargets[0]?.lastError).toContain('169.254.169.254 is not allowed as a target')
  await manager.stop()
})

test('speaks TLS and trusts whom it is told to trust', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'midwatch-scrape-'))
  const { cert, key } = makeCertificate({ names: ['metrics.example.org'] })
  const client = makeCertificate({ subject: { CN: 'scraper' } })
  await writeFile(join(folder, 'ca.pem'), cert)
  await writeFile(join(folder, 'client.pem'), client.cert)
  await writeFile(join(folder, 'client-key.pem'), client.key)
  const clients: unknown[] = []
  const server = createServer({ cert, key, requestCert: true, rejectUnauthorized: false }, (request, response) => {
    const { subject } = (request.socket as import('node:tls').TLSSocket).getPeerCertificate()
    clients.push(subject?.CN)
    response.end('a 1\n')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const errorWith = (tls_config: Record<string, unknown>) =>
    lastError([job(address, { scheme: 'https', tls_config })], folder)
  expect(await errorWith({})).toContain('self-signed certificate')
  expect(await errorWith({ ca_file: 'ca.pem' })).toContain('127.0.0.1')
  expect(await errorWith({ ca_file: 'ca.pem', server_name: 'metrics.example.org' })).toBe('')
  expect(await errorWith({ insecure_skip_verify: true, cert_file: 'client.pem', key_file: 'client-key.pem' })).toBe('')
  expect(clients).toEqual([undefined, 'scraper'])
  server.closeAllConnections()
  server.close()
  await rm(folder, { recursive: true })
})

test('keeps its connection open between scrapes', async () => {
  await using target = await fakeTarget('a 1\n')
  target.server.keepAliveTimeout = 60_000
  await using run = await scraping([job(target.address)])
  await run.round()
  await run.round()
  expect(new Set(target.requests.map(({ socket }) => socket.remotePort)).size).toBe(1)
})

test('keeps bodies apart that arrive piece by piece at the same time', async () => {
  const lines = 5000
  const bodies = Array.from({ length: 4 }, (_, i) =>
    Array.from({ length: lines }, (__, line) => `m${i}{line="${line}"} ${i * lines + line}\n`).join(''),
  )
  const pieces: Promise<unknown>[] = []
  await using target = await fakeTarget((request, response) => {
    const i = Number(request.url?.slice(2))
    const packed = i % 2 === 0 ? Buffer.from(bodies[i] as string) : gzipSync(bodies[i] as string, { level: 1 })
    response.writeHead(200, i % 2 === 0 ? {} : { 'Content-Encoding': 'gzip' })
    const send = async () => {
      for (let at = 0; at < packed.length; at += 10_007) {
        const sent = new Promise((resolve) => response.write(packed.subarray(at, at + 10_007), resolve))
        await sent
      }
      response.end()
    }
    pieces.push(send())
  })
  const configs = bodies.map((_, i) => ({ ...job(target.address, { metrics_path: `/m${i}` }), job_name: `job${i}` }))
  await using run = await scraping(configs)
  await run.round()
  await Promise.all(pieces)
  for (const i of bodies.keys()) {
    for (const line of [0, 1, 2500, lines - 1]) {
      const series = `m${i}{instance="${target.address}", job="job${i}", line="${line}"}`
      expect(run.sink.values(series)).toEqual([i * lines + line])
    }
  }
})

test('scrapes no more targets at once than allowed, and all of them in the end', async () => {
  let open = 0
  let most = 0
  await using target = await fakeTarget((_, response) => {
    open++
    most = Math.max(most, open)
    setImmediate(() => {
      open--
      response.end('a 1\n')
    })
  })
  const targets = Array.from({ length: 9 }, (_, i) => target.address.replace('127.0.0.1', `127.0.0.${i + 1}`))
  target.server.close()
  target.server.listen(Number(target.address.split(':')[1]), '0.0.0.0')
  await once(target.server, 'listening')
  // The same phase for all: one interval that is much shorter than the step of the clock.
  await using run = await scraping([{ job_name: 'shop', scrape_interval: '1ms', static_configs: [{ targets }] }], {
    concurrency: 2,
  })
  await run.clock.advance(1)
  await run.sink.until(() => targets.every((one) => run.sink.values(`up{instance="${one}", job="shop"}`).includes(1)))
  expect(most).toBeLessThanOrEqual(2)
})
