import { type Line, NEEDS } from '../../model/summary.ts'
import { CompensatedSum, Mean } from '../evaluate/float.ts'
import type { Window } from '../evaluate/window-walk.ts'
import { windowFunction } from './window.ts'

const LINE = NEEDS.line | NEEDS.sum | NEEDS.extremes

/** The least-squares line through a window, computed around the means of its times and values. */
function line({ timesMs, values, from, to }: Window, atMs: number): Line {
  const first = values[from] as number
  if (isConstant(values, from, to)) {
    // Exactly flat, which the sums below would miss by a rounding error.
    const isInfinite = first === Number.POSITIVE_INFINITY || first === Number.NEGATIVE_INFINITY
    return isInfinite ? { slopePerSecond: Number.NaN, value: Number.NaN } : { slopePerSecond: 0, value: first }
  }
  const originMs = timesMs[from] as number
  const meanTime = new Mean()
  const meanValue = new Mean()
  for (let i = from; i < to; i++) {
    meanTime.add((timesMs[i] as number) - originMs)
    meanValue.add(values[i] as number)
  }
  const middle = meanTime.value
  const mean = meanValue.value
  const covariance = new CompensatedSum()
  const spread = new CompensatedSum()
  for (let i = from; i < to; i++) {
    const time = (timesMs[i] as number) - originMs - middle
    covariance.add(time * ((values[i] as number) - mean))
    spread.add(time * time)
  }
  const slope = covariance.total / spread.total
  return { slopePerSecond: slope * 1000, value: mean + slope * (atMs - originMs - middle) }
}

function isConstant(values: Float64Array, from: number, to: number): boolean {
  for (let i = from + 1; i < to; i++) if (values[i] !== values[from]) return false
  return true
}

export const regressionFunctions = [
  windowFunction('deriv', {
    leastSamples: 2,
    needs: LINE,
    result: (summary) => summary.line(0)?.slopePerSecond,
    fromSamples: (window) => line(window, 0).slopePerSecond,
  }),
  windowFunction('predict_linear', {
    args: ['matrix', 'scalar'],
    leastSamples: 2,
    timeDependent: true,
    needs: LINE,
    result(summary, window) {
      const found = summary.line(whenOf(window))
      return found === undefined ? undefined : predicted(found, window)
    },
    fromSamples: (window) => predicted(line(window, whenOf(window)), window),
  }),
]

/** What is at no time, or an endless time away, cannot be told of a flat line either: 0 times infinity is NaN. */
function predicted({ value, slopePerSecond }: Line, { parameter }: Window): number {
  return Number.isFinite(parameter) ? value : value + slopePerSecond * parameter
}

/** So many seconds after the evaluation time, whatever `@` and `offset` say. */
function whenOf({ evaluationMs, parameter }: Window): number {
  return evaluationMs + parameter * 1000
}
