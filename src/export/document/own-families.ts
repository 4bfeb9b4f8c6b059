import { Labels, METRIC_NAME } from '../../model/labels.ts'
import type { MetricType } from '../../model/metric.ts'
import { type ExposedFamily, type ExposedSeries, unitOfName } from './exposed-family.ts'

/** A metric of midwatch itself, as prom-client's `getMetricsAsJSON()` gives it. */
export interface OwnMetric {
  readonly name: string
  readonly help: string
  readonly type: unknown
  readonly values: readonly OwnValue[]
}

interface OwnValue {
  readonly value: number
  readonly labels: Readonly<Partial<Record<string, string | number>>>
  /** Where it is not the metric's own: `…_bucket`, `…_sum`, `…_count`. */
  readonly metricName?: string
}

const TYPES: readonly MetricType[] = ['counter', 'gauge', 'histogram', 'summary']

/**
 * midwatch's own metrics as families. They carry no `job` and no `instance`, as any program's own: who scrapes them knows
 * best where it found them.
 */
export function ownFamilies(metrics: Iterable<OwnMetric>): ExposedFamily[] {
  return [...metrics].map((metric) => {
    const { name, help } = metric
    const type = TYPES.find((known) => known === metric.type) ?? 'unknown'
    const series = type === 'histogram' ? histograms(metric) : metric.values.map((value) => plain(name, value))
    return { name, type, help, unit: unitOfName(name), series }
  })
}

function plain(name: string, { value, labels, metricName }: OwnValue): ExposedSeries {
  return { labels: labelsOf(labels).with(METRIC_NAME, metricName ?? name), value }
}

function histograms({ name, values }: OwnMetric): ExposedSeries[] {
  const byKey = new Map<string, { labels: Labels; buckets: Map<number, number>; sum: number; count: number }>()
  for (const { value, labels, metricName } of values) {
    const { le, ...rest } = labels
    const own = labelsOf(rest).with(METRIC_NAME, name)
    let found = byKey.get(own.key)
    if (found === undefined) {
      found = { labels: own, buckets: new Map(), sum: 0, count: 0 }
      byKey.set(own.key, found)
    }
    if (metricName === `${name}_sum`) found.sum = value
    else if (metricName === `${name}_count`) found.count = value
    // prom-client writes the infinite bound as text.
    else if (Number.isFinite(Number(le))) found.buckets.set(Number(le), value)
  }
  return [...byKey.values()].map(({ labels, buckets, sum, count }) => {
    const sorted = [...buckets].sort(([a], [b]) => a - b)
    const bounds = sorted.map(([bound]) => bound)
    return { labels, histogram: { bounds, cumulative: [...sorted.map(([, below]) => below), count], sum, count } }
  })
}

function labelsOf(labels: OwnValue['labels']): Labels {
  return Labels.of(Object.entries(labels).map(([name, value]) => [name, String(value ?? '')] as const))
}
