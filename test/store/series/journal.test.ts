import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BatchBuilder } from '../../../src/model/sample.ts'
import { decodeJournal, encodeJournal, JournalError } from '../../../src/store/series/journal.ts'

const points = fc.array(
  fc.record({
    ref: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
    timeMs: fc.integer({ min: 0, max: 4e12 }),
    value: fc.oneof(fc.double(), fc.constant('stale' as const)),
  }),
  { minLength: 1, maxLength: 40 },
)

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
      expect(decodeJournal(encodeJournal(batch))).toEqual(batch)
    }),
  )
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
