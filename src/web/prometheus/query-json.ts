import { formatFloat } from '../../lib/go-format.ts'
import type { InstantSample, MatrixSeries, QueryValue } from '../../promql/index.ts'
import { jsonText, labelsJson } from '../../wire/json-text.ts'

/** Pieces are about so long, so that it costs little to look between them whether it is others' turn. */
const PIECE_CHARACTERS = 16_384

/** A query's result as Prometheus writes it, in pieces; at most `limit` series of it. */
export function* queryJson(value: QueryValue, limit = Number.POSITIVE_INFINITY): Generator<string> {
  yield `{"resultType":"${value.type}","result":`
  switch (value.type) {
    case 'scalar':
      // Go's `json.Marshal` of a scalar, which knows no exponents.
      yield `[${timeText(value.timeMs)},"${formatFloat(value.value, 'f', -1)}"]`
      break
    case 'string':
      yield `[${timeText(value.timeMs)},${jsonText(value.value)}]`
      break
    case 'vector':
      yield* listJson(vectorTexts(value.samples, value.timeMs), Math.min(limit, value.samples.length))
      break
    case 'matrix':
      yield* matrixJson(value.series.slice(0, limit))
      break
  }
  yield '}'
}

function* listJson(textOf: (i: number) => string, count: number): Generator<string> {
  let piece = '['
  for (let i = 0; i < count; i++) {
    if (i > 0) piece += ','
    piece += textOf(i)
    if (piece.length < PIECE_CHARACTERS) continue
    yield piece
    piece = ''
  }
  yield `${piece}]`
}

function vectorTexts(samples: readonly InstantSample[], timeMs: number): (i: number) => string {
  const between = `,"value":[${timeText(timeMs)},"`
  return (i) => {
    const { labels, value } = samples[i] as InstantSample
    return `{"metric":${labelsJson(labels, 'with name')}${between}${valueText(value)}"]}`
  }
}

/** So many points are put together at once: a text of all points of a series, piece on piece, would be a tree of thousands. */
const POINTS = 400

function* matrixJson(series: readonly MatrixSeries[]): Generator<string> {
  // Complete series of a range have their times in common.
  let known: Float64Array | undefined
  let times: string[] = []
  let piece = '['
  for (const [i, { labels, timesMs, values }] of series.entries()) {
    if (timesMs !== known) {
      known = timesMs
      times = pointBeginnings(timesMs)
    }
    piece += `${i > 0 ? ',' : ''}{"metric":${labelsJson(labels, 'with name')},"values":[`
    for (let from = 0; from < times.length; from += POINTS) {
      piece += pointsText(times, values, from, Math.min(from + POINTS, times.length))
      if (piece.length < PIECE_CHARACTERS) continue
      yield piece
      piece = ''
    }
    piece += times.length === 0 ? ']}' : '"]]}'
  }
  yield `${piece}]`
}

function pointsText(times: readonly string[], values: Float64Array, from: number, to: number): string {
  const parts: string[] = []
  for (let k = from; k < to; k++) parts.push(times[k] as string, valueText(values[k] as number))
  return parts.join('')
}

/** What stands before the value of each point, the end of the point before it included. */
function pointBeginnings(timesMs: Float64Array): string[] {
  const texts: string[] = []
  for (let k = 0; k < timesMs.length; k++) texts.push(`${k === 0 ? '' : '"],'}[${timeText(timesMs[k] as number)},"`)
  return texts
}

/** How many series a result has. */
export function seriesCount(value: QueryValue): number {
  switch (value.type) {
    case 'vector':
      return value.samples.length
    case 'matrix':
      return value.series.length
    case 'scalar':
    case 'string':
      return 1
  }
}

/** Milliseconds as seconds, with three digits where they are no whole ones. */
function timeText(timeMs: number): string {
  const whole = Math.abs(Math.trunc(timeMs))
  const fraction = whole % 1000
  const sign = timeMs < 0 ? '-' : ''
  return `${sign}${Math.trunc(whole / 1000)}${fraction === 0 ? '' : `.${String(fraction).padStart(3, '0')}`}`
}

/** A number as Prometheus' JSON has it: as JavaScript prints it, but for the exponent and the negative zero, as in Go. */
export function valueText(value: number): string {
  const size = Math.abs(value)
  if (size >= 1e-6 && size < 1e21) return String(value)
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  return formatFloat(value, 'e', -1)
}
