import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Labels } from '../../src/model/labels.ts'
import type { Samples } from '../../src/model/sample.ts'
import { NEEDS, Summary } from '../../src/model/summary.ts'
import { evaluate, type Queryable, type QueryResult, type SelectedSeries } from '../../src/promql/index.ts'

const MINUTE = 60_000
const LABELS = Labels.of({ __name__: 'x_total' })

interface Columns {
  readonly timesMs: Float64Array
  readonly values: Float64Array
}

function inside({ timesMs }: Columns, startMs: number, endMs: number): [from: number, to: number] {
  return [
    timesMs.findLastIndex((timeMs) => timeMs <= startMs) + 1,
    timesMs.findLastIndex((timeMs) => timeMs <= endMs) + 1,
  ]
}

/** A series that knows its samples alone. */
function plain(columns: Columns): SelectedSeries & { read: number } {
  const series = {
    labels: LABELS,
    read: 0,
    samples(startMs: number, endMs: number): Samples {
      series.read++
      const [from, to] = inside(columns, startMs, endMs)
      return {
        length: to - from,
        timesMs: columns.timesMs.subarray(from, to),
        values: columns.values.subarray(from, to),
        stale: undefined,
      }
    },
  }
  return series
}

/** A series that was cut into pieces, of which each was summed up by itself. */
function summed(columns: Columns, cuts: readonly number[]): SelectedSeries & { read: number } {
  const { timesMs, values } = columns
  const edges = [...new Set([0, ...cuts.filter((cut) => cut < timesMs.length), timesMs.length])].sort((a, b) => a - b)
  const pieces = edges.slice(1).map((to, i) => {
    const from = edges[i] as number
    const summary = new Summary().begin(NEEDS.all)
    summary.takeSamples(timesMs, values, from, to)
    return { from, to, numbers: summary.numbers }
  })
  const answer = new Summary()
  return Object.assign(plain(columns), {
    summarize(startMs: number, endMs: number, needs: number): Summary {
      const [from, to] = inside(columns, startMs, endMs)
      answer.begin(needs)
      for (const piece of pieces) {
        if (piece.from >= from && piece.to <= to) answer.takePiece(piece.numbers, 0)
        else answer.takeSamples(timesMs, values, Math.max(from, piece.from), Math.min(to, piece.to))
      }
      return answer
    },
  })
}

function having(...series: SelectedSeries[]): Queryable {
  return { select: () => series }
}

const FUNCTIONS = [
  'rate(x_total[@])',
  'increase(x_total[@])',
  'delta(x_total[@])',
  'resets(x_total[@])',
  'changes(x_total[@])',
  'sum_over_time(x_total[@])',
  'avg_over_time(x_total[@])',
  'count_over_time(x_total[@])',
  'min_over_time(x_total[@])',
  'max_over_time(x_total[@])',
  'stddev_over_time(x_total[@])',
  'stdvar_over_time(x_total[@])',
  'first_over_time(x_total[@])',
  'last_over_time(x_total[@])',
  'present_over_time(x_total[@])',
  'absent_over_time(x_total[@])',
  'deriv(x_total[@])',
  'predict_linear(x_total[@], 3600)',
  'predict_linear(x_total[@] offset 7m, -60)',
]

const decimal = fc.integer({ min: -5000, max: 100_000 }).map((n) => n / 1000)
const special = fc.constantFrom(Number.NaN, Infinity, -Infinity, 0, -0, 1e308, -1.7e308, 5e-324, 1e-200, 1e300, 1)

function lists(value: fc.Arbitrary<number>): fc.Arbitrary<number[]> {
  return fc.array(value, { minLength: 1, maxLength: 90, size: 'max' })
}

/** A counter: grows by what the list says, and starts anew where that is negative. */
function grown(steps: readonly number[]): number[] {
  let value = 0
  return steps.map((step) => {
    value = step < 0 ? -step / 8 : value + step
    return value
  })
}

const valueLists = fc.oneof(
  lists(fc.integer({ min: -10, max: 1000 })),
  lists(decimal),
  lists(decimal).map(grown),
  lists(fc.integer({ min: -3, max: 50 })).map(grown),
  lists(fc.double({ min: 0, max: 1 })),
  lists(fc.double({ noNaN: true })),
  lists(fc.double()),
  lists(fc.oneof(decimal, special)),
  lists(fc.double({ min: -1, max: 1, noNaN: true })).map((values) => values.map((value) => 1e9 + value)),
  // What cancels out, and sums halfway between two doubles.
  lists(fc.oneof({ weight: 4, arbitrary: decimal }, fc.constantFrom(1e300, -1e300, 2 ** 80, -(2 ** 80)))),
  lists(fc.constantFrom(1, 2 ** -53, 3 * 2 ** -54, 2 ** -104, 2 ** -106, 2 ** -107)),
  lists(fc.constantFrom(0.1, 0.2, 0.3)),
  fc.tuple(fc.double(), fc.nat({ max: 90 })).map(([value, count]) => new Array<number>(count + 1).fill(value)),
)

