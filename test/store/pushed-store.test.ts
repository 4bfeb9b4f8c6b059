import { describe, expect, test } from 'vitest'
import type { Labels } from '../../src/model/labels.ts'
import { queryStore } from '../../src/rule/query.ts'
import type { PushedChange } from '../../src/store/pushed-operations.ts'
import { series, type TestStore, testStore } from '../support/test-store.ts'

const S = 1000
const H = 3_600_000

function counter(labels: Labels, add: number): PushedChange {
  return { labels: JSON.stringify(labels.pairs), kind: 'counter', add, ttlMs: undefined }
}

function gauge(labels: Labels, set: number, ttlMs = H): PushedChange {
  return { labels: JSON.stringify(labels.pairs), kind: 'gauge', set, ttlMs }
}

function histogram(labels: Labels, bounds: number[], observe: number[]): PushedChange {
  return { labels: JSON.stringify(labels.pairs), kind: 'histogram', bounds, observe, ttlMs: undefined }
}

function push(it: TestStore, changes: PushedChange[], key?: string, bodyHash = 'same') {
  return it.store.pushed.apply({ nowMs: it.clock.now(), changes, key, bodyHash })
}

async function tick(it: TestStore, ms = 15 * S): Promise<void> {
  await it.clock.advance(ms)
  it.store.pushed.sample(it.clock.now()).catch(() => {})
}

async function query(it: TestStore, expression: string): Promise<Record<string, number>> {
  const found = await queryStore(it.store.series, expression, it.clock.now())
  return Object.fromEntries(found.map(({ labels, value }) => [String(labels), value]))
}

describe('a counter', () => {
  test('is seen to have grown from its very first push, and goes on over a restart', async () => {
    await using it = await testStore()
    await tick(it)
    await push(it, [counter(series('c_total'), 5)])
    await tick(it)
    expect(await query(it, 'c_total')).toEqual({ c_total: 5 })
    // increase() extrapolates; what counts is that the 5 is seen.
    expect((await query(it, 'increase(c_total[1m])'))['{}']).toBeGreaterThanOrEqual(5)
    await it.reopen()
    await push(it, [counter(series('c_total'), 2), counter(series('c_total'), 1)])
    await tick(it)
    expect(await query(it, 'c_total')).toEqual({ c_total: 8 })
    expect(await query(it, 'resets(c_total[5m])')).toEqual({ '{}': 0 })
  })

  test('adds up exactly, however many push at once', async () => {
    await using it = await testStore()
    await Promise.all(Array.from({ length: 200 }, () => push(it, [counter(series('c_total'), 1)])))
    expect(it.store.pushed.find(series('c_total'))?.value).toBe(200)
    await it.reopen()
    expect(it.store.pushed.find(series('c_total'))?.value).toBe(200)
  })

  test('never ends by itself', async () => {
    await using it = await testStore()
    await push(it, [counter(series('c_total'), 5)])
    await tick(it, 100 * 24 * H)
    expect(await query(it, 'c_total')).toEqual({ c_total: 5 })
  })
})

describe('a gauge', () => {
  test('ends when nobody has pushed it for its time to live, once, and comes back with the next push', async () => {
    await using it = await testStore()
    await push(it, [gauge(series('g'), 7)])
    await tick(it)
    expect(await query(it, 'g')).toEqual({ g: 7 })
    await tick(it, H)
    expect(await query(it, 'g')).toEqual({})
    await tick(it)
    await tick(it)
    await push(it, [gauge(series('g'), 8)])
    await tick(it)
    expect(await query(it, 'g')).toEqual({ g: 8 })
    await it.store.series.durable()
    const [stored] = it.store.series.select({ matchers: [], startMs: 0, endMs: it.clock.now() })
    expect(stored?.samples(0, it.clock.now()).stale?.filter((flag) => flag === 1)).toHaveLength(1)
    expect([...it.store.pushed.rows()].map(({ value }) => value)).toEqual([8])
  })

  test('gets no zero before its first value', async () => {
    await using it = await testStore()
    await push(it, [gauge(series('g'), 7)])
    await tick(it)
    expect(await query(it, 'min_over_time(g[5m])')).toEqual({ '{}': 7 })
  })
})

describe('a histogram', () => {
  test('adds observations up into classic buckets, over pushes and restarts', async () => {
    await using it = await testStore()
    const h = series('h_seconds')
    await push(it, [histogram(h, [0.1, 1], [0.05, 0.1, 0.5, 5])])
    await it.reopen()
    await push(it, [histogram(h, [0.1, 1], [1])])
    expect(it.store.pushed.boundsOf('h_seconds')).toEqual([0.1, 1])
    await tick(it)
    expect(await query(it, '{__name__=~"h_seconds_.*"}')).toEqual({
      'h_seconds_bucket{le="0.1"}': 2,
      'h_seconds_bucket{le="1.0"}': 4,
      'h_seconds_bucket{le="+Inf"}': 5,
      h_seconds_sum: 0.05 + 0.1 + 0.5 + 5 + 1,
      h_seconds_count: 5,
    })
    expect((await query(it, 'histogram_quantile(0.5, h_seconds_bucket)'))['{}']).toBeGreaterThan(0.1)
  })
})

describe('a push with a key', () => {
  test('counts once, is told apart from another one under the same key, and is forgotten in time', async () => {
    await using it = await testStore()
    const change = [counter(series('c_total'), 5)]
    expect((await push(it, change, 'k')).kind).toBe('applied')
    expect((await push(it, change, 'k')).kind).toBe('repeated')
    expect((await push(it, [counter(series('c_total'), 6)], 'k', 'other')).kind).toBe('key-reused')
    await it.reopen()
    expect((await push(it, change, 'k')).kind).toBe('repeated')
    expect(it.store.pushed.find(series('c_total'))?.value).toBe(5)
  })

  test('that fails takes no key and changes nothing, all of it', async () => {
    await using it = await testStore()
    const bad = { ...counter(series('d_total'), Number.NaN) }
    await expect(push(it, [counter(series('c_total'), 5), bad], 'k')).rejects.toThrow()
    expect(it.store.pushed.find(series('c_total'))).toBeUndefined()
    expect((await push(it, [counter(series('c_total'), 5)], 'k')).kind).toBe('applied')
  })
})
