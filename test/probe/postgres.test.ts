import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { postgres } from '../../src/probe/postgres.ts'
import { certificateFiles } from '../support/certificate-files.ts'
import { listenTcp } from '../support/listen.ts'
import { describePeer, freePort } from '../support/peers.ts'
import { type PostgresServer, postgresAccount, startPostgres } from '../support/postgres-server.ts'
import { probeContext } from '../support/probe-context.ts'

const run = (entry: Record<string, unknown>, context = probeContext()) =>
  postgres.run(postgres.config.parse(entry), context)

describePeer('postgres', (path) => {
  let server: PostgresServer
  let url: string

  beforeAll(async () => {
    server = await startPostgres(path, ['max_connections=23'])
    url = `postgres://postgres@127.0.0.1:${server.port}/postgres`
  })
  afterAll(() => server?.[Symbol.asyncDispose]())

  test('is up when a session opens, with what the server says of itself', async () => {
    const finding = await run({ postgres: url })
    expect(finding.outcome).toBe('up')
    expect(finding.details).toMatchObject({ max_connections: 23, in_recovery: false, connections: 1, tls: 'off' })
    expect(finding.details.version).toMatch(/^\d+/)
    expect(finding.details.database_bytes).toBeGreaterThan(1_000_000)
    const values = Object.fromEntries(finding.metrics.map(({ name, labels, value }) => [labels?.phase ?? name, value]))
    expect(values).toMatchObject({ probe_postgres_max_connections: 23, probe_postgres_in_recovery: 0 })
    expect(values).toMatchObject({ probe_ip_protocol: 4, probe_ip_addr_hash: 3668918509 })
    expect(values.connect).toBeGreaterThan(0)
    expect(values.query).toBeGreaterThan(0)
  })

  test('is up through a socket file', async () => {
    const local = `postgres:///postgres?host=${server.folder}&port=${server.port}`
    expect(await run({ postgres: local, user: 'postgres' })).toMatchObject({ outcome: 'up' })
    expect(await run({ postgres: `${local}1`, user: 'postgres' })).toMatchObject({ outcome: 'down', phase: 'connect' })
  })

  test('gives the numbers in the first row of a query as metrics, and all of it as details', async () => {
    const query = `select 3::bigint as active, 1.5 as hours, 'worker-1' as name, null as nothing;`
    const finding = await run({ postgres: url, query })
    expect(finding.details).toMatchObject({ active: 3, hours: 1.5, name: 'worker-1', rows: 1 })
    expect(finding.metrics).toContainEqual({
      name: 'probe_postgres_query_value',
      labels: { column: 'active' },
      value: 3,
    })
    expect(finding.metrics.filter(({ name }) => name === 'probe_postgres_query_value')).toHaveLength(2)
  })

  test.each([
    ['select 1 where false', { rows: 0 }, undefined],
    ['select 1 where false', { rows: 1 }, 'expected 1 rows, got 0'],
    ['select 1 where false', { value: 1 }, 'expected the value 1, got no row'],
    ['select 42::bigint', { value: 42 }, undefined],
    ['select 42::bigint', { value: 41 }, 'expected the value 41, got "42"'],
    ['select true', { value: true }, undefined],
    ['select true', { value: 'ready' }, 'expected the value "ready", got "true"'],
    ['select * from generate_series(1, 1000000)', { rows: 1000 }, 'expected 1000 rows, got more than 1000'],
  ])('judges what %j gives against %j', async (query, expected, message) => {
    const finding = await run({ postgres: url, query, expect: expected })
    if (message === undefined) expect(finding.outcome).toBe('up')
    else expect(finding).toMatchObject({ outcome: 'down', reason: 'body', message: expect.stringContaining(message) })
  })

  test.each([
    'create table stolen (a int)',
    'select 1; commit; create table stolen (a int)',
    `select set_config('transaction_read_only', 'off', false), pg_notify('a', 'b') from pg_class; select 1`,
    'with gone as (delete from pg_description returning 1) select * from gone',
  ])('does not let %j change anything', async (query) => {
    const finding = await run({ postgres: url, query })
    expect(finding).toMatchObject({ outcome: 'down', reason: 'reported', phase: 'query' })
    const tables = await run({ postgres: url, query: `select count(*) as n from pg_class where relname = 'stolen'` })
    expect(tables.details.n).toBe(0)
  })

  test('passes on what the server says about a wrong database, and leaves no session behind', async () => {
    const finding = await run({ postgres: url.replace(/postgres$/, 'nowhere') })
    expect(finding).toMatchObject({
      outcome: 'down',
      reason: 'reported',
      message: expect.stringContaining('database "nowhere" does not exist (SQLSTATE 3D000)'),
      phase: 'connect',
    })
    expect((await run({ postgres: url })).details.connections).toBe(1)
  })

  test('gives up a query at the deadline, and the server ends it too', async () => {
    const finding = await run({ postgres: url, query: 'select pg_sleep(60)' }, probeContext({ timeoutMs: 300 }))
    expect(finding).toMatchObject({ outcome: 'down', reason: 'timeout' })
    // The statement's own limit is counted from its start, a little later than ours.
    const ended = `select count(*) as n from pg_stat_activity where query like '%pg_sleep(60)%' and pid <> pg_backend_pid()`
    await expect.poll(async () => (await run({ postgres: url, query: ended })).details.n).toBe(0)
  })

  test('does not hide that a required TLS is not offered', async () => {
    expect(await run({ postgres: url, tls: true })).toMatchObject({
      outcome: 'down',
      reason: 'tls',
      message: expect.stringContaining('the server does not offer TLS'),
    })
  })

  test('encrypts where the server can, and looks at the certificate where it is told to', async () => {
    await using files = await certificateFiles(await postgresAccount())
    const options = [`ssl=on`, `ssl_cert_file=${files.certFile}`, `ssl_key_file=${files.keyFile}`]
    await using secured = await startPostgres(path, options)
    const target = `postgres://postgres@localhost:${secured.port}/postgres`
    expect(await run({ postgres: target })).toMatchObject({ outcome: 'up', details: { tls: 'TLS 1.3' } })
    expect((await run({ postgres: target, tls: false })).details.tls).toBe('off')
    expect(await run({ postgres: `${target}?sslmode=require` })).toMatchObject({ outcome: 'up' })
    expect(await run({ postgres: `${target}?sslmode=verify-full` })).toMatchObject({ outcome: 'down', reason: 'tls' })
    expect(await run({ postgres: target, tls: { ca_file: files.caFile } })).toMatchObject({ outcome: 'up' })
  })

  test('is found wrong where a password is needed, without showing the one that was given', async () => {
    await using locked = await startPostgres(path, [], { access: 'host all all all scram-sha-256\n' })
    const target = `postgres://postgres:hunter2@127.0.0.1:${locked.port}/postgres`
    const finding = await run({ postgres: target })
    expect(finding).toMatchObject({ outcome: 'down', reason: 'auth', phase: 'connect' })
    expect(JSON.stringify(finding)).not.toContain('hunter2')
    expect(await run({ postgres: target.replace(':hunter2', '') })).toMatchObject({
      reason: 'auth',
      message: expect.stringContaining('asks for a password'),
    })
  })
})

