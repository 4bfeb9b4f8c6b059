import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BatchBuilder } from '../../../src/model/sample.ts'
import { evaluate, type Queryable } from '../../../src/promql/index.ts'
import { Connection } from '../../../src/store/database.ts'
import type { SeriesStore } from '../../../src/store/series/series-store.ts'
import { series, testStore } from '../../support/test-store.ts'

const START = Date.UTC(2026, 0, 1)
const NEVER = new AbortController().signal
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const FUNCTIONS = [
  'rate(x_total[W])',
  'increase(x_total[W])',
  'delta(x_total[W])',
  'resets(x_total[W])',
  'changes(x_total[W])',
  'deriv(x_total[W])',
  'predict_linear(x_total[W], 3600)',
  ...['sum', 'avg', 'min', 'max', 'count', 'stddev', 'stdvar', 'first', 'last', 'present'].map(
    (name) => `${name}_over_time(x_total[W])`,
  ),
]

/** The same series without the sums that the store keeps: every answer comes from the samples. */
function withoutSummaries(store: SeriesStore): Queryable {
  return {
    select: (request) =>
      store.select(request).map((one) => ({ labels: one.labels, samples: (from, to) => one.samples(from, to) })),
  }
}

async function answers(source: Queryable, queries: readonly { text: string; atMs: number }[]) {
  const all: unknown[] = []
  for (const { text, atMs } of queries) {
    const { value } = await evaluate({ text, atMs }, source)
    if (value.type !== 'vector') throw new Error(`${text} gave no vector`)
    all.push([text, atMs - START, value.samples.map((sample) => [sample.labels.toString(), sample.value])])
  }
  return all
}

const value = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: 0, max: 50 }) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 99_999 }).map((whole) => whole / 1000) },
  { weight: 2, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 }) },
  { weight: 1, arbitrary: fc.constantFrom(0, -0, 1e15, -3, Number.NaN, Infinity) },
)
const kind = fc.constantFrom('gauge', 'counter', 'constant', 'marked')

test('windows give the same answers from summaries as from samples, in memory, in hours, in days and after a restart', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ kind, values: fc.array(value, { minLength: 5, maxLength: 40 }) }), {
        minLength: 1,
        maxLength: 3,
      }),
      fc.array(
        fc.record({
          text: fc.constantFrom(...FUNCTIONS),
          lengthMs: fc.integer({ min: 5 * MINUTE, max: 3 * DAY }),
          beforeEndMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: DAY })),
        }),
        { minLength: 30, maxLength: 30 },
      ),
      async (inputs, windows) => {
        await using it = await testStore()
        const endMs = START + 2 * DAY + 5 * HOUR + 17 * MINUTE
        await it.clock.advance(endMs - START)
        const { series: store } = it.store
        for (const [i, { kind: of, values }] of inputs.entries()) {
          const ref = store.ref(series('x_total', { i: String(i) })) as number
          const batch = new BatchBuilder()
          let total = 0
          for (let timeMs = START + i, at = 0; timeMs <= endMs; timeMs += 97_000, at++) {
            const next = values[(at * 7 + (at >> 5)) % values.length] as number
            // A restart of the counter now and then.
            total = at % 211 === 0 ? 0 : total + (Number.isFinite(next) ? Math.abs(next) : 0)
            if (of === 'marked' && at % 90 === 40) batch.addStale(ref, timeMs)
            else batch.add(ref, timeMs, of === 'counter' ? total : of === 'constant' ? (values[0] as number) : next)
          }
          store.append(batch).catch(() => {})
        }
        await store.durable()
        const queries = windows.map(({ text, lengthMs, beforeEndMs }) => ({
          text: text.replace('W', `${Math.round(lengthMs / 1000)}s`),
          atMs: endMs - beforeEndMs,
        }))
        const expected = await answers(withoutSummaries(store), queries)
        const same = async () => {
          const { series: now } = it.store
          expect(await answers(withoutSummaries(now), queries)).toEqual(expected)
          expect(await answers(now, queries)).toEqual(expected)
        }
        expect(await answers(store, queries)).toEqual(expected)
        await store.seal(START + DAY + 3 * HOUR, 0, NEVER)
        await same()
        await store.compact(START + DAY, 0, NEVER)
        await same()
        await store.seal(START + 2 * DAY + 5 * HOUR, 0, NEVER)
        await same()
        await store.compact(START + 2 * DAY, 0, NEVER)
        await it.reopen()
        await same()
        expect(it.corrupt).toEqual([])
      },
    ),
    { numRuns: 12 },
  )
})

/** A counter that grows by 1 every minute, for three days, sealed. */
async function threeDays(store: SeriesStore): Promise<void> {
  const ref = store.ref(series('c_total')) as number
  const batch = new BatchBuilder()
  for (let minute = 1; minute <= 3 * 24 * 60; minute++) batch.add(ref, START + minute * MINUTE, minute)
  store.append(batch).catch(() => {})
  await store.durable()
  await store.seal(START + 3 * DAY, 0, NEVER)
  await store.compact(START + 3 * DAY, 0, NEVER)
}

