import type { Labels } from '../../src/model/labels.ts'
import { matchesAll } from '../../src/model/matcher.ts'
import type { Samples } from '../../src/model/sample.ts'
import type { Queryable, SelectedSeries, SelectRequest } from '../../src/promql/index.ts'
import type { SeriesLine, SeriesValue } from '../../src/rule/unit-test/series-notation.ts'

interface Point {
  readonly timeMs: number
  readonly value: number
  readonly stale: boolean
}

interface StoredSeries {
  readonly labels: Labels
  readonly points: Map<number, Point>
  /** In time order; undefined after a change. */
  sorted: readonly Point[] | undefined
}

/** Series in memory, filled from lines of the test language. */
export class TestStorage implements Queryable {
  readonly #series = new Map<string, StoredSeries>()
  selections = 0

  clear(): void {
    this.#series.clear()
  }

  /** The first value is at time 0, or at `startMs`. */
  append({ labels, values }: SeriesLine, stepMs: number, startMs = 0): void {
    this.appendSamples(
      labels,
      values.map((value, i) => ({ timeMs: startMs + i * stepMs, value })),
    )
  }

  /** A later sample of the same time replaces the one before. */
  appendSamples(labels: Labels, samples: Iterable<{ readonly timeMs: number; readonly value: SeriesValue }>): void {
    let series = this.#series.get(labels.key)
    if (series === undefined) {
      series = { labels, points: new Map(), sorted: undefined }
      this.#series.set(labels.key, series)
    }
    for (const { timeMs, value } of samples) {
      if (value.kind === 'stale') series.points.set(timeMs, { timeMs, value: Number.NaN, stale: true })
      if (value.kind === 'value') series.points.set(timeMs, { timeMs, value: value.number, stale: false })
    }
    series.sorted = undefined
  }

  select({ matchers }: SelectRequest): readonly SelectedSeries[] {
    this.selections++
    return [...this.#series.values()]
      .filter(({ labels }) => matchesAll(matchers, labels))
      .map((series) => ({
        labels: series.labels,
        samples(startMs, endMs) {
          series.sorted ??= [...series.points.values()].sort((a, b) => a.timeMs - b.timeMs)
          return columns(series.sorted, startMs, endMs)
        },
      }))
  }
}

function columns(points: readonly Point[], startMs: number, endMs: number): Samples {
  const inside = points.filter(({ timeMs }) => timeMs > startMs && timeMs <= endMs)
  return {
    length: inside.length,
    timesMs: Float64Array.from(inside, ({ timeMs }) => timeMs),
    values: Float64Array.from(inside, ({ value }) => value),
    stale: inside.some(({ stale }) => stale) ? Uint8Array.from(inside, ({ stale }) => (stale ? 1 : 0)) : undefined,
  }
}
