import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { createMatcher } from '../../../src/model/matcher.ts'
import { BatchBuilder } from '../../../src/model/sample.ts'
import { Connection } from '../../../src/store/database.ts'
import { StorageError } from '../../../src/store/operation.ts'
import type { SeriesStore } from '../../../src/store/series/series-store.ts'
import { series, testStore } from '../../support/test-store.ts'

const START = Date.UTC(2026, 0, 1)
const NEVER = new AbortController().signal

type Point = readonly [timeMs: number, value: number | 'stale']

/** What a query over all of `name` sees, in the span. */
function read(store: SeriesStore, name: string, startMs = 0, endMs = START * 2): Record<string, Point[]> {
  const found = store.select({ matchers: [createMatcher('__name__', '=', name)], startMs, endMs })
  return Object.fromEntries(
    found.map((selected) => {
      const { length, timesMs, values, stale } = selected.samples(startMs, endMs)
      const points = Array.from({ length }, (_, i): Point => {
        return [(timesMs[i] as number) - START, stale?.[i] === 1 ? 'stale' : (values[i] as number)]
      })
      return [selected.labels.withoutName().toString(), points]
    }),
  )
}

function append(store: SeriesStore, name: string, points: readonly Point[], label = ''): Promise<void> {
  const ref = store.ref(series(name, { label })) as number
  const batch = new BatchBuilder(1)
  for (const [timeMs, value] of points) {
    if (value === 'stale') batch.addStale(ref, START + timeMs)
    else batch.add(ref, START + timeMs, value)
  }
  store.append(batch).catch(() => {})
  return store.durable()
}

/** More than any page that is there has room for. */
const MANY = Array.from({ length: 1000 }, (_, i): Point => [20 + i, i])

test('answers a sample at once, and again after a restart', async () => {
  await using it = await testStore()
  const done = append(it.store.series, 'm', [
    [0, 1],
    [10, -0],
    [20, 'stale'],
    [30, Number.POSITIVE_INFINITY],
    [40, Number.NaN],
  ])
  const seen = read(it.store.series, 'm')
  expect(seen['{}']).toHaveLength(5)
  await done
  await it.reopen()
  expect(read(it.store.series, 'm')).toEqual(seen)
  expect(it.corrupt).toEqual([])
})

test('what was described is known after a restart, the last word counting', async () => {
  await using it = await testStore()
  it.store.series.describe('m_total', { type: 'gauge', help: 'wrong' })
  it.store.series.describe('m_total', { type: 'counter', help: 'Things.', unit: 'bytes' })
  await it.store.writer.flush()
  await it.reopen()
  expect(it.store.series.metaOf('m_total')).toEqual({ type: 'counter', help: 'Things.', unit: 'bytes' })
})

