import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ChunkError, packTimes, packValues, unpackTimes, unpackValues } from '../../../src/store/series/codec.ts'

const bits = (values: Float64Array) => [...new BigUint64Array(values.buffer, values.byteOffset, values.length)]

const number = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.integer({ min: 0, max: 99_999_999 }).map((whole) => whole / 1_000_000),
  fc.constantFrom(0, -0, Number.NaN, Infinity, -Infinity, 2 ** 51, -(2 ** 51), 2 ** 53, 5e-324, Number.MAX_VALUE, 0.1),
)

describe('values', () => {
  test('come back bit for bit, staleness markers as flags', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(number, fc.boolean()), { minLength: 1, maxLength: 300 }),
        fc.boolean(),
        fc.boolean(),
        (points, marks, isFinal) => {
          const stale = marks ? Uint8Array.from(points, ([, flag]) => (flag ? 1 : 0)) : undefined
          const values = Float64Array.from(points, ([value], i) => (stale?.[i] === 1 ? Number.NaN : value))
          const read = unpackValues(packValues(values, stale, isFinal), values.length)
          expect(bits(read.values)).toEqual(bits(values))
          expect([...(read.stale ?? new Uint8Array(values.length))]).toEqual([
            ...(stale ?? new Uint8Array(values.length)),
          ])
        },
      ),
    )
  })

  test('that are alike take little room', () => {
    const size = (valueAt: (i: number) => number) =>
      packValues(
        Float64Array.from({ length: 960 }, (_, i) => valueAt(i)),
        undefined,
        true,
      ).length
    expect(size(() => 1)).toBeLessThan(30)
    expect(size((i) => i * 30)).toBeLessThan(40)
    expect(size((i) => 1_000_000 + i * i)).toBeLessThan(40)
    expect(size((i) => (i % 10) / 1000)).toBeLessThan(60)
  })
})

describe('times', () => {
  test('come back as they were', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 10_000_000 }), { minLength: 1, maxLength: 300 }), (gaps) => {
        let timeMs = 1_700_000_000_000
        const timesMs = Float64Array.from(gaps, (gap) => {
          timeMs += gap
          return timeMs
        })
        for (const isFinal of [true, false]) {
          expect([...unpackTimes(packTimes(timesMs, isFinal), timesMs.length)]).toEqual([...timesMs])
        }
      }),
    )
  })
})

test('a changed, cut or foreign byte is an error and never a wrong number', () => {
  const values = Float64Array.from({ length: 200 }, (_, i) => Math.round(Math.sin(i) * 1000) / 8)
  for (const isFinal of [true, false]) {
    const packed = packValues(values, undefined, isFinal)
    fc.assert(
      fc.property(fc.nat(packed.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = Buffer.from(packed)
        changed[at] = (changed[at] as number) ^ change
        expect(() => unpackValues(changed, values.length)).toThrow(ChunkError)
        expect(() => unpackValues(packed.subarray(0, at), values.length)).toThrow(ChunkError)
      }),
    )
    expect(() => unpackValues(packed, values.length + 1)).toThrow(ChunkError)
  }
})
