import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { createMatcher } from '../../../src/model/matcher.ts'
import { type TestWeb, testWeb } from '../../support/web.ts'

const PATH = '/api/v1/metrics'
const counter = { name: 'llm_calls_total', type: 'counter', labels: { model: 'm' }, add: 1 }

/** Values of pushed series as they would be sampled now, by their text. */
function pushed({ store }: TestWeb): Record<string, unknown> {
  return Object.fromEntries(
    [...store.pushed.rows()].map(({ labels, value, histogram }) => {
      const pairs = JSON.parse(labels) as string[]
      const text = pairs.flatMap((name, i) => (i % 2 === 0 ? [`${name}=${pairs[i + 1]}`] : [])).join(' ')
      return [text, histogram ?? value]
    }),
  )
}

describe('a push', () => {
  test('adds to counters, sets gauges and observes into histograms, and is there after a restart', async () => {
    await using first = await testWeb()
    const answer = await first.post(PATH, [
      counter,
      { ...counter, add: 2.5 },
      { name: 'queue', type: 'gauge', set: 3 },
      { name: 'queue', type: 'gauge', set: 7 },
      {
        name: 'took_seconds',
        type: 'histogram',
        observe: [0.05, 0.5, 9],
        buckets: [0.1, 1],
        help: 'Time.',
        unit: 'seconds',
      },
    ])
    expect(answer).toMatchObject({ status: 200, json: { accepted: 5, warnings: [] } })
    await using web = await first.reopen()
    expect(pushed(web)).toEqual({
      '__name__=llm_calls_total job=push model=m': 3.5,
      '__name__=queue job=push': 7,
      '__name__=took_seconds job=push': { bounds: [0.1, 1], counts: [1, 1, 1], sum: 9.55, count: 3 },
    })
    expect(web.store.series.metaOf('took_seconds')).toEqual({ type: 'histogram', help: 'Time.', unit: 'seconds' })
  })

  test('is sampled as a counter that began at 0', async () => {
    await using web = await testWeb()
    await web.post(PATH, counter)
    const nowMs = web.clock.now()
    await web.store.pushed.sample(nowMs)
    const [series] = web.store.series.select({
      matchers: [createMatcher('__name__', '=', 'llm_calls_total')],
      startMs: nowMs - 1000,
      endMs: nowMs,
    })
    const { values } = series?.samples(nowMs - 1000, nowMs) ?? {}
    expect([...(values ?? [])]).toEqual([0, 1])
  })

  test('comes as NDJSON and packed as well', async () => {
    await using web = await testWeb()
    const lines = `${JSON.stringify(counter)}\n${JSON.stringify(counter)}\n`
    const answer = await web.post(PATH, gzipSync(lines), {
      'content-type': 'application/x-ndjson',
      'content-encoding': 'gzip',
    })
    expect(answer).toMatchObject({ status: 200, json: { accepted: 2 } })
    expect(pushed(web)).toEqual({ '__name__=llm_calls_total job=push model=m': 2 })
  })

  test('with one bad entry counts not at all, and every fault is named', async () => {
    await using web = await testWeb()
    const answer = await web.post(PATH, [counter, { ...counter, add: -1 }, { ...counter, labels: { model: 1 } }])
    expect(answer.status).toBe(422)
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    expect(answer.json.errors.map(({ field }: { field: string }) => field)).toEqual(['[1].add', '[2].labels.model'])
    expect(pushed(web)).toEqual({})
    expect(web.store.series.stats.series).toBe(0)
  })

  test('warns where it breaks a custom', async () => {
    await using web = await testWeb()
    const answer = await web.post(PATH, { name: 'orders', add: 1 })
    expect(answer.json).toEqual({ accepted: 1, warnings: ['orders: the name of a counter ends in _total by custom'] })
  })

  test("can't bring other buckets than the histogram has, after a restart neither", async () => {
    await using first = await testWeb()
    await first.post(PATH, { name: 'h', observe: 1, buckets: [1, 2] })
    await using web = await first.reopen()
    const answer = await web.post(PATH, { name: 'h', observe: 1, buckets: [1, 3], labels: { other: 'set' } })
    expect(answer).toMatchObject({ status: 422, json: { errors: [{ field: 'buckets' }] } })
    expect(answer.json.errors[0].message).toContain('[1, 2]')
  })

  test('of one new histogram twice at once gives it one set of buckets', async () => {
    await using web = await testWeb()
    const both = await Promise.all([
      web.post(PATH, { name: 'h', observe: 1, buckets: [1, 2] }),
      web.post(PATH, { name: 'h', observe: 1, buckets: [5] }),
    ])
    expect(both.map(({ status }) => status).sort()).toEqual([200, 422])
  })
})