describe('sealing', () => {
  test('moves samples up to the cut into chunks, once, and refuses what comes too late for them', async () => {
    await using it = await testStore()
    const { series: store } = it.store
    await append(store, 'm', [
      [10, 1],
      [20, 2],
      [30, 3],
    ])
    const before = read(store, 'm')
    expect(await store.seal(START + 20, 0, NEVER)).toBe(1)
    expect(await store.seal(START + 20, 0, NEVER)).toBe(0)
    expect(read(store, 'm')).toEqual(before)
    await append(store, 'm', [
      [15, 9],
      [20, 9],
      [25, 9],
    ])
    expect(store.stats.refused.get('too-old')).toBe(2)
    expect(read(store, 'm')['{}']).toEqual([
      [10, 1],
      [20, 2],
      [25, 9],
      [30, 3],
    ])
    const { entries } = it.store.reader.statement('SELECT COUNT(*) AS entries FROM journal').get() as {
      entries: number
    }
    expect(entries).toBe(2)
  })

  test('counts a sample once while it is in a segment already and in memory still', async () => {
    await using it = await testStore()
    const { series: store } = it.store
    await append(store, 'm', [
      [10, 1],
      [20, 2],
      [30, 3],
    ])
    const before = read(store, 'm')
    // As the writer's thread has it: the segment is there, and this thread has not heard of it yet.
    const { writer, reader } = it.store
    const run = writer.run.bind(writer)
    let between: unknown
    vi.spyOn(writer, 'run').mockImplementation(async (operation, args) => {
      const result = await run(operation, args)
      if (operation.name !== 'write-segments') return result
      expect(reader.statement('SELECT COUNT(*) AS segments FROM segment').get()).toEqual({ segments: 1 })
      between = read(store, 'm')
      return result
    })
    await store.seal(START + 20, 0, NEVER)
    expect(between).toEqual(before)
    expect(read(store, 'm')).toEqual(before)
  })

  test('a query that began before it still sees everything after it', async () => {
    await using it = await testStore()
    const { series: store } = it.store
    await append(store, 'm', [
      [10, 1],
      [20, 2],
      [30, 3],
    ])
    const [selected] = store.select({ matchers: [createMatcher('__name__', '=', 'm')], startMs: 0, endMs: START * 2 })
    expect(selected?.samples(START, START + 15).length).toBe(1)
    await store.seal(START + 25, 0, NEVER)
    expect([...(selected?.samples(START, START + 30).values ?? [])]).toEqual([1, 2, 3])
  })

  test('keeps in the journal what comes for a series that it has passed by', async () => {
    await using it = await testStore()
    const { series: store } = it.store
    // The first series has no samples yet; the others fill a step, so that sealing pauses behind it.
    const late = store.ref(series('late')) as number
    const batch = new BatchBuilder()
    for (let i = 0; i < 201; i++) batch.add(store.ref(series('m', { i: String(i) })) as number, START + 10, i)
    await store.append(batch)
    const sealing = store.seal(START + 20, 1000, NEVER)
    await it.clock.untilSleeping()
    const one = new BatchBuilder()
    one.add(late, START + 15, 7)
    store.append(one).catch(() => {})
    await store.durable()
    await it.clock.advance(1000)
    await sealing
    expect(read(store, 'late')['{}']).toEqual([[15, 7]])
    await it.reopen()
    expect(read(it.store.series, 'late')['{}']).toEqual([[15, 7]])
  })

  test('two at once put nothing into two segments', async () => {
    await using it = await testStore()
    const { series: store } = it.store
    await append(store, 'm', [
      [10, 1],
      [20, 2],
      [30, 3],
    ])
    const before = read(store, 'm')
    await Promise.all([store.seal(START + 20, 0, NEVER), store.seal(START + 30, 0, NEVER)])
    expect(read(store, 'm')).toEqual(before)
  })
})

test('however appends, seals and restarts follow each other, every query answers the same', async () => {
  const step = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('append' as const),
        label: fc.constantFrom('a', 'b', 'c'),
        // Within the hour that is open, in any order.
        offsetsMs: fc.array(fc.integer({ min: 1, max: 3_599_999 }), { minLength: 1, maxLength: 6 }),
        value: fc.oneof(fc.double(), fc.integer(), fc.constant('stale' as const)),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('hour' as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('reopen' as const) }) },
  )
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 14 }), async (steps) => {
      await using it = await testStore()
      const model = new Map<string, Map<number, number | 'stale'>>()
      let hourMs = 0
      await it.clock.advance(3_600_000)
      const expected = () =>
        Object.fromEntries(
          [...model]
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([label, points]) => [`{label="${label}"}`, [...points].sort(([a], [b]) => a - b)]),
        )
      const seen = () =>
        Object.fromEntries(Object.entries(read(it.store.series, 'm')).sort(([a], [b]) => (a < b ? -1 : 1)))
      for (const each of steps) {
        if (each.kind === 'append') {
          const points = model.get(each.label) ?? new Map<number, number | 'stale'>()
          model.set(each.label, points)
          await append(
            it.store.series,
            'm',
            each.offsetsMs.map((offsetMs): Point => [hourMs + offsetMs, each.value]),
            each.label,
          )
          for (const offsetMs of each.offsetsMs)
            if (!points.has(hourMs + offsetMs)) points.set(hourMs + offsetMs, each.value)
        } else if (each.kind === 'hour') {
          hourMs += 3_600_000
          await it.clock.advance(3_600_000)
          await it.store.series.seal(START + hourMs, 0, NEVER)
        } else await it.reopen()
        expect(seen()).toEqual(expected())
      }
      await it.reopen()
      expect(seen()).toEqual(expected())
      expect(it.corrupt).toEqual([])
    }),
    { numRuns: 40 },
  )
})

