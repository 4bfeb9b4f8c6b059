import type { Labels } from '../../src/model/labels.ts'
import { matchesAll } from '../../src/model/matcher.ts'
import type { Samples } from '../../src/model/sample.ts'
import type { Queryable, SelectedSeries, SelectRequest } from '../../src/promql/index.ts'
import type { SeriesLine } from './series-line.ts'

interface Point {
  readonly timeMs: number
  readonly value: number
  readonly stale: boolean
}

/** Series in memory, filled from lines of the test language. */
export class TestStorage implements Queryable {
  readonly #series = new Map<string, { labels: Labels; points: Point[] }>()
  selections = 0

  clear(): void {
    this.#series.clear()
  }

  /** The first value is at time 0, or at `startMs`. */
  append({ labels, values }: SeriesLine, stepMs: number, startMs = 0): void {
    let series = this.#series.get(labels.key)
    if (series === undefined) {
      series = { labels, points: [] }
      this.#series.set(labels.key, series)
    }
    const byTime = new Map(series.points.map((point) => [point.timeMs, point]))
    for (const [i, value] of values.entries()) {
      if (value.kind !== 'value' && value.kind !== 'stale') continue
      const timeMs = startMs + i * stepMs
      const stale = value.kind === 'stale'
      byTime.set(timeMs, { timeMs, value: stale ? Number.NaN : value.number, stale })
    }
    series.points = [...byTime.values()].sort((a, b) => a.timeMs - b.timeMs)
  }

  select({ matchers }: SelectRequest): readonly SelectedSeries[] {
    this.selections++
    return [...this.#series.values()]
      .filter(({ labels }) => matchesAll(matchers, labels))
      .map(({ labels, points }) => ({ labels, samples: (startMs, endMs) => columns(points, startMs, endMs) }))
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
