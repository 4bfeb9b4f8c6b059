import { type Labels, METRIC_NAME } from '../../model/labels.ts'
import { type Matcher, matchesAll } from '../../model/matcher.ts'
import type { MetricMeta } from '../../model/metric.ts'
import { type Bucket, bucketQuantile } from '../../promql/functions/buckets.ts'
import type { ExpositionFormat } from '../../wire/exposition.ts'
import type { ExpositionSample, MetricFamily } from '../../wire/exposition-family.ts'
import { formatBoundText, formatFloatText } from '../../wire/float-text.ts'

/** A classic histogram as a whole. */
export interface HistogramValue {
  /** Ascending; without the infinite one. */
  readonly bounds: readonly number[]
  /** How many observations are at or below each bound, and at last all of them: one more than there are bounds. */
  readonly cumulative: readonly number[]
  readonly sum: number
  readonly count: number
}

/** One series of a metric that is shown to other systems; its labels have the metric's name. */
export type ExposedSeries =
  | { readonly labels: Labels; readonly value: number }
  | { readonly labels: Labels; readonly histogram: HistogramValue }

/** A metric with all its series, as JSON and the text formats show it. */
export interface ExposedFamily extends MetricMeta {
  /** As in the text format 0.0.4: a counter with its `_total`. */
  readonly name: string
  readonly series: readonly ExposedSeries[]
}

/** Units that a name may end in, as Prometheus recommends, and money. */
const UNITS = new Set([
  'seconds',
  'bytes',
  'ratio',
  'celsius',
  'meters',
  'volts',
  'amperes',
  'joules',
  'grams',
  'dollars',
  'euros',
])

/** The unit that a metric's name tells of, '' when it tells of none. */
export function unitOfName(name: string): string {
  const bare = name.replace(/_(?:total|info)$/, '')
  const last = bare.slice(bare.lastIndexOf('_') + 1)
  return last !== bare && UNITS.has(last) ? last : ''
}

/** The family as the writers of the text formats take it. */
export function toMetricFamily({ name, type, help, unit, series }: ExposedFamily, format: ExpositionFormat) {
  const family: MetricFamily = {
    name,
    type,
    help,
    ...(unit === undefined || unit === '' ? {} : { unit }),
    samples: samplesOf(series, format),
  }
  return family
}

function* samplesOf(series: readonly ExposedSeries[], format: ExpositionFormat): Generator<ExpositionSample> {
  for (const one of series) {
    if ('histogram' in one) yield* histogramSamples(one.labels, one.histogram, format)
    else yield one
  }
}

function* histogramSamples(
  labels: Labels,
  { bounds, cumulative, sum, count }: HistogramValue,
  format: ExpositionFormat,
): Generator<ExpositionSample> {
  const { name } = labels
  // OpenMetrics 1.0 asks for `1.0`, where everybody writes `1` into the older format.
  const boundText = format === 'openmetrics' ? formatBoundText : formatFloatText
  const bucket = labels.with(METRIC_NAME, `${name}_bucket`)
  for (const [i, bound] of bounds.entries()) {
    yield { labels: bucket.with('le', boundText(bound)), value: cumulative[i] as number }
  }
  yield { labels: bucket.with('le', '+Inf'), value: count }
  yield { labels: labels.with(METRIC_NAME, `${name}_sum`), value: sum }
  yield { labels: labels.with(METRIC_NAME, `${name}_count`), value: count }
}

/** Whether any of the selectors wants the series; a histogram is wanted whole when one of its samples or its name is. */
export function isSelected(series: ExposedSeries, selectors: readonly (readonly Matcher[])[]): boolean {
  const isWanted = (labels: Labels) => selectors.some((matchers) => matchesAll(matchers, labels))
  if (isWanted(series.labels)) return true
  if (!('histogram' in series)) return false
  for (const { labels } of histogramSamples(series.labels, series.histogram, 'text')) if (isWanted(labels)) return true
  return false
}

/**
 * The φ-quantile of a histogram, by the interpolation of `histogram_quantile`.
 *
 * @returns undefined when there are no observations
 */
export function histogramQuantile({ bounds, cumulative, count }: HistogramValue, q: number): number | undefined {
  const buckets: Bucket[] = bounds.map((bound, i) => ({ bound, count: cumulative[i] as number }))
  buckets.push({ bound: Number.POSITIVE_INFINITY, count })
  const { value } = bucketQuantile(q, buckets)
  return Number.isNaN(value) ? undefined : value
}
