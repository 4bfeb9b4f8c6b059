import { createConnection } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mysql } from '../../src/probe/mysql.ts'
import { type CertificateFiles, certificateFiles } from '../support/certificate-files.ts'
import { closedPort, listenTcp } from '../support/listen.ts'
import { type MariadbServer, mariadbAccount, startMariadb } from '../support/mariadb-server.ts'
import { describePeers } from '../support/peers.ts'
import { findingWhenOver, probeContext } from '../support/probe-context.ts'

const run = (entry: Record<string, unknown>, context = probeContext()) => mysql.run(mysql.config.parse(entry), context)

describePeers(['mariadbd', 'mariadb-install-db'], ({ mariadbd }) => {
  let server: MariadbServer
  let files: CertificateFiles
  let url: string

  beforeAll(async () => {
    files = await certificateFiles(await mariadbAccount())
    const tls = [`ssl-cert=${files.certFile}`, `ssl-key=${files.keyFile}`]
    server = await startMariadb(mariadbd, ['max-connections=23', ...tls])
    url = `mysql://root@localhost:${server.port}/mysql`
    const admin = await createConnection({
      host: '127.0.0.1',
      port: server.port,
      user: 'root',
      multipleStatements: true,
    })
    await admin.query(`create database app; create table app.jobs (id int primary key); insert into app.jobs values (1), (2);
      create user watch@'%' identified by 'hunter2'; grant select on app.* to watch@'%'`)
    await admin.end()
  }, 90_000)
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]()
    await files?.[Symbol.asyncDispose]()
  })

  test('is up when a session opens, with what the server says of itself', async () => {
    const finding = await run({ mysql: url })
    expect(finding.outcome).toBe('up')
    expect(finding.details).toMatchObject({ max_connections: 23, connections: 1, read_only: false, encrypted: true })
    expect(finding.details.version).toMatch(/^\d+\.\d+\.\d+-MariaDB/)
    const values = Object.fromEntries(finding.metrics.map(({ name, labels, value }) => [labels?.phase ?? name, value]))
    expect(values).toMatchObject({ probe_mysql_max_connections: 23, probe_mysql_read_only: 0, probe_ip_protocol: 4 })
    expect(values.connect).toBeGreaterThan(0)
    expect(values.query).toBeGreaterThan(0)
  })

  test('encrypts where the server can, and looks at the certificate where it is told to', async () => {
    expect((await run({ mysql: url, tls: false })).details.encrypted).toBe(false)
    expect((await run({ mysql: `${url}?ssl-mode=required` })).details.encrypted).toBe(true)
    expect(await run({ mysql: url, tls: true })).toMatchObject({ outcome: 'down', reason: 'tls', phase: 'connect' })
    expect(await run({ mysql: url, tls: { ca_file: files.caFile } })).toMatchObject({ outcome: 'up' })
    const otherName = { ca_file: files.caFile, server_name: 'db.example.org' }
    expect(await run({ mysql: url, tls: otherName })).toMatchObject({ outcome: 'down', reason: 'tls' })
  })

  test('is up through a socket file', async () => {
    const local = `mysql:///mysql?socket=${server.socketFile}`
    expect(await run({ mysql: local, user: 'root' })).toMatchObject({ outcome: 'up' })
    expect(await run({ mysql: `${local}1`, user: 'root' })).toMatchObject({ outcome: 'down', phase: 'connect' })
  })

  test('gives the numbers in the first row of a query as metrics, and all of it as details', async () => {
    const query = `select 3 as active, 1.5 as hours, 'worker-1' as name, null as nothing, cast('2026-01-02' as date) as day`
    const finding = await run({ mysql: url, query })
    expect(finding.details).toMatchObject({ active: 3, hours: 1.5, name: 'worker-1', day: '2026-01-02', rows: 1 })
    expect(finding.metrics).toContainEqual({ name: 'probe_mysql_query_value', labels: { column: 'hours' }, value: 1.5 })
  })

  test.each([
    ['select id from app.jobs', { rows: 2 }, undefined],
    ['select id from app.jobs', { rows: 1 }, 'expected 1 rows, got 2'],
    ['select count(*) from app.jobs', { value: 2 }, undefined],
    ['select true', { value: true }, undefined],
    [`select 'on'`, { value: 'off' }, 'expected the value "off", got "on"'],
    ['select * from seq_1_to_1000000', { rows: 1000 }, 'expected 1000 rows, got more than 1000'],
    ['set @a = 1', { rows: 1 }, 'the query gives no rows'],
  ])('judges what %j gives against %j', async (query, expected, message) => {
    const finding = await run({ mysql: url, query, expect: expected })
    if (message === undefined) expect(finding.outcome).toBe('up')
    else expect(finding).toMatchObject({ outcome: 'down', reason: 'body', message: expect.stringContaining(message) })
  })

  test.each([
    'insert into app.jobs values (3)',
    'delete from app.jobs',
    'create table app.stolen (a int)',
    'drop table app.jobs',
    'select 1; delete from app.jobs',
  ])('does not let %j change anything', async (query) => {
    const finding = await run({ mysql: url, query })
    expect(finding).toMatchObject({ outcome: 'down', reason: 'reported', phase: 'query' })
    expect((await run({ mysql: url, query: 'select count(*) as n from app.jobs' })).details.n).toBe(2)
  })

  test('is found wrong where the password is wrong, without showing it', async () => {
    const watch = `mysql://watch:hunter2@127.0.0.1:${server.port}/app`
    expect(await run({ mysql: watch, query: 'select count(*) from jobs', expect: { value: 2 } })).toMatchObject({
      outcome: 'up',
    })
    const wrong = await run({ mysql: watch.replace('hunter2', 'hunter3') })
    expect(wrong).toMatchObject({ outcome: 'down', reason: 'auth', phase: 'connect' })
    expect(JSON.stringify(wrong)).not.toContain('hunter3')
    expect(await run({ mysql: watch.replace('/app', '/mysql') })).toMatchObject({ outcome: 'down', reason: 'auth' })
  })

  test('gives up a query at the deadline, and the server ends it too', async () => {
    const slow = 'select sleep(60)'
    expect(await run({ mysql: url, query: slow }, probeContext({ timeoutMs: 400 }))).toMatchObject({ outcome: 'down' })
    const running = `select count(*) as n from information_schema.processlist where info = '${slow}'`
    await expect.poll(async () => (await run({ mysql: url, query: running })).details.n).toBe(0)
  })

  test('leaves nothing that the server counts as broken', async () => {
    const aborted = `select variable_value as n from information_schema.global_status where variable_name = 'Aborted_clients'`
    const before = (await run({ mysql: url, query: aborted })).details.n
    for (const tls of [true, false]) await run({ mysql: url, ...(tls ? {} : { tls }) })
    expect((await run({ mysql: url, query: aborted })).details.n).toBe(before)
  })
})