describe('damage', () => {
  test('a journal entry that can not be read loses only itself, and is named', async () => {
    await using it = await testStore()
    for (const timeMs of [10, 20, 30]) {
      append(it.store.series, 'm', [[timeMs, timeMs]]).catch(() => {})
      await it.store.series.durable()
    }
    const other = new Connection(it.store.file)
    other.raw.prepare('UPDATE journal SET body = substr(body, 1, 18) WHERE id = 2').run()
    other.close()
    await it.reopen()
    expect(read(it.store.series, 'm')['{}']).toEqual([
      [10, 10],
      [30, 30],
    ])
    expect(it.corrupt).toEqual(['journal entry 2: the checksum does not match'])
  })

  test('samples that come all at once are several journal entries, so that damage to one costs few', async () => {
    await using it = await testStore()
    const { series: store } = it.store
    const points = Array.from({ length: 30_000 }, (_, i): Point => [i, i])
    await append(store, 'm', points)
    const other = new Connection(it.store.file)
    const entries = other.raw.prepare('SELECT id, min_ms AS minMs, max_ms AS maxMs FROM journal').all() as {
      id: number
      minMs: number
      maxMs: number
    }[]
    const [, damaged] = entries
    other.raw.prepare(`UPDATE journal SET body = x'00ff00' WHERE id = ?`).run(damaged?.id)
    other.close()
    expect(entries.length).toBeGreaterThan(2)
    await it.reopen()
    const gone = ([timeMs]: Point) => timeMs >= (damaged?.minMs ?? 0) - START && timeMs <= (damaged?.maxMs ?? 0) - START
    expect(points.filter(gone).length).toBeLessThan(10_000)
    expect(read(it.store.series, 'm')['{}']).toEqual(points.filter((point) => !gone(point)))
    expect(it.corrupt).toHaveLength(1)
  })

  test('a chunk that can not be read loses only itself, and is named once, not with every query', async () => {
    await using it = await testStore()
    const { series: store } = it.store
    for (const cutMs of [10, 20, 30]) {
      await append(store, 'm', [[cutMs, cutMs]])
      await store.seal(START + cutMs, 0, NEVER)
    }
    const other = new Connection(it.store.file)
    other.raw.prepare(`UPDATE segment SET body = x'00ff00' WHERE to_ms = ?`).run(START + 20)
    other.close()
    await it.reopen()
    for (let i = 0; i < 3; i++)
      expect(read(it.store.series, 'm')['{}']).toEqual([
        [10, 10],
        [30, 30],
      ])
    expect(it.corrupt).toHaveLength(1)
    expect(it.corrupt[0]).toContain('series m: not a readable chunk')
  })
})

describe('limits', () => {
  test('a series beyond one is refused and counted, and those that are there go on', async () => {
    await using it = await testStore({ limits: { series: 3, seriesPerMetric: 2 } })
    const { series: store } = it.store
    expect(store.ref(series('m', { i: '1' }))).toBeDefined()
    expect(store.ref(series('m', { i: '2' }))).toBeDefined()
    expect(store.ref(series('m', { i: '3' }))).toBeUndefined()
    expect(store.refusalOf([series('n'), series('o')])?.message).toContain('storage.limits.series')
    expect(store.ref(series('n'))).toBeDefined()
    expect(store.ref(series('o'))).toBeUndefined()
    expect(store.ref(series('m', { i: '1' }))).toBeDefined()
    expect(store.stats.refused.get('metric-series-limit')).toBe(1)
    expect(store.stats.refused.get('series-limit')).toBe(2)
  })

  test('what has had no sample for an hour takes no room from what is new, however long its history is kept', async () => {
    await using it = await testStore({ limits: { series: 3, seriesPerMetric: 2 } })
    for (const i of ['1', '2']) {
      const batch = new BatchBuilder()
      batch.add(it.store.series.ref(series('m', { i })) as number, START, 1)
      await it.store.series.append(batch)
    }
    expect(it.store.series.ref(series('m', { i: '3' }))).toBeUndefined()
    await it.clock.advance(3_601_000)
    expect(it.store.series.ref(series('m', { i: '3' }))).toBeDefined()
    expect(it.store.series.ref(series('m', { i: '4' }))).toBeDefined()
    expect(it.store.series.ref(series('m', { i: '5' }))).toBeUndefined()
    expect(it.store.series.labelValues('i')).toEqual(['1', '2', '3', '4'])
  })

  test('samples that are not taken are counted by reason and not as taken', async () => {
    await using it = await testStore()
    const { series: store } = it.store
    await append(store, 'm', [
      [0, 1],
      [0, 2],
      [0, 1],
      [11 * 60_000, 1],
    ])
    const unknown = new BatchBuilder()
    unknown.add(999, START, 1)
    await store.append(unknown)
    expect(Object.fromEntries(store.stats.refused)).toEqual({
      'duplicate-timestamp': 1,
      'too-far-in-the-future': 1,
      'unknown-series': 1,
    })
    expect(store.stats.samplesTotal).toBe(2)
  })
})

