import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type TestWeb, testWeb } from '../../support/web.ts'

/** Every address that takes what others push, with something that it takes. */
const ADDRESSES = [
  { path: '/api/v1/metrics', good: { name: 'orders_total', type: 'counter', add: 1 } },
  { path: '/api/v1/audit', good: { event: 'order.created', actor: 'shop' } },
] as const

const WEBHOOK = '/api/v1/webhooks/shop'
const gzip = { 'content-encoding': 'gzip' }
const json = { 'content-type': 'application/json' }
const ndjson = { 'content-type': 'application/x-ndjson' }
const deep = (open: string, close: string, levels = 100_000) => `${open.repeat(levels)}1${close.repeat(levels)}`

type Case = readonly [name: string, body: string | Uint8Array, headers: Record<string, string>, status: number]

/** Bad whatever is expected. */
const everywhere: readonly Case[] = [
  ['malformed JSON', '{"a":', json, 400],
  ['bytes that are no UTF-8', new Uint8Array([0x22, 0xff, 0x22]), json, 400],
  ['10 MB', `["${'x'.repeat(10_000_000)}"]`, json, 413],
  ['10 MB that are announced as little', ' '.repeat(10_000_000), { ...json, 'content-length': '5' }, 413],
  ['a gzip bomb', gzipSync(Buffer.alloc(200_000_000, 0x20)), { ...json, ...gzip }, 413],
  ['what is no gzip', 'hello', { ...json, ...gzip }, 400],
  ['an unknown encoding', '{}', { ...json, 'content-encoding': 'snappy' }, 415],
]

/** Bad for what is a list of records. */
const records: readonly Case[] = [
  ['nothing', '', json, 400],
  ['a malformed line', '{"a":1}\n{', ndjson, 400],
  ['a number', '7', json, 422],
  ['null', 'null', json, 422],
  ['a text', '"x"', json, 422],
  ['a list of lists', '[[]]', json, 422],
  ['NaN', '[{"name":"a_total","add":NaN}]', json, 400],
  ['nothing known', '{"foo":1}', json, 422],
  ['keys of a prototype', '{"__proto__":{"name":"x_total","add":1,"event":"x","actor":"y"}}', json, 422],
  ['a constructor', '{"constructor":{"prototype":{"polluted":1}}}', json, 422],
  ['lists in lists', deep('[', ']'), json, 422],
  ['objects in objects', deep('{"a":', '}'), json, 422],
  ['10,001 entries', `[${'{},'.repeat(10_000)}{}]`, json, 422],
  ['10,001 lines', '{}\n'.repeat(10_001), ndjson, 422],
  ['a key of a megabyte', `{"${'k'.repeat(1_000_000)}":1}`, json, 422],
]

const ofMetrics: readonly Case[] = [
  ['a negative counter', '{"name":"a_total","add":-1}', json, 422],
  ['a number beyond all numbers', '{"name":"a_total","add":1e999}', json, 422],
  ['observations beyond all numbers', '{"name":"a","observe":[1,-1e999]}', json, 422],
  [
    'a thousand labels',
    JSON.stringify({
      name: 'a_total',
      add: 1,
      labels: Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`l${i}`, 'x'])),
    }),
    json,
    422,
  ],
  [
    'a label of a megabyte',
    JSON.stringify({ name: 'a_total', add: 1, labels: { a: 'x'.repeat(1_000_000) } }),
    json,
    422,
  ],
  ['a label called __proto__', '{"name":"a_total","add":1,"labels":{"__proto__":"x"}}', json, 422],
  ['labels nested deep', `{"name":"a_total","add":1,"labels":{"a":${deep('[', ']')}}}`, json, 422],
]

const ofAudit: readonly Case[] = [
  ['attributes nested deep', `{"event":"e","actor":"a","attributes":${deep('{"a":', '}')}}`, json, 422],
  [
    'attributes of a megabyte',
    JSON.stringify({ event: 'e', actor: 'a', attributes: { a: 'x'.repeat(1_000_000) } }),
    json,
    422,
  ],
  ['a time beyond all times', '{"event":"e","actor":"a","time":1e300}', json, 422],
]

let shared: TestWeb
beforeAll(async () => {
  shared = await testWeb()
})
afterAll(() => shared[Symbol.asyncDispose]())

async function refuses(path: string, [, body, headers, status]: Case): Promise<void> {
  const answer = await shared.post(path, body, headers)
  expect(answer.status).toBe(status)
  expect(answer.headers.get('content-type')).toBe('application/problem+json')
  expect(answer.json).toMatchObject({ status, title: expect.any(String), detail: expect.any(String) })
  expect(answer.text.length).toBeLessThan(10_000)
  expect([...shared.store.pushed.rows()]).toEqual([])
  expect(shared.store.series.stats.series).toBe(0)
  expect((await shared.get('/api/v1/audit')).json.total).toBe(0)
  expect(({} as { polluted?: number }).polluted).toBeUndefined()
}

describe('POST /api/v1/metrics refuses, storing nothing:', () => {
  test.each([...everywhere, ...records, ...ofMetrics])('%s', (...given) => refuses(ADDRESSES[0].path, given))
})

describe('POST /api/v1/audit refuses, storing nothing:', () => {
  test.each([...everywhere, ...records, ...ofAudit])('%s', (...given) => refuses(ADDRESSES[1].path, given))
})

describe('POST /api/v1/webhooks/<source> refuses, storing nothing:', () => {
  test.each([...everywhere, ['lists in lists', deep('[', ']'), json, 400] as const])('%s', (...given) =>
    refuses(WEBHOOK, given),
  )
})

test('after all of that, what is good is taken', async () => {
  await using web = await testWeb()
  for (const { path, good } of ADDRESSES) expect((await web.post(path, good)).status).toBe(200)
  expect((await web.post(WEBHOOK, {})).status).toBe(200)
})

test('a change that a page of another site sends is refused', async () => {
  await using web = await testWeb()
  for (const { path, good } of ADDRESSES) {
    expect((await web.post(path, good, { origin: 'https://evil.example.org', host: '127.0.0.1:8420' })).status).toBe(
      403,
    )
  }
})

test('when the disk refuses, the answer is 503 and says when to come back', async () => {
  await using web = await testWeb()
  await web.store.writer.close()
  for (const { path, good } of [...ADDRESSES, { path: WEBHOOK, good: {} }]) {
    const answer = await web.post(path, good)
    expect(answer.status).toBe(503)
    expect(answer.headers.get('retry-after')).toBe('2')
  }
})
