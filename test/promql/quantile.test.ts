import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Labels } from '../../src/model/labels.ts'
import { evaluate, type Queryable } from '../../src/promql/index.ts'

const SECOND = 1000

function having(timesMs: Float64Array, values: Float64Array): Queryable {
  const labels = Labels.of({ __name__: 'x' })
  return {
    select: () => [
      {
        labels,
        samples(startMs, endMs) {
          const from = timesMs.findLastIndex((timeMs) => timeMs <= startMs) + 1
          const to = timesMs.findLastIndex((timeMs) => timeMs <= endMs) + 1
          const [times, kept] = [timesMs.subarray(from, to), values.subarray(from, to)]
          return { length: to - from, timesMs: times, values: kept, stale: undefined }
        },
      },
    ],
  }
}

/** Sorted, NaN first, and interpolated. */
function expected(q: number, window: Float64Array): number {
  if (Number.isNaN(q)) return Number.NaN
  if (q < 0) return -Infinity
  if (q > 1) return Infinity
  const numbers = window.filter((value) => !Number.isNaN(value)).sort()
  const sorted = [...new Array<number>(window.length - numbers.length).fill(Number.NaN), ...numbers]
  const rank = q * (sorted.length - 1)
  const lower = Math.floor(rank)
  const weight = rank - lower
  return (sorted[lower] as number) * (1 - weight) + (sorted[Math.min(lower + 1, sorted.length - 1)] as number) * weight
}

const value = fc.oneof(
  fc.integer({ min: -9, max: 9 }),
  fc.double(),
  fc.constantFrom(Number.NaN, Infinity, -Infinity, 0, 1e300),
)
const quantiles = fc.oneof(fc.constantFrom(0, 0.5, 0.99, 1, -0.1, 1.1, Number.NaN), fc.double({ min: 0, max: 1 }))

test('quantiles of windows that overlap or do not are those of their sorted samples', async () => {
  const seriesValues = fc.array(value, { minLength: 1, maxLength: 1200, size: 'max' })
  const ranges = fc.constantFrom(3, 30, 400, 900)
  const stepSeconds = fc.constantFrom(3, 30, 450)
  await fc.assert(
    fc.asyncProperty(seriesValues, quantiles, ranges, stepSeconds, async (list, q, range, step) => {
      const values = Float64Array.from(list)
      const timesMs = Float64Array.from(list, (_, i) => (i + 1) * SECOND)
      const text = `quantile_over_time(${Number.isNaN(q) ? 'NaN' : q}, x[${range}s])`
      const query = { text, startMs: 0, endMs: 1300 * SECOND, stepMs: step * SECOND }
      const { value } = await evaluate(query, having(timesMs, values))
      if (value.type !== 'matrix') throw new Error('no matrix')
      const shown = Array.from(value.series[0]?.timesMs ?? [], (t, i) => `${t} ${value.series[0]?.values[i]}`)
      const wanted: string[] = []
      for (let t = 0; t <= 1300; t += step) {
        const window = values.slice(Math.max(0, t - range), t)
        if (window.length > 0) wanted.push(`${t * SECOND} ${expected(q, window)}`)
      }
      expect(shown).toEqual(wanted)
    }),
    { numRuns: 40, endOnFailure: true },
  )
})

test('a quantile of many samples is that of the sorted ones', async () => {
  const count = 20_000
  const values = Float64Array.from({ length: count }, (_, i) => ((i * 7919) % 10_007) / 10)
  const data = having(
    Float64Array.from(values, (_, i) => i + 1),
    values,
  )
  for (const q of [0, 0.25, 0.5, 0.999, 1]) {
    const { value } = await evaluate({ text: `quantile_over_time(${q}, x[1h])`, atMs: count }, data)
    expect(value).toMatchObject({ samples: [{ value: expected(q, values) }] })
  }
})