describe('without a server', () => {
  test('finds a closed port down', async () => {
    const finding = await run({ postgres: `postgres://watch@127.0.0.1:${await freePort()}/app` })
    expect(finding).toMatchObject({ outcome: 'down', reason: 'refused', phase: 'connect' })
  })

  test('tells a server of another protocol from PostgreSQL at once', async () => {
    await using other = await listenTcp((socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    const finding = await run({ postgres: `postgres://127.0.0.1:${other.port}/app` })
    expect(finding).toMatchObject({ outcome: 'down', reason: 'protocol' })
  })

  test('ends at the deadline when a server takes connections and says nothing, and hangs up', async () => {
    await using silent = await listenTcp((socket) => void socket.resume())
    for (const tls of [undefined, false]) {
      const entry = { postgres: `postgres://127.0.0.1:${silent.port}/app`, ...(tls === undefined ? {} : { tls }) }
      const finding = await run(entry, probeContext({ timeoutMs: 50 }))
      expect(finding).toMatchObject({ outcome: 'down', reason: 'timeout', phase: 'connect' })
    }
    await silent.allClosed()
  })

  test('says that a connection which is closed in the middle was closed', async () => {
    await using rude = await listenTcp((socket) => void socket.once('data', () => socket.end('N').destroySoon()))
    const finding = await run({ postgres: `postgres://127.0.0.1:${rude.port}/app` })
    expect(finding).toMatchObject({ outcome: 'down', reason: 'reset' })
  })

  test('keeps away from addresses that the policy forbids', async () => {
    const finding = await run({ postgres: 'postgres://127.0.0.1/app' }, probeContext({ addressPolicy: 'public-only' }))
    expect(finding).toMatchObject({ outcome: 'down', reason: 'forbidden' })
  })
})

describe('the entry', () => {
  test('shows the target without credentials', () => {
    const entry = postgres.config.parse({ postgres: 'postgres://watch:p@ss/w:rd@db.internal/app?sslmode=require' })
    expect(postgres.instance(entry)).toBe('postgres://db.internal:5432/app')
    expect(JSON.stringify(entry)).not.toContain('p@ss')
  })

  test.each([
    [{ postgres: 'mysql://db/app' }, 'does not begin with postgres://'],
    [{ postgres: 'postgres:///app' }, 'has no host'],
    [{ postgres: 'postgres://a:5432,b:5432/app' }, 'one check for each'],
    [{ postgres: 'postgres://db:99999/app' }, '1 to 65535'],
    [{ postgres: 'postgres://db/app?sslmode=allow' }, 'write disable, prefer, require or verify-full'],
    [{ postgres: 'postgres://db/app?connect_timeout=3' }, 'connect_timeout'],
    [{ postgres: 'postgres://db/app', query: 'select 1', expect: {} }, 'write {rows: 1}'],
    [{ postgres: 'postgres://db/app', expect: { rows: 1 } }, 'write a query'],
  ])('refuses %j', (entry, hint) => {
    expect(() => postgres.config.parse(entry)).toThrow(hint)
  })

  test('refuses a URL without showing its password', () => {
    const refused = postgres.config.safeParse({ postgres: 'mysql://watch:hunter2@db/app' })
    expect(refused.success).toBe(false)
    expect(String(refused.error)).not.toContain('hunter2')
  })
})
