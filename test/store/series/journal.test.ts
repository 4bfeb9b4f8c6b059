import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BatchBuilder } from '../../../src/model/sample.ts'
import { decodeJournal, encodeJournal, type JournalEntry, JournalError } from '../../../src/store/series/journal.ts'

const points = fc.array(
  fc.record({
    ref: fc.oneof(fc.integer({ min: 1, max: 2 ** 32 - 1 }), fc.integer({ min: 1, max: 8 })),
    timeMs: fc.integer({ min: 0, max: 4e12 }),
    value: fc.oneof(fc.double(), fc.constant('stale' as const)),
  }),
  { minLength: 1, maxLength: 40 },
)

/** With a number and a time for each sample. */
function plain({ runs, timesMs, length, ...rest }: JournalEntry) {
  const refs = Array.from({ length: runs.length / 2 }, (_, i) =>
    Array.from({ length: runs[i * 2 + 1] as number }, (__, k) => (runs[i * 2] as number) + k),
  ).flat()
  const times = timesMs.length === 1 ? new Float64Array(length).fill(timesMs[0] as number) : timesMs
  return { length, refs: Uint32Array.from(refs), timesMs: times, ...rest }
}

function batchOf(given: readonly { ref: number; timeMs: number; value: number | 'stale' }[]) {
  const builder = new BatchBuilder(2)
  for (const { ref, timeMs, value } of given) {
    if (value === 'stale') builder.addStale(ref, timeMs)
    else builder.add(ref, timeMs, value)
  }
  return builder.take()
}

test('an entry comes back as it was written, with one time for all or a time each', () => {
  fc.assert(
    fc.property(points, fc.boolean(), (given, sameTime) => {
      const batch = batchOf(sameTime ? given.map((point) => ({ ...point, timeMs: 1000 })) : given)
      expect(plain(decodeJournal(encodeJournal(batch)))).toEqual(batch)
    }),
  )
})

test('of a builder only what is in it is written, and it may be used again at once', () => {
  const builder = new BatchBuilder(8)
  builder.add(7, 1000, 1.5)
  builder.addStale(9, 2000)
  const bytes = encodeJournal(builder)
  builder.clear()
  builder.add(1, 1, 1)
  const { length, refs, timesMs, values, stale } = plain(decodeJournal(bytes))
  expect({ length, refs: [...refs], timesMs: [...timesMs], values: [...values], stale: [...(stale ?? [])] }).toEqual({
    length: 2,
    refs: [7, 9],
    timesMs: [1000, 2000],
    values: [1.5, Number.NaN],
    stale: [0, 1],
  })
})

test('series whose numbers follow each other take no room', () => {
  const numbers = [...Array.from({ length: 1000 }, (_, i) => 5 + i), ...Array.from({ length: 500 }, (_, i) => 3 + i)]
  const bytes = encodeJournal(batchOf(numbers.map((ref) => ({ ref, timeMs: 1000, value: ref }))))
  expect(bytes.length).toBe(16 + 8 + 1500 * 8 + 2 * 8)
  expect([...decodeJournal(bytes).runs]).toEqual([5, 1000, 3, 500])
})

test('an entry is read wherever it lies in memory', () => {
  const bytes = encodeJournal(batchOf([{ ref: 7, timeMs: 1000, value: 0.1 }]))
  for (let shift = 0; shift < 9; shift++) {
    const shifted = new Uint8Array(bytes.length + shift).subarray(shift)
    shifted.set(bytes)
    expect(decodeJournal(shifted)).toEqual(decodeJournal(bytes))
  }
})

test('an entry that was torn or changed is refused', () => {
  fc.assert(
    fc.property(points, fc.nat(), (given, at) => {
      const bytes = Uint8Array.from(encodeJournal(batchOf(given)))
      const place = at % bytes.length
      expect(() => decodeJournal(bytes.subarray(0, place))).toThrow(JournalError)
      bytes[place] = (bytes[place] as number) ^ 0xff
      expect(() => decodeJournal(bytes)).toThrow(JournalError)
    }),
  )
})
