import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Samples } from '../../../src/model/sample.ts'
import { ChunkError, decodeChunk, encodeChunk } from '../../../src/store/series/chunk.ts'

const special = fc.constantFrom(0, -0, 1, -1, 0.1, 1e-9, 1e21, 2 ** 53, -(2 ** 53), 5e-324, 1.7976931348623157e308)
const value = fc.oneof(
  fc.double(),
  special,
  fc.integer(),
  fc.integer().map((whole) => whole / 100),
)
const chunk = fc
  .record({
    startMs: fc.integer({ min: -1e12, max: 4e12 }),
    points: fc.array(fc.record({ gapMs: fc.integer({ min: 1, max: 1e9 }), value, stale: fc.boolean() }), {
      maxLength: 80,
    }),
    hasStale: fc.boolean(),
  })
  .map(({ startMs, points, hasStale }): Samples => {
    let timeMs = startMs
    const stale = hasStale ? Uint8Array.from(points, (point) => (point.stale ? 1 : 0)) : undefined
    return {
      length: points.length,
      timesMs: Float64Array.from(points, ({ gapMs }) => (timeMs += gapMs)),
      values: Float64Array.from(points, (point, i) => (stale?.[i] === 1 ? Number.NaN : point.value)),
      stale,
    }
  })

test('gives back every sample bit for bit: whole numbers, decimals, infinities, NaN, minus zero, markers', () => {
  fc.assert(
    fc.property(chunk, (samples) => {
      const back = decodeChunk(encodeChunk(samples))
      expect(back.length).toBe(samples.length)
      expect([...back.timesMs]).toEqual([...samples.timesMs])
      for (const [i, before] of samples.values.entries()) expect(Object.is(back.values[i], before)).toBe(true)
      const markers = (one: Samples) => Array.from({ length: one.length }, (_, i) => one.stale?.[i] === 1)
      expect(markers(back)).toEqual(markers(samples))
    }),
    { numRuns: 400 },
  )
})

test('keeps minus zero, which has no place among the scaled whole numbers', () => {
  const samples = { length: 2, timesMs: Float64Array.of(1, 2), values: Float64Array.of(1, -0), stale: undefined }
  expect(Object.is(decodeChunk(encodeChunk(samples)).values[1], -0)).toBe(true)
})

test('keeps an hour of a steady gauge in less than a byte a sample', () => {
  const timesMs = Float64Array.from({ length: 240 }, (_, i) => 1_767_225_600_000 + i * 15_000)
  const values = new Float64Array(240).fill(0.125)
  expect(encodeChunk({ length: 240, timesMs, values, stale: undefined }).length).toBeLessThan(60)
})

test('refuses a chunk of which any byte was changed or that ends too early, and never gives wrong samples', () => {
  fc.assert(
    fc.property(chunk, fc.nat(), fc.integer({ min: 1, max: 255 }), (samples, at, change) => {
      const bytes = Uint8Array.from(encodeChunk(samples))
      const place = at % bytes.length
      const changed = bytes.slice()
      changed[place] = (changed[place] as number) ^ change
      expect(() => decodeChunk(changed)).toThrow(ChunkError)
      expect(() => decodeChunk(bytes.subarray(0, place))).toThrow(ChunkError)
    }),
    { numRuns: 200 },
  )
})