describe('roll-ups', () => {
  test('answer long windows from the sums that are left, and the answer says so', async () => {
    await using it = await testStore()
    await it.clock.advance(3 * DAY + MINUTE)
    const { series: store } = it.store
    await threeDays(store)
    const query = { text: 'increase(c_total[2d])', atMs: START + 3 * DAY }
    const before = await evaluate(query, store)
    await store.retain(START + 2 * DAY + 1, START)
    const after = await evaluate(query, store)
    expect(after.value).toEqual(before.value)
    expect(before.infos).toEqual([])
    expect(after.infos).toEqual([expect.stringContaining('roll-ups before 2026-01-03T00:00:00')])
    // A window that touches raw samples only says nothing.
    expect((await evaluate({ text: 'increase(c_total[20h])', atMs: START + 3 * DAY }, store)).infos).toEqual([])
    await it.reopen()
    expect((await evaluate(query, it.store.series)).value).toEqual(before.value)
  })

  test('go when their time is over, and a series of which nothing is left is forgotten', async () => {
    await using it = await testStore()
    await it.clock.advance(3 * DAY + MINUTE)
    const { series: store } = it.store
    await threeDays(store)
    const fresh = store.ref(series('fresh')) as number
    const batch = new BatchBuilder()
    batch.add(fresh, START + 3 * DAY + 1, 1)
    store.append(batch).catch(() => {})
    await store.retain(START + 4 * DAY, START + 4 * DAY)
    expect(store.labelValues('__name__')).toEqual(['fresh'])
    // Who still holds the number of the forgotten series is understood.
    const old = new BatchBuilder()
    old.add(1, START + 3 * DAY + 10, 7)
    store.append(old).catch(() => {})
    await store.durable()
    expect(store.labelValues('__name__')).toEqual(['c_total', 'fresh'])
    await it.reopen()
    expect(it.store.series.labelValues('__name__')).toEqual(['c_total', 'fresh'])
  })
})

describe('damage', () => {
  test("to one series' entry costs that series what the segment had of it, and no other", async () => {
    await using it = await testStore()
    await it.clock.advance(3 * DAY + MINUTE)
    const { series: store } = it.store
    const batch = new BatchBuilder()
    const refs = ['a', 'b'].map((name) => store.ref(series(name)) as number)
    for (let minute = 1; minute <= 60; minute++) {
      for (const ref of refs) batch.add(ref, START + minute * MINUTE, minute * ref)
    }
    store.append(batch).catch(() => {})
    await store.durable()
    await store.seal(START + HOUR, 0, NEVER)
    const other = new Connection(it.store.file)
    const { directory } = other.raw.prepare('SELECT directory FROM segment').get() as { directory: Buffer }
    directory[directory.length - 3] = (directory[directory.length - 3] as number) ^ 1
    other.raw.prepare('UPDATE segment SET directory = ?').run(directory)
    other.close()
    await it.reopen()
    const count = async (text: string) => {
      const { value: found } = await evaluate({ text, atMs: START + HOUR }, it.store.series)
      return found.type === 'vector' ? found.samples[0]?.value : undefined
    }
    expect(await count('count_over_time(a[1h])')).toBe(60)
    expect(await count('count_over_time(b[1h])')).toBeUndefined()
    expect(await count('count_over_time(b[1h])')).toBeUndefined()
    expect(new Set(it.corrupt)).toEqual(new Set([expect.stringContaining('series b: not a readable directory')]))
    // Packing the day leaves alone what it can't read.
    await it.store.series.compact(START + DAY, 0, NEVER)
    expect(await count('count_over_time(a[1h])')).toBe(60)
  })
})

describe('history that is imported', () => {
  test('is there at once and after a restart, in any order, with what was there before', async () => {
    await using it = await testStore()
    const endMs = START + 3 * DAY + 2 * HOUR
    await it.clock.advance(endMs - START)
    const { series: store } = it.store
    const live = store.ref(series('x_total', { i: '0' })) as number
    const batch = new BatchBuilder()
    batch.add(live, START + 2 * DAY + 30 * MINUTE, 30)
    store.append(batch).catch(() => {})
    await store.durable()
    const importer = store.importer()
    const other = store.ref(series('x_total', { i: '1' })) as number
    let count = 0
    for (let minute = 1; START + minute * MINUTE <= endMs; minute++) {
      // Backwards for one of them.
      await importer.add(live, START + minute * MINUTE, minute, false)
      await importer.add(other, endMs + MINUTE - minute * MINUTE, minute, false)
      count += 2
    }
    await importer.add(live, endMs + DAY, 1, false)
    const { samples, refused } = await importer.finish()
    expect(samples).toBe(count - 1)
    expect(Object.fromEntries(refused)).toEqual({ 'duplicate-timestamp': 1, 'too-far-in-the-future': 1 })
    const query = { text: 'count_over_time(x_total[4d])', atMs: endMs }
    const seen = async () => {
      const { value: found } = await evaluate(query, it.store.series)
      return found.type === 'vector' ? found.samples.map((sample) => sample.value) : []
    }
    expect(await seen()).toEqual([count / 2, count / 2])
    await it.reopen()
    expect(await seen()).toEqual([count / 2, count / 2])
    expect(it.corrupt).toEqual([])
  })
})
