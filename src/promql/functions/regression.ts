import { CompensatedSum } from '../evaluate/float.ts'
import { type Window, windowFunction } from './window.ts'

/** The least-squares line through a window; the intercept is where it stands at `originMs`. */
function line({ timesMs, values, from, to }: Window, originMs: number): { slope: number; intercept: number } {
  const sumX = new CompensatedSum()
  const sumY = new CompensatedSum()
  const sumXY = new CompensatedSum()
  const sumX2 = new CompensatedSum()
  const first = values[from] as number
  let constant = true
  for (let i = from; i < to; i++) {
    const y = values[i] as number
    if (y !== first && i > from) constant = false
    const x = ((timesMs[i] as number) - originMs) / 1000
    sumX.add(x)
    sumY.add(y)
    sumXY.add(x * y)
    sumX2.add(x * x)
  }
  if (constant) {
    // Exactly flat, which the sums below would miss by a rounding error.
    if (first === Number.POSITIVE_INFINITY || first === Number.NEGATIVE_INFINITY) {
      return { slope: Number.NaN, intercept: Number.NaN }
    }
    return { slope: 0, intercept: first }
  }
  const count = to - from
  const x = sumX.sum + sumX.compensation
  const y = sumY.sum + sumY.compensation
  const covariance = sumXY.sum + sumXY.compensation - (x * y) / count
  const spread = sumX2.sum + sumX2.compensation - (x * x) / count
  const slope = covariance / spread
  return { slope, intercept: y / count - (slope * x) / count }
}

export const regressionFunctions = [
  windowFunction('deriv', {
    leastSamples: 2,
    // An origin near the samples keeps the squares small.
    fromSamples: (window) => line(window, window.timesMs[window.from] as number).slope,
  }),
  windowFunction('predict_linear', {
    args: ['matrix', 'scalar'],
    leastSamples: 2,
    timeDependent: true,
    fromSamples(window) {
      const { slope, intercept } = line(window, window.evaluationMs)
      return slope * window.parameter + intercept
    },
  }),
]
