import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { HeartbeatBook } from '../../../src/ingest/heartbeat-book.ts'
import { pingsOf } from '../../../src/store/heartbeats.ts'
import { createToken, newToken, type Scope } from '../../../src/store/tokens.ts'
import { type TestWeb, testWeb } from '../../support/web.ts'

const CHECKS = `
checks:
  - { name: backup, heartbeat: { period: 1d, grace: 1h } }
  - { name: start, heartbeat: { period: 1d } }
  - { name: shop, http: "http://127.0.0.1:1/" }
`
const GUARDED = `${CHECKS}
server: { listen: "0.0.0.0:8420" }
`
const RID = '123e4567-e89b-12d3-a456-426614174000'

async function token({ store }: TestWeb, ...scopes: Scope[]): Promise<string> {
  const { id, text, hash } = newToken()
  await store.writer.run(createToken, { id, name: id, hash, scopes, nowMs: 0 })
  return text
}

const kept = ({ store }: TestWeb, name = 'backup') => pingsOf(store.reader, name, 100)

describe('a ping', () => {
  test.each(['GET', 'POST', 'HEAD'])('by %s is stored before it is answered', async (method) => {
    await using web = await testWeb({ config: CHECKS })
    const response = await web.web.request('/ping/backup', { method })
    expect(response.status).toBe(200)
    expect(response.headers.get('ping-body-limit')).toBe('100000')
    expect(await response.text()).toBe(method === 'HEAD' ? '' : 'OK')
    expect(kept(web)).toMatchObject([{ kind: 'success', atMs: web.clock.now() }])
  })

  test('tells of starts, ends, failures, logs and exit codes, and how long a run took', async () => {
    await using web = await testWeb({ config: CHECKS })
    for (const path of ['start', 'log', '0', 'start', 'fail', '17']) {
      expect((await web.post(`/ping/backup/${path}?rid=${RID}`, '')).text).toBe('OK')
      await web.clock.advance(1500)
    }
    expect(kept(web).map(({ kind, exitCode, durationMs }) => [kind, exitCode, durationMs])).toEqual([
      ['exit', 17, undefined],
      ['fail', undefined, 1500],
      ['start', undefined, undefined],
      ['exit', 0, 3000],
      ['log', undefined, undefined],
      ['start', undefined, undefined],
    ])
    expect(kept(web)[0]?.runId).toBe(RID.replaceAll('-', ''))
  })

  test('changes the check at once', async () => {
    const told: string[] = []
    await using web = await testWeb({ config: CHECKS, context: { onPing: (name) => told.push(name) } })
    await web.post('/ping/backup/3', 'tar: disk full')
    expect(told).toEqual(['backup'])
    const [check] = web.context.config().checks
    if (check?.kind !== 'heartbeat') throw new Error('not a heartbeat')
    expect(web.context.heartbeats.judge('backup', check.heartbeat, web.clock.now())).toMatchObject({
      outcome: 'down',
      message: 'the job ended with exit code 3 at 2026-01-01T00:00:00Z: tar: disk full',
    })
  })

  test('for a heartbeat that is called like a signal is understood', async () => {
    await using web = await testWeb({ config: CHECKS })
    await web.get('/ping/start')
    await web.get('/ping/start/start')
    expect(kept(web, 'start').map(({ kind }) => kind)).toEqual(['start', 'success'])
  })

  test.each([
    ['/ping/nobody', 404, 'not found'],
    ['/ping/shop', 404, 'not found'],
    ['/ping/nobody/start', 404, 'not found'],
    ['/ping/backup/stop', 404, 'not found'],
    ['/ping/backup/256', 404, 'not found'],
    ['/ping/__proto__', 404, 'not found'],
    ['/ping/%2e%2e%2fhealth', 404, 'not found'],
    ['/ping/a/b/c/d', 400, 'invalid url format'],
    ['/ping/a/b/stop', 400, 'invalid url format'],
    ['/ping/%ff', 400, 'invalid url format'],
    ['/ping/', 400, 'invalid url format'],
    ['/ping/backup?rid=7', 400, 'invalid uuid format'],
  ])('to %s is answered %i %s', async (path, status, text) => {
    await using web = await testWeb({ config: CHECKS })
    expect(await web.get(path)).toMatchObject({ status, text })
    expect(kept(web)).toEqual([])
  })

  test('is not stored for a page of another site', async () => {
    await using web = await testWeb({ config: CHECKS })
    expect((await web.get('/ping/backup', { 'sec-fetch-site': 'cross-site' })).status).toBe(403)
    expect(kept(web)).toEqual([])
  })

  test('is not answered OK when the disk refuses', async () => {
    await using web = await testWeb({ config: CHECKS })
    await web.store.writer.close()
    const answer = await web.get('/ping/backup')
    expect(answer.status).toBe(503)
    expect(answer.headers.get('retry-after')).toBe('2')
  })
})