const seriesOf = fc
  .tuple(valueLists, fc.array(fc.integer({ min: 1, max: 59_999 }), { minLength: 91, maxLength: 91 }))
  .map(([list, jitter]): Columns => {
    const values = Float64Array.from(list)
    // An epoch of today: squares of such times would not fit into a double.
    return { values, timesMs: Float64Array.from(list, (_, i) => 1.76e12 + i * MINUTE + (jitter[i] as number)) }
  })

describe('a window of summaries', () => {
  test.each(FUNCTIONS)('%s gives the very answer of its samples', async (text) => {
    const cuts = fc.array(fc.nat({ max: 90 }), { maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(seriesOf, cuts, fc.constantFrom('3m', '20m', '2h'), async (columns, at, range) => {
        const startMs = 1.76e12 + 10 * MINUTE
        const query = { text: text.replace('@', range), startMs, endMs: startMs + 90 * MINUTE, stepMs: 10 * MINUTE }
        const expected = await evaluate(query, having(plain(columns)))
        const actual = await evaluate(query, having(summed(columns, at)))
        expect(numbersOf(actual)).toEqual(numbersOf(expected))
        const last = { text: query.text, atMs: query.endMs }
        expect(await evaluate(last, having(summed(columns, at)))).toEqual(await evaluate(last, having(plain(columns))))
      }),
      { numRuns: 120 },
    )
  })

  test('everyday values need no samples', async () => {
    const values = Float64Array.from({ length: 600 }, (_, i) => ((i * 7919) % 1000) / 1000)
    const columns = { values, timesMs: Float64Array.from(values, (_, i) => i * 15_000) }
    for (const text of FUNCTIONS) {
      const series = summed(columns, [100, 200, 350, 420])
      await evaluate({ text: text.replace('@', '2h'), atMs: 9_000_000 }, having(series))
      expect([text, series.read]).toEqual([text, 0])
    }
  })

  test('what needs samples reads them', async () => {
    const columns = { values: Float64Array.of(1, 2, 3), timesMs: Float64Array.of(1000, 2000, 3000) }
    for (const text of ['quantile_over_time(0.5, x_total[5m])', 'irate(x_total[5m])', 'idelta(x_total[5m])']) {
      const series = summed(columns, [])
      await evaluate({ text, atMs: 5000 }, having(series))
      expect([text, series.read]).toEqual([text, 1])
    }
  })
})

describe('wide windows in small steps', () => {
  test.each(FUNCTIONS)('%s gives the very answer of each window by itself', async (text) => {
    const lists = fc.array(fc.oneof({ weight: 9, arbitrary: decimal }, special), {
      minLength: 300,
      maxLength: 700,
      size: 'max',
    })
    await fc.assert(
      fc.asyncProperty(lists, fc.boolean(), fc.constantFrom('65m', '300m'), async (list, isCounter, range) => {
        const values = Float64Array.from(isCounter ? grown(list) : list)
        const data = having(plain({ values, timesMs: Float64Array.from(list, (_, i) => i * MINUTE) }))
        const query = { text: text.replace('@', range), startMs: 60 * MINUTE, endMs: 720 * MINUTE, stepMs: 7 * MINUTE }
        const { value } = await evaluate(query, data)
        if (value.type !== 'matrix') throw new Error('no matrix')
        const [series] = value.series
        for (let i = 0; i < (series?.timesMs.length ?? 0); i += 11) {
          const alone = await evaluate({ text: query.text, atMs: series?.timesMs[i] as number }, data)
          expect(alone.value).toMatchObject({ samples: [{ value: series?.values[i] }] })
        }
      }),
      { numRuns: 6, endOnFailure: true },
    )
  })
})

/** As integers that hold the same bits, so that 0 and -0 differ. */
function numbersOf({ value }: QueryResult): unknown {
  if (value.type !== 'matrix') throw new Error('no matrix')
  return value.series.map(({ labels, timesMs, values }) => ({
    labels: labels.toString(),
    timesMs: [...timesMs],
    values: Array.from(values, (number) => (Object.is(number, -0) ? '-0' : String(number))),
  }))
}
