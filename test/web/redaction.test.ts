import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestWeb, testWeb } from '../support/web.ts'

const JWT = ['eyJhbGciOiJIUzI1NiJ9', 'eyJzdWIiOiJqYW5lIn0', 'c2lnbmF0dXJl'].join('.')
/** What must be nowhere afterwards. */
const SECRETS = [
  ...['hunter2', 'jane.doe', '4111111111111111', '4111 1111 1111 1111', '378282246310005', 'c2lnbmF0dXJl'],
  'd2F0Y2g6aHVudGVyMg',
]

const inTexts = `paid with 4111 1111 1111 1111 123 by jane.doe@example.org, password=hunter2, ${JWT}`
const attributes = {
  password: 'hunter2',
  user: { dbPassword: 'hunter2', email: 'jane.doe@example.org', 'jane.doe@example.org': true },
  payment: [{ note: inTexts, number: 4_111_111_111_111_111, cvv: 123, amex: '378282246310005' }],
  request: { headers: { Authorization: 'Basic d2F0Y2g6aHVudGVyMg==', Cookie: 'sid=hunter2' } },
  url: 'postgres://watch:hunter2@db.example.org/app',
  jwt: JWT,
  raw: JSON.stringify({ client_secret: 'hunter2', token: JWT }),
}
const record = {
  event: 'order.paid',
  actor: 'jane.doe@example.org',
  action: `login with token=hunter2`,
  resource: `customer/jane.doe@example.org/4111111111111111`,
  attributes,
}

let web: TestWeb
const answers: string[] = []

beforeAll(async () => {
  web = await testWeb({ config: 'checks: [{ name: backup, heartbeat: { period: 1h } }]' })
  const json = { 'content-type': 'application/json' }
  const pushes = [
    await web.post('/api/v1/audit', record),
    await web.post('/api/v1/audit', [record, record]),
    await web.post('/api/v1/audit', `${JSON.stringify(record)}\n`, { 'content-type': 'application/x-ndjson' }),
    await web.post('/api/v1/audit', gzipSync(JSON.stringify(record)), { ...json, 'content-encoding': 'gzip' }),
    await web.post('/api/v1/webhooks/shop', record, { authorization: 'Basic d2F0Y2g6aHVudGVyMg==' }),
    await web.post('/api/v1/webhooks/shop', record, { 'x-api-key': web.context.localToken, cookie: 'sid=hunter2' }),
    await web.post('/ping/backup', inTexts, { 'user-agent': 'jane.doe@example.org' }),
  ]
  expect(pushes.map(({ status }) => status)).toEqual([200, 200, 200, 200, 401, 200, 200])
  web.context.log.warn({ event: 'shop.failed', ...attributes, err: new Error(inTexts) }, inTexts)
  web.context.log.error(new Error(inTexts))
  web.context.log.error({ event: 'shop.failed', err: new Error(inTexts) })
  web.context.log.info('%s and %o', inTexts, attributes)
  for (const path of [
    '/api/v1/audit?page_size=100',
    '/checks/backup',
    '/',
    '/health',
    '/metrics',
    '/api/v1/checks/backup',
  ]) {
    answers.push((await web.get(path)).text)
  }
})
afterAll(async () => await web[Symbol.asyncDispose]())

test('nothing of what people and programs keep secret is in the data folder', async () => {
  for (const name of readdirSync(web.dataDir, { recursive: true, withFileTypes: true })) {
    if (!name.isFile()) continue
    const bytes = readFileSync(join(name.parentPath, name.name))
    expect([name.name, SECRETS.filter((secret) => bytes.includes(secret))]).toEqual([name.name, []])
  }
  // What is looked for can be found: the rest of the records is there.
  expect(readFileSync(join(web.dataDir, 'midwatch.db-wal')).includes('order.paid')).toBe(true)
})

test('nothing of it is in the log, in the message or in a field', () => {
  const logged = web.logged.join('')
  expect(logged).toContain('shop.failed')
  expect(SECRETS.filter((secret) => logged.includes(secret))).toEqual([])
})

test('nothing of it is answered, and the rest of the records is', () => {
  const all = answers.join('\n')
  expect(SECRETS.filter((secret) => all.includes(secret))).toEqual([])
  expect(all).toContain('j***@example.org')
})

test('the chain holds over what was masked', async () => {
  expect((await web.get('/api/v1/audit/verify')).json).toMatchObject({ intact: true, records: 6 })
})