describe('a repeated push', () => {
  const headers = { 'idempotency-key': '7d3f' }

  test('with the same key counts once and gets the same answer, after a restart too', async () => {
    await using first = await testWeb()
    const one = await first.post(PATH, counter, headers)
    const two = await first.post(PATH, counter, headers)
    await using web = await first.reopen()
    const three = await web.post(PATH, counter, headers)
    expect([two.text, three.text]).toEqual([one.text, one.text])
    expect([one.status, two.status, three.status]).toEqual([200, 200, 200])
    expect(pushed(web)).toEqual({ '__name__=llm_calls_total job=push model=m': 1 })
  })

  test('sent many times at once counts once', async () => {
    await using web = await testWeb()
    const answers = await Promise.all(Array.from({ length: 8 }, () => web.post(PATH, counter, headers)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect(pushed(web)).toEqual({ '__name__=llm_calls_total job=push model=m': 1 })
  })

  test('with the same key and other content is refused', async () => {
    await using web = await testWeb()
    await web.post(PATH, counter, headers)
    const answer = await web.post(PATH, { ...counter, add: 2 }, headers)
    expect(answer).toMatchObject({ status: 422, json: { errors: [{ field: 'Idempotency-Key' }] } })
    expect(pushed(web)).toEqual({ '__name__=llm_calls_total job=push model=m': 1 })
  })

  test('with a key that is none is refused', async () => {
    await using web = await testWeb()
    expect((await web.post(PATH, counter, { 'idempotency-key': 'x'.repeat(256) })).status).toBe(400)
    expect(pushed(web)).toEqual({})
  })
})

describe('limits on series', () => {
  const config = 'storage: { limits: { series: 5, series_per_metric: 3 } }'
  const series = (name: string, count: number) =>
    Array.from({ length: count }, (_, i) => ({ name, set: 1, labels: { i: String(i) } }))

  test('refuse a push as a whole and say which limit', async () => {
    await using web = await testWeb({ config })
    const answer = await web.post(PATH, series('a', 4))
    expect(answer.status).toBe(422)
    expect(answer.json.detail).toContain(
      'a has 3 series already, which is the limit for one metric (storage.limits.series_per_metric)',
    )
    expect(web.store.series.stats.series).toBe(0)
  })

  test('leave known series alone', async () => {
    await using web = await testWeb({ config })
    await web.post(PATH, [...series('a', 3), ...series('b', 2)])
    expect((await web.post(PATH, series('c', 1))).json.detail).toContain('there are 5 series already')
    expect((await web.post(PATH, series('a', 3))).status).toBe(200)
    expect(web.store.series.stats.refused.get('series-limit')).toBe(1)
  })
})

test('a token needs the ingest scope', async () => {
  const config = `
server:
  listen: 0.0.0.0:8420
  tokens:
    - { name: app, token: token-of-the-app-0123456789abcdef, scopes: [ingest] }
    - { name: eyes, token: token-of-the-eyes-0123456789abcdef, scopes: [read] }
`
  await using web = await testWeb({ config })
  const send = (token?: string) =>
    web.post(PATH, counter, token === undefined ? {} : { authorization: `Bearer ${token}` })
  expect((await send()).status).toBe(401)
  expect((await send('wrong')).status).toBe(401)
  expect((await send('token-of-the-eyes-0123456789abcdef')).status).toBe(403)
  expect((await send('token-of-the-app-0123456789abcdef')).status).toBe(200)
})
