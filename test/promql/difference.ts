import { Labels } from '../../src/model/labels.ts'
import type { MatrixSeries, QueryValue } from '../../src/promql/index.ts'
import type { Answer } from './prometheus-server.ts'

/** A result in one shape: a number is a series without labels, an instant one sample per series. */
export interface Series {
  readonly type: string
  readonly series: readonly MatrixSeries[]
}

type Point = readonly [seconds: number, value: string]

/** Reads the result of an API answer. */
export function readAnswer({ data }: Answer): Series {
  if (data === undefined) return { type: 'none', series: [] }
  const { resultType: type } = data
  if (type === 'scalar') return { type, series: [series(Labels.empty, [data.result as Point])] }
  const result = data.result as { metric: Record<string, string>; value: Point; values: readonly Point[] }[]
  return {
    type,
    series: result.map(({ metric, value, values }) => series(Labels.of(metric), type === 'vector' ? [value] : values)),
  }
}

function series(labels: Labels, points: readonly Point[]): MatrixSeries {
  return {
    labels,
    timesMs: Float64Array.from(points, ([seconds]) => Math.round(seconds * 1000)),
    values: Float64Array.from(points, ([, value]) => Number(value.replace('Inf', 'Infinity'))),
  }
}

function ofValue(value: QueryValue): Series {
  switch (value.type) {
    case 'scalar':
      return { type: 'scalar', series: [point(Labels.empty, value.timeMs, value.value)] }
    case 'string':
      return { type: 'string', series: [] }
    case 'vector':
      return { type: 'vector', series: value.samples.map((each) => point(each.labels, value.timeMs, each.value)) }
    case 'matrix':
      return { type: 'matrix', series: value.series }
  }
}

function point(labels: Labels, timeMs: number, value: number): MatrixSeries {
  return { labels, timesMs: Float64Array.of(timeMs), values: Float64Array.of(value) }
}

/** The first difference between our result and the other's, or undefined. */
export function difference(value: QueryValue, other: Series, isOrdered: boolean): string | undefined {
  const ours = ofValue(value)
  if (ours.type !== other.type) return `a ${ours.type}, Prometheus has a ${other.type}`
  const byKey = new Map(other.series.map((each) => [each.labels.key, each]))
  if (ours.series.length !== other.series.length) {
    return `${ours.series.length} series, Prometheus has ${other.series.length}`
  }
  for (const { labels, timesMs, values } of ours.series) {
    const their = byKey.get(labels.key)
    if (their === undefined) return `series ${labels} is not in Prometheus' result`
    if (timesMs.join(' ') !== their.timesMs.join(' ')) {
      return `${labels}: times ${timesMs.join(' ')} and ${their.timesMs.join(' ')}`
    }
    for (const [i, ourValue] of values.entries()) {
      const theirValue = their.values[i] as number
      if (!isClose(ourValue, theirValue)) return `${labels} at ${timesMs[i]}: ${ourValue}, Prometheus has ${theirValue}`
    }
  }
  if (!isOrdered) return undefined
  // Which of two equal values comes first is left open.
  const order = (all: Series) => all.series.map((each) => each.values[0]).join(' ')
  return order(ours) === order(other) ? undefined : `order ${order(ours)}, Prometheus has ${order(other)}`
}

/** Sums are compensated in Prometheus 3 and not all of them in Prometheus 2. */
function isClose(a: number, b: number): boolean {
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return true
  return Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b)) + 1e-9
}
