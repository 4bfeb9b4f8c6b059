import type { Labels } from '../../model/labels.ts'
import type { Evaluation, StepSeries, Steps } from '../evaluate/evaluation.ts'
import { stepTime } from '../evaluate/evaluation.ts'
import { dropMetadata, hasValues, mergeEqual } from '../evaluate/series.ts'
import { type Expr, unwrapParens } from '../syntax/ast.ts'
import { formatGeneral, parseGoFloat } from '../syntax/number.ts'
import type { Span } from '../syntax/position.ts'
import { quoteText } from '../syntax/text.ts'
import { type Bucket, bucketFraction, bucketQuantile, type Repair } from './buckets.ts'
import type { VectorFunction } from './signature.ts'

interface Histogram {
  readonly labels: Labels
  readonly buckets: { readonly bound: number; readonly series: StepSeries }[]
}

/** Gathers bucket series into histograms: all that agree in everything but `le`. */
async function histograms(arg: Expr, steps: Steps, evaluation: Evaluation): Promise<Histogram[]> {
  const byKey = new Map<string, Histogram>()
  for (const series of await evaluation.vector(arg, steps)) {
    const le = series.labels.get('le')
    const bound = parseGoFloat(le)
    if (bound === undefined) {
      const { name } = series.labels
      const of = name === '' ? '' : ` for metric name ${quoteText(name)}`
      evaluation.warn(`bucket label "le" is missing or has a malformed value of ${quoteText(le)}${of}`, arg.span)
      continue
    }
    const labels = series.labels.with('le', '')
    let histogram = byKey.get(labels.key)
    if (histogram === undefined) {
      histogram = { labels, buckets: [] }
      byKey.set(labels.key, histogram)
    }
    histogram.buckets.push({ bound, series })
  }
  return [...byKey.values()]
}

/** Makes one number of every histogram at every step. */
async function perHistogram(
  arg: Expr,
  steps: Steps,
  evaluation: Evaluation,
  compute: (buckets: Bucket[], step: number) => number,
): Promise<StepSeries[]> {
  const output: StepSeries[] = []
  for (const { labels, buckets } of await histograms(arg, steps, evaluation)) {
    const values = new Float64Array(steps.count)
    const present = new Uint8Array(steps.count)
    for (let i = 0; i < steps.count; i++) {
      if (evaluation.due()) await evaluation.pause()
      const now: Bucket[] = []
      for (const { bound, series } of buckets) {
        if (series.present[i] === 1) now.push({ bound, count: series.values[i] as number })
      }
      if (now.length === 0) continue
      values[i] = compute(now, i)
      present[i] = 1
    }
    output.push({ labels: dropMetadata(labels), values, present })
  }
  return mergeEqual(output.filter(hasValues), evaluation)
}

/** The repairs of one evaluation, which are told in one info. */
class Repairs {
  #count = 0
  #firstMs = Number.POSITIVE_INFINITY
  #lastMs = Number.NEGATIVE_INFINITY
  #smallestBound = Number.POSITIVE_INFINITY
  #largestBound = Number.NEGATIVE_INFINITY
  #largestDifference = 0

  add(repair: Repair, timeMs: number): void {
    this.#count++
    this.#firstMs = Math.min(this.#firstMs, timeMs)
    this.#lastMs = Math.max(this.#lastMs, timeMs)
    this.#smallestBound = Math.min(this.#smallestBound, repair.smallestBound)
    this.#largestBound = Math.max(this.#largestBound, repair.largestBound)
    this.#largestDifference = Math.max(this.#largestDifference, repair.largestDifference)
  }

  tell(evaluation: Evaluation, at: Span): void {
    if (this.#count === 0) return
    const bounds = `from buckets ${formatGeneral(this.#smallestBound)} to ${formatGeneral(this.#largestBound)}`
    const difference = `with a max diff of ${formatGeneral(Number(this.#largestDifference.toPrecision(2)))}`
    const times = `from ${isoTime(this.#firstMs)} to ${isoTime(this.#lastMs)}`
    evaluation.inform(
      'input to histogram_quantile needed to be fixed for monotonicity ' +
        '(see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile), ' +
        `${bounds}, ${difference}, over ${this.#count} samples ${times}`,
      at,
    )
  }
}

/** RFC 3339 without trailing zeros behind the point. */
function isoTime(ms: number): string {
  return new Date(ms).toISOString().replace(/\.?0*Z$/, 'Z')
}

const histogramQuantile: VectorFunction = {
  name: 'histogram_quantile',
  args: ['scalar', 'vector'],
  returns: 'vector',
  async evaluate(call, steps, evaluation) {
    const q = unwrapParens(call.args[0] as Expr)
    const arg = unwrapParens(call.args[1] as Expr)
    const quantiles = await evaluation.scalar(q, steps)
    for (const value of quantiles) {
      if (value >= 0 && value <= 1) continue
      evaluation.warn(`quantile value should be between 0 and 1, got ${formatGeneral(value)}`, q.span)
    }
    const repairs = new Repairs()
    const output = await perHistogram(arg, steps, evaluation, (buckets, i) => {
      const { value, repair } = bucketQuantile(quantiles[i] as number, buckets)
      if (repair !== undefined) repairs.add(repair, stepTime(steps, i))
      return value
    })
    repairs.tell(evaluation, arg.span)
    return output
  },
}

const histogramFraction: VectorFunction = {
  name: 'histogram_fraction',
  args: ['scalar', 'scalar', 'vector'],
  returns: 'vector',
  async evaluate(call, steps, evaluation) {
    const lower = await evaluation.scalar(call.args[0] as Expr, steps)
    const upper = await evaluation.scalar(call.args[1] as Expr, steps)
    const arg = unwrapParens(call.args[2] as Expr)
    return perHistogram(arg, steps, evaluation, (buckets, i) =>
      bucketFraction(lower[i] as number, upper[i] as number, buckets),
    )
  },
}

export const histogramFunctions = [histogramQuantile, histogramFraction]
