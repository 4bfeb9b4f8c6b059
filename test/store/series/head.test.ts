import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NEEDS, Summary } from '../../../src/model/summary.ts'
import { Head } from '../../../src/store/series/head.ts'
import { summarized } from '../../../src/store/series/segment.ts'

const REF = 7

function contents(head: Head, startMs = Number.NEGATIVE_INFINITY, endMs = Number.POSITIVE_INFINITY, ref = REF) {
  const { length, timesMs, values, stale } = head.samples(ref, startMs, endMs)
  return Array.from({ length }, (_, i) => [timesMs[i], stale?.[i] === 1 ? 'stale' : values[i]])
}

test('puts late samples into their place, however many and however late', () => {
  const head = new Head()
  for (const timeMs of [50, 10, 40, 20, 30, 90, 80, 70, 60, 100, 5]) {
    expect(head.add(REF, timeMs, timeMs, timeMs === 40)).toBeUndefined()
  }
  expect(contents(head)).toEqual(
    [5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100].map((timeMs) => [timeMs, timeMs === 40 ? 'stale' : timeMs]),
  )
  expect(head.length).toBe(11)
})

test('takes the same sample again without a word and refuses another value at the same time', () => {
  const head = new Head()
  head.add(REF, 10, 1, false)
  head.add(REF, 20, Number.NaN, true)
  expect(head.add(REF, 10, 1, false)).toBeUndefined()
  expect(head.add(REF, 20, Number.NaN, true)).toBeUndefined()
  expect(head.add(REF, 10, 2, false)).toBe('duplicate-timestamp')
  expect(head.add(REF, 10, Number.NaN, true)).toBe('duplicate-timestamp')
  expect(head.add(REF, 20, Number.NaN, false)).toBe('duplicate-timestamp')
  expect(head.length).toBe(2)
})

test('cuts open on the left and closed on the right', () => {
  const head = new Head()
  for (const timeMs of [10, 20, 30]) head.add(REF, timeMs, timeMs, false)
  expect(contents(head, 10, 30)).toEqual([
    [20, 20],
    [30, 30],
  ])
  expect(contents(head, 30, 40)).toEqual([])
  expect(contents(head, 9, 10)).toEqual([[10, 10]])
})

test('sums up every window of a series that stays the same, however often it was asked before', () => {
  const head = new Head()
  for (let timeMs = 10; timeMs <= 3000; timeMs += 10) {
    head.add(REF, timeMs, 4, false)
    const summary = new Summary().begin(NEEDS.all)
    head.summarize(summary, REF, timeMs - 55, timeMs - 5)
    expect(summary.count).toBe(Math.min(5, timeMs / 10 - 1))
  }
})

test('once sealed, takes nothing before the cut, and keeps what came after it', () => {
  const head = new Head()
  for (let timeMs = 10; timeMs <= 1000; timeMs += 10) head.add(REF, timeMs, timeMs, timeMs === 990)
  head.dropTo(REF, 985)
  head.release(985, 98)
  expect(head.length).toBe(2)
  expect(contents(head)).toEqual([
    [990, 'stale'],
    [1000, 1000],
  ])
  expect(head.add(REF, 985, 1, false)).toBe('too-old')
  expect(head.add(REF, 986, 1, false)).toBeUndefined()
  expect(contents(head)[0]).toEqual([986, 1])
})

describe('series that are measured together', () => {
  test('stay apart when one of them misses a turn, comes back, or goes its own way', () => {
    const head = new Head()
    const expected = new Map<number, [number, number][]>()
    for (let turn = 1; turn <= 300; turn++) {
      for (const ref of [1, 2, 3, 4]) {
        if (ref === 2 && turn % 7 === 0) continue
        if (ref === 3 && turn > 100 && turn < 150) continue
        if (ref === 4 && turn < 200) continue
        const timeMs = turn * 15_000 + (ref === 1 && turn > 250 ? 3 : 0)
        expect(head.add(ref, timeMs, turn * ref, false)).toBeUndefined()
        expected.set(ref, [...(expected.get(ref) ?? []), [timeMs, turn * ref]])
      }
    }
    for (const [ref, points] of expected) expect(contents(head, 0, Infinity, ref)).toEqual(points)
  })
})

test('whatever the values and times, gives back what it took, before and after sealing, and sums up the same', () => {
  const value = fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: -1000, max: 1_000_000 }) },
    { weight: 2, arbitrary: fc.double() },
    { weight: 2, arbitrary: fc.integer({ min: 0, max: 9999 }).map((whole) => whole / 1000) },
    { weight: 1, arbitrary: fc.constantFrom(-0, Number.NaN, Infinity, -Infinity, 2 ** 52, 1e300, 5e-324) },
  )
  const point = fc.record({ gapMs: fc.constantFrom(15_000, 15_000, 15_001, 1, 60_000), value, isStale: fc.boolean() })
  fc.assert(
    fc.property(fc.array(point, { minLength: 1, maxLength: 400 }), fc.nat(), fc.boolean(), (points, cut, marks) => {
      const head = new Head()
      let timeMs = 1_700_000_000_000
      const expected = points.map(({ gapMs, value: number, isStale }, i) => {
        timeMs += gapMs
        const marker = marks && isStale && i % 20 === 0
        head.add(REF, timeMs, number, marker)
        // A sibling that shares the times, as long as it has them all.
        head.add(REF + 1, timeMs, i, false)
        return [timeMs, marker ? 'stale' : number] as const
      })
      expect(contents(head)).toEqual(expected)
      const cutMs = expected[cut % expected.length]?.[0] as number
      for (const ref of [REF, REF + 1]) head.dropTo(ref, cutMs)
      head.release(cutMs, 2 * ((cut % expected.length) + 1))
      const rest = expected.filter(([at]) => at > cutMs)
      expect(contents(head)).toEqual(rest)
      expect(head.length).toBe(rest.length * 2)
      const summary = new Summary().begin(NEEDS.all)
      head.summarize(summary, REF, cutMs, Infinity)
      const { length, timesMs, values, stale } = head.samples(REF, cutMs, Infinity)
      const whole = new Summary().begin(NEEDS.all)
      const kept = Array.from({ length }, (_, i) => i).filter((i) => stale?.[i] !== 1)
      whole.takeSamples(
        Float64Array.from(kept, (i) => timesMs[i] as number),
        Float64Array.from(kept, (i) => values[i] as number),
        0,
        kept.length,
      )
      for (const name of ['count', 'first', 'last', 'min', 'max', 'changes', 'resets', 'firstMs', 'lastMs'] as const) {
        expect(summary[name]).toBe(whole[name])
      }
      expect(summarized({ length, timesMs, values, stale })[0]).toBe(kept.length)
    }),
    { numRuns: 100 },
  )
})