describe('without a server', () => {
  test('finds a closed port down', async () => {
    const finding = await run({ mysql: `mysql://watch@127.0.0.1:${await closedPort()}/app` })
    expect(finding).toMatchObject({ outcome: 'down', reason: 'refused', phase: 'connect' })
  })

  test.each([
    ['another protocol', '+OK POP3 ready\r\n'],
    ['an empty packet', '\0\0\0\0'],
    ['half a greeting', '\x05\0\0\x00\n8.4\0'],
    ['a greeting without an end', '\x05\0\0\x00\n8888'],
  ])('tells %s from MySQL', async (_, bytes) => {
    await using other = await listenTcp((socket) => void socket.end(bytes))
    expect(await run({ mysql: `mysql://127.0.0.1:${other.port}` })).toMatchObject({
      outcome: 'down',
      reason: 'protocol',
    })
  })

  test('passes on why a server takes no connections', async () => {
    const packet = Buffer.from('\x16\0\0\0\xff\x10\x04Too many connections', 'latin1')
    packet[0] = packet.length - 4
    await using full = await listenTcp((socket) => void socket.end(packet))
    expect(await run({ mysql: `mysql://127.0.0.1:${full.port}` })).toMatchObject({
      outcome: 'down',
      reason: 'reported',
      message: expect.stringContaining('Too many connections (error 1040)'),
    })
  })

  test('says when a required TLS is not offered', async () => {
    const greeting = Buffer.from(`\0\0\0\0\n8.4.0\0${'\x01'.repeat(4 + 8)}\0\0\0${'\0'.repeat(40)}`, 'latin1')
    greeting[0] = greeting.length - 4
    await using plain = await listenTcp((socket) => void socket.resume().write(greeting))
    expect(await run({ mysql: `mysql://127.0.0.1:${plain.port}`, tls: true })).toMatchObject({ reason: 'tls' })
  })

  test('ends at the deadline when a server takes connections and says nothing, and hangs up', async () => {
    await using silent = await listenTcp((socket) => void socket.resume())
    const finding = await run({ mysql: `mysql://127.0.0.1:${silent.port}/app` }, probeContext({ timeoutMs: 50 }))
    expect(finding).toMatchObject({ outcome: 'down', reason: 'timeout', phase: 'connect' })
    await silent.allClosed()
  })

  test('ends at the deadline when a server greets and then says nothing', async () => {
    const greeting = Buffer.from(`\0\0\0\0\n8.4.0\0${'\x01'.repeat(4 + 8)}\0\0\0${'\0'.repeat(40)}`, 'latin1')
    greeting[0] = greeting.length - 4
    let isGreeted = false
    await using polite = await listenTcp((socket) => {
      socket.write(greeting)
      // Whoever speaks now has read the greeting.
      socket.on('data', () => {
        isGreeted = true
      })
    })
    const finding = await findingWhenOver(
      (context) => run({ mysql: `mysql://127.0.0.1:${polite.port}/app` }, context),
      () => isGreeted,
    )
    expect(finding).toMatchObject({
      outcome: 'down',
      reason: 'timeout',
      phase: 'connect',
      details: { version: '8.4.0' },
    })
    await polite.allClosed()
  })

  test('says that a connection which is closed in the middle was closed', async () => {
    await using rude = await listenTcp((socket) => void socket.end())
    expect(await run({ mysql: `mysql://127.0.0.1:${rude.port}` })).toMatchObject({ outcome: 'down', reason: 'reset' })
  })
})

test('shows the target without credentials', () => {
  expect(mysql.instance(mysql.config.parse({ mysql: 'mariadb://watch:p@ss@db.internal/app' }))).toBe(
    'mariadb://db.internal:3306/app',
  )
})

test.each([
  [{ mysql: 'postgres://db/app' }, 'mysql:// or mariadb://'],
  [{ mysql: 'mysql:///app' }, 'has no host'],
  [{ mysql: 'mysql:///app?socket=run/mysqld.sock' }, 'is no path'],
  [{ mysql: 'mysql://db/app?ssl-mode=maybe' }, 'write DISABLED, PREFERRED'],
  [{ mysql: 'mysql://db/app', expect: { rows: 1 } }, 'write a query'],
])('refuses %j', (entry, hint) => {
  expect(() => mysql.config.parse(entry)).toThrow(hint)
})