describe('retention', () => {
  test('takes the samples first and the roll-up later, and touches nothing younger', async () => {
    await using it = await testStore()
    const { series: store, reader } = it.store
    for (const cutMs of [10, 20, 30]) {
      await append(store, 'm', [[cutMs, cutMs]])
      await store.seal(START + cutMs, 0, NEVER)
    }
    expect(await store.retain(START + 25, START + 15)).toBe(3)
    // The roll-up still has its first and last sample, which here are the same.
    expect(read(store, 'm')['{}']).toEqual([
      [20, 20],
      [30, 30],
    ])
    expect(
      reader.statement('SELECT to_ms - ? AS endMs, body IS NULL AS thin FROM segment ORDER BY to_ms').all(START),
    ).toEqual([
      { endMs: 20, thin: 1 },
      { endMs: 30, thin: 0 },
    ])
    expect(await store.retain(START + 25, START + 15)).toBe(0)
  })
})

describe('a full disk', () => {
  test('is told to who waits, answers go on from memory, and all of it is on disk once there is room', async () => {
    await using it = await testStore()
    const { series: store } = it.store
    await append(store, 'm', [[10, 1]])
    it.disk.fill()
    await expect(append(store, 'n', MANY)).rejects.toThrow(StorageError)
    expect(it.store.writer.stats.failingSinceMs).toBeDefined()
    expect(read(store, 'n')).toEqual({ '{}': MANY })
    it.disk.free()
    // The series is new to the disk still, and comes with the next entry.
    await append(store, 'n', [[5000, 3]])
    expect(it.store.writer.stats.failingSinceMs).toBeUndefined()
    // Sealing writes what memory alone has, too.
    await store.seal(START + 6000, 0, NEVER)
    await it.reopen()
    expect(read(it.store.series, 'n')).toEqual({ '{}': [...MANY, [5000, 3]] })
  })

  test('while sealing changes no answer, and the next sealing has it all', async () => {
    await using it = await testStore()
    const { series: store } = it.store
    // Values without a pattern, so that the chunk is large.
    const points = MANY.map(([timeMs], i): Point => [timeMs, Math.sin(i)])
    await append(store, 'm', points)
    it.disk.fill()
    await expect(store.seal(START + 900, 0, NEVER)).rejects.toThrow(StorageError)
    expect(read(store, 'm')).toEqual({ '{}': points })
    it.disk.free()
    await store.seal(START + 1500, 0, NEVER)
    expect(read(store, 'm')).toEqual({ '{}': points })
    await it.reopen()
    expect(read(it.store.series, 'm')).toEqual({ '{}': points })
  })

  test('that refuses who waits for it ends nothing, however many samples come meanwhile', async () => {
    await using it = await testStore()
    const { series: store } = it.store
    const lost: unknown[] = []
    const note = (error: unknown) => lost.push(error)
    process.on('unhandledRejection', note)
    try {
      it.disk.fill()
      const first = append(store, 'm', MANY)
      const second = new BatchBuilder()
      second.add(store.ref(series('m')) as number, START + 5000, 1)
      store.append(second).catch(() => {})
      await expect(first).rejects.toThrow(StorageError)
      await it.store.writer.flush()
      await new Promise((resolve) => setImmediate(resolve))
      expect(lost).toEqual([])
    } finally {
      process.off('unhandledRejection', note)
      it.disk.free()
    }
  })
})
