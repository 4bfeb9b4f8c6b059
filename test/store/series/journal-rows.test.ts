import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BatchBuilder } from '../../../src/model/sample.ts'
import { Head } from '../../../src/store/series/head.ts'
import { decodeJournal, encodeJournal } from '../../../src/store/series/journal.ts'
import { takeEntries } from '../../../src/store/series/journal-rows.ts'

/** A scrape of a target: its series from `first` on but for some, at one time unless its samples have times of their own. */
const scrape = fc.record({
  first: fc.constantFrom(1, 300, 1000, 2040),
  count: fc.integer({ min: 1, max: 60 }),
  without: fc.array(fc.integer({ min: 0, max: 59 }), { maxLength: 3 }),
  afterMs: fc.oneof(
    { weight: 8, arbitrary: fc.constant(15_000) },
    { weight: 2, arbitrary: fc.integer({ min: -40_000, max: 15_000 }) },
  ),
  value: fc.constantFrom('constant', 'counter', 'fraction', 'double', 'odd'),
  ownTimes: fc.boolean(),
  stale: fc.boolean(),
})
const ODD = [0, -0, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 60, 1e-300]

function numberAt(kind: string, ref: number, i: number): number {
  switch (kind) {
    case 'constant':
      return ref
    case 'counter':
      return i * ref
    case 'fraction':
      return (i * 7 + ref) / 1000
    case 'double':
      return Math.sin(i * ref)
    default:
      return ODD[(i + ref) % ODD.length] as number
  }
}

test('gives what taking sample by sample gives, whatever targets come, go and miss', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(scrape, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 40 }),
      fc.integer({ min: 1, max: 100 }),
      fc.integer({ min: 1, max: 20 }),
      (given, repeats, window) => {
        const [one, other] = [new Head(), new Head()]
        const below = 2090
        let timeMs = 1_000_000
        let i = 0
        const entries = Array.from({ length: Math.min(repeats, 160 / given.length) }, () => given)
          .flat()
          .map((scrapes) => {
            const batch = new BatchBuilder()
            for (const { first, count, without, afterMs, value, ownTimes, stale } of scrapes) {
              timeMs += afterMs
              i++
              for (let k = 0; k < count; k++) {
                if (without.includes(k)) continue
                const atMs = ownTimes && without.length === 2 ? timeMs + k : timeMs
                if (stale && without.length === 3 && k % 5 === 0) batch.addStale(first + k, atMs)
                else batch.add(first + k, atMs, numberAt(value, first + k, i))
              }
            }
            return batch.take()
          })
        for (const { length, refs, timesMs, values, stale } of entries) {
          for (let k = 0; k < length; k++) {
            const ref = refs[k] as number
            if (ref < below) one.add(ref, timesMs[k] as number, values[k] as number, stale?.[k] === 1)
          }
        }
        const read = entries.map((batch) => decodeJournal(encodeJournal(batch)))
        for (let at = 0; at < read.length; at += window) takeEntries(read.slice(at, at + window), other, below)
        expect(other.length).toBe(one.length)
        for (let ref = 1; ref < 2110; ref++) {
          if (ref === 61) ref = 300
          if (ref === 360) ref = 1000
          if (ref === 1060) ref = 2040
          const all = [ref, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] as const
          expect(other.samples(...all)).toEqual(one.samples(...all))
          expect(other.lastMs(ref)).toBe(one.lastMs(ref))
          expect(other.newest(...all)).toEqual(one.newest(...all))
        }
      },
    ),
    { numRuns: 30 },
  )
})

test('goes on after the last window as if nothing had happened', () => {
  const [one, other] = [new Head(), new Head()]
  const batches = Array.from({ length: 500 }, (_, i) => {
    const batch = new BatchBuilder()
    for (let ref = 1; ref <= 50; ref++) batch.add(ref, (i + 1) * 15_000, ref % 2 === 0 ? 7 : i * ref)
    return batch.take()
  })
  const add = (head: Head, { length, refs, timesMs, values }: (typeof batches)[number]) => {
    for (let k = 0; k < length; k++) {
      expect(head.add(refs[k] as number, timesMs[k] as number, values[k] as number, false)).toBeUndefined()
    }
  }
  for (const batch of batches) add(one, batch)
  takeEntries(
    batches.slice(0, 300).map((batch) => decodeJournal(encodeJournal(batch))),
    other,
    100,
  )
  for (const batch of batches.slice(300)) add(other, batch)
  const cutMs = 200 * 15_000
  for (const head of [one, other]) {
    for (let ref = 1; ref <= 50; ref++) head.dropTo(ref, cutMs)
    head.release(cutMs, 200 * 50)
  }
  for (let ref = 1; ref <= 50; ref++) {
    const after = one.samples(ref, 0, Number.POSITIVE_INFINITY)
    expect(after.length).toBe(300)
    expect(other.samples(ref, 0, Number.POSITIVE_INFINITY)).toEqual(after)
  }
})