describe('what a job says', () => {
  test('is kept, with secrets masked', async () => {
    await using web = await testWeb({ config: CHECKS })
    await web.post('/ping/backup', 'mailed jane@example.org\npostgres://app:hunter22@db/x')
    expect(kept(web)[0]?.body).toBe('mailed j***@example.org\npostgres://app:***@db/x')
  })

  test('is cut at 100 kB, and the ping counts', async () => {
    await using web = await testWeb({ config: CHECKS })
    expect((await web.post('/ping/backup', 'a b '.repeat(2_500_000))).text).toBe('OK')
    expect(kept(web)[0]?.body).toHaveLength(100_000)
  })

  test('is not unpacked', async () => {
    await using web = await testWeb({ config: CHECKS })
    const bomb = gzipSync(Buffer.alloc(20_000_000))
    expect((await web.post('/ping/backup', bomb, { 'content-encoding': 'gzip' })).text).toBe('OK')
    expect(kept(web)[0]?.body).toMatch(/^\(\d+ packed bytes, not kept\)$/)
  })

  test('need not be UTF-8', async () => {
    await using web = await testWeb({ config: CHECKS })
    await web.post('/ping/backup', new Uint8Array([0x66, 0xff, 0x66]))
    expect(kept(web)[0]?.body).toBe('f\ufffdf')
  })

  test('is forgotten before the pings are', async () => {
    await using web = await testWeb({ config: CHECKS })
    for (let i = 0; i < 103; i++) await web.post('/ping/backup', `run ${i}`)
    const bodies = pingsOf(web.store.reader, 'backup', 1000).map(({ body }) => body)
    expect(bodies).toHaveLength(103)
    expect(bodies.filter((body) => body === undefined)).toHaveLength(3)
    expect(bodies[0]).toBe('run 102')
  })
})

describe('where a token is needed', () => {
  test('it comes as a header or in the address', async () => {
    await using web = await testWeb({ config: GUARDED })
    const ingest = await token(web, 'ingest')
    expect((await web.get('/ping/backup', { authorization: `Bearer ${ingest}` })).text).toBe('OK')
    expect((await web.get(`/ping/${ingest}/backup`)).text).toBe('OK')
    expect((await web.get(`/ping/${ingest}/backup/start`)).text).toBe('OK')
    expect((await web.get(`/ping/${ingest}/start`)).text).toBe('OK')
    expect(kept(web)).toHaveLength(3)
    expect(kept(web, 'start')).toHaveLength(1)
  })

  test('nobody without one learns which heartbeats there are', async () => {
    await using web = await testWeb({ config: GUARDED })
    for (const path of ['/ping/backup', '/ping/nobody', '/ping/backup/start', '/ping/nobody/start']) {
      expect(await web.get(path)).toMatchObject({ status: 401, text: 'a token is needed' })
    }
    expect(await web.get('/ping/wrong/backup')).toMatchObject({ status: 404, text: 'not found' })
    expect(kept(web)).toEqual([])
  })

  test('one that can read may not send, and one that can do more has no place in an address', async () => {
    await using web = await testWeb({ config: GUARDED })
    const read = await token(web, 'read')
    const admin = await token(web, 'ingest', 'admin')
    expect((await web.get('/ping/backup', { authorization: `Bearer ${read}` })).status).toBe(403)
    expect((await web.get(`/ping/${admin}/backup`)).status).toBe(403)
    expect((await web.get('/ping/backup', { authorization: `Bearer ${admin}` })).text).toBe('OK')
  })

  test('it never gets into the log, and no metric carries it', async () => {
    const heartbeats = new HeartbeatBook({
      recent() {
        throw new Error('broken on purpose')
      },
      sinceMs: () => 0,
      absence: undefined,
    })
    await using web = await testWeb({ config: GUARDED, context: { heartbeats } })
    const ingest = await token(web, 'ingest')
    expect((await web.get(`/ping/${ingest}/backup`)).status).toBe(500)
    expect(web.logged.join('')).toContain('broken on purpose')
    expect(web.logged.join('')).not.toContain(ingest.slice(0, 10))
    expect(await web.context.metrics.registry.metrics()).not.toContain(ingest.slice(0, 10))
  })
})
