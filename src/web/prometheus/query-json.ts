import { formatFloat } from '../../lib/go-format.ts'
import type { MatrixSeries, QueryValue } from '../../promql/index.ts'
import { jsonText, labelsJson } from '../../wire/json-text.ts'

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
      yield '['
      for (const [i, { labels, value: number }] of value.samples.entries()) {
        if (i >= limit) break
        const metric = labelsJson(labels, 'with name')
        yield `${i === 0 ? '' : ','}{"metric":${metric},"value":${point(value.timeMs, number)}}`
      }
      yield ']'
      break
    case 'matrix':
      yield '['
      for (const [i, series] of value.series.entries()) {
        if (i >= limit) break
        yield `${i === 0 ? '' : ','}${matrixSeries(series)}`
      }
      yield ']'
      break
  }
  yield '}'
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

function matrixSeries({ labels, timesMs, values }: MatrixSeries): string {
  let points = ''
  for (let i = 0; i < timesMs.length; i++) {
    points += `${i === 0 ? '' : ','}${point(timesMs[i] as number, values[i] as number)}`
  }
  return `{"metric":${labelsJson(labels, 'with name')},"values":[${points}]}`
}

function point(timeMs: number, value: number): string {
  return `[${timeText(timeMs)},"${valueText(value)}"]`
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
