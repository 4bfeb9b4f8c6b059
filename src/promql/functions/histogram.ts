import type { Labels } from '../../model/labels.ts'
import { type Evaluation, type Steps, stepTime } from '../evaluate/evaluation.ts'
import { dropMetadata } from '../evaluate/names.ts'
import { mergeEqual, Vector } from '../evaluate/vector.ts'
import type { Work } from '../evaluate/work.ts'
import { type Expr, unwrapParens } from '../syntax/ast.ts'
import { formatGeneral, parseGoFloat } from '../syntax/number.ts'
import type { Span } from '../syntax/position.ts'
import { quoteText } from '../syntax/text.ts'
import { type Bucket, bucketFraction, bucketQuantile, type Repair } from './buckets.ts'
import type { VectorFunction } from './signature.ts'

interface Histogram {
  readonly labels: Labels
  /** The series of each bucket, by its number. */
  readonly buckets: { readonly bound: number; readonly series: number }[]
}

interface BucketName {
  /** Undefined when `le` is no number. */
  readonly bound: number | undefined
  /** All labels but `le`. */
  readonly rest: Labels
}

const bucketNames = new WeakMap<Labels, BucketName>()

function bucketNameOf(labels: Labels): BucketName {
  let name = bucketNames.get(labels)
  if (name === undefined) {
    name = { bound: parseGoFloat(labels.get('le')), rest: labels.with('le', '') }
    bucketNames.set(labels, name)
  }
  return name
}

/** Gathers bucket series into histograms: all that agree in everything but `le`. */
function* histograms(arg: Expr, input: Vector, evaluation: Evaluation): Work<Histogram[]> {
  const byKey = new Map<string, Histogram>()
  for (let i = 0; i < input.size; i++) {
    if (evaluation.due(8)) yield
    const labels = input.labelsAt(i)
    const { bound, rest } = bucketNameOf(labels)
    if (bound === undefined) {
      const of = labels.name === '' ? '' : ` for metric name ${quoteText(labels.name)}`
      const le = quoteText(labels.get('le'))
      evaluation.warn(`bucket label "le" is missing or has a malformed value of ${le}${of}`, arg.span)
      continue
    }
    let histogram = byKey.get(rest.key)
    if (histogram === undefined) {
      histogram = { labels: rest, buckets: [] }
      byKey.set(rest.key, histogram)
    }
    histogram.buckets.push({ bound, series: i })
  }
  return [...byKey.values()]
}

/** Makes one number of every histogram at every step. */
function* perHistogram(
  arg: Expr,
  steps: Steps,
  evaluation: Evaluation,
  compute: (buckets: Bucket[], step: number) => number,
): Work<Vector> {
  const { count } = steps
  const input = yield* evaluation.vector(arg, steps)
  const all = yield* histograms(arg, input, evaluation)
  const output = Vector.empty(count, all.length)
  for (const { labels, buckets } of all) {
    const at = output.room()
    let found = false
    for (let k = 0; k < count; k++) {
      if (evaluation.due(4 * buckets.length)) yield
      const now: Bucket[] = []
      for (const { bound, series } of buckets) {
        const from = series * count + k
        if (input.present[from] === 1) now.push({ bound, count: input.values[from] as number })
      }
      if (now.length === 0) continue
      output.values[at + k] = compute(now, k)
      output.present[at + k] = 1
      found = true
    }
    if (found) output.keep(dropMetadata(labels))
  }
  return yield* mergeEqual(output, evaluation)
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
    const difference = `with a max diff of ${formatGeneral(this.#largestDifference, 2)}`
    const times = `from ${isoTime(this.#firstMs)} to ${isoTime(this.#lastMs)}`
    evaluation.inform(
      'input to histogram_quantile needed to be fixed for monotonicity ' +
        '(see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile), ' +
        `${bounds}, ${difference}, over ${this.#count} samples ${times}`,
      at,
    )
  }
}

/** RFC 3339 in whole seconds, as Prometheus cuts them. */
function isoTime(ms: number): string {
  return new Date(Math.trunc(ms / 1000) * 1000).toISOString().replace('.000Z', 'Z')
}

const histogramQuantile: VectorFunction = {
  name: 'histogram_quantile',
  args: ['scalar', 'vector'],
  returns: 'vector',
  *evaluate(call, steps, evaluation) {
    const q = unwrapParens(call.args[0] as Expr)
    const arg = unwrapParens(call.args[1] as Expr)
    const quantiles = yield* evaluation.scalar(q, steps)
    for (const value of quantiles) {
      if (value >= 0 && value <= 1) continue
      evaluation.warn(`quantile value should be between 0 and 1, got ${formatGeneral(value)}`, q.span)
    }
    const repairs = new Repairs()
    const output = yield* perHistogram(arg, steps, evaluation, (buckets, i) => {
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
  *evaluate(call, steps, evaluation) {
    const lower = yield* evaluation.scalar(call.args[0] as Expr, steps)
    const upper = yield* evaluation.scalar(call.args[1] as Expr, steps)
    const arg = unwrapParens(call.args[2] as Expr)
    return yield* perHistogram(arg, steps, evaluation, (buckets, i) =>
      bucketFraction(lower[i] as number, upper[i] as number, buckets),
    )
  },
}

export const histogramFunctions = [histogramQuantile, histogramFraction]
