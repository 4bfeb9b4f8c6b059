import { didYouMean } from '../lib/suggest.ts'
import { PromqlError, parse } from '../promql/index.ts'
import {
  DEFAULT_AGGREGATIONS,
  type Kpi,
  type KpiAggregation,
  type KpiKind,
  type KpiOrigin,
  type KpiSlo,
  type KpiThreshold,
  type LabelRange,
  whyNot,
} from './kpi.ts'
import type { WrittenKpi } from './kpi-schema.ts'

/** Takes what is wrong with a part of an entry. */
export type Complain = (path: readonly PropertyKey[], message: string) => void

interface Surroundings {
  readonly namespace: string | undefined
  readonly origin: KpiOrigin
  readonly complain: Complain
}

const DEFAULT_WINDOW_MS = 300_000
const DEFAULT_PLACE = 'KPIs'
/** Labels that every series of a KPI has by itself. */
const OWN_LABELS = ['kpi', 'unit', 'owner']
/** Where a series comes from: sampling and scraping put them on every series. */
export const ORIGIN_LABELS = ['job', 'instance']

/** Fills in what an entry does not say, and checks what its parts say of each other. */
export function readKpi(written: WrittenKpi, { namespace, origin, complain }: Surroundings): Kpi {
  const kind = written.kind ?? (written.metric?.endsWith('_total') ? 'counter' : 'gauge')
  const labels = rangesOf(written.labels)
  const aggregations = [...new Set(written.aggregations ?? DEFAULT_AGGREGATIONS[kind])]
  for (const [i, aggregation] of aggregations.entries()) {
    const reason = whyNot(kind, aggregation)
    if (reason !== undefined) complain(['aggregations', i], reason)
  }
  const by = written.by ?? []
  for (const [i, label] of by.entries()) {
    if (OWN_LABELS.includes(label)) complain(['by', i], `${label} is a label that every KPI has already; remove it`)
    else if (labels !== undefined && !labels.has(label) && !ORIGIN_LABELS.includes(label)) {
      complain(
        ['by', i],
        `${label} is not a label of this KPI${didYouMean(label, [...labels.keys()], 'its labels are')}`,
      )
    }
  }
  if (written.buckets !== undefined) checkBuckets(written.buckets, kind, complain)
  const thresholds = thresholdsOf(written, aggregations, complain)
  const panel = written.dashboard === false ? undefined : (written.dashboard ?? {})
  if (panel?.panel === 'heatmap' && kind !== 'histogram') {
    complain(['dashboard', 'panel'], `a heatmap shows a histogram, and this is a ${kind}; write graph`)
  }
  return {
    name: written.name,
    description: written.description ?? '',
    unit: written.unit,
    metric: written.metric ?? metricOf(written.name, written.unit, kind, namespace),
    kind,
    labels,
    by,
    windowMs: written.window ?? (kind === 'gauge' ? undefined : DEFAULT_WINDOW_MS),
    buckets: written.buckets,
    aggregations,
    thresholds,
    panel: panel && { kind: panel.panel ?? 'graph', place: panel.place ?? DEFAULT_PLACE },
    owner: written.owner,
    runbook: written.runbook,
    slo: written.slo && sloOf(written.slo, { kind, thresholds, buckets: written.buckets, complain }),
    dependsOn: written.depends_on ?? [],
    origin,
  }
}

/** `agent` and `cognitive_load` in percent are `agent_cognitive_load_percent`. */
function metricOf(name: string, unit: string, kind: KpiKind, namespace: string | undefined): string {
  const word = unit.replaceAll(/[^a-zA-Z0-9]+/g, '_')
  const isSaid = name === word || name.endsWith(`_${word}`) || unit === 'count' || unit === 'none'
  const parts = [
    namespace?.replace(/_$/, ''),
    name,
    isSaid ? undefined : word,
    kind === 'counter' ? 'total' : undefined,
  ]
  return parts.filter((part) => part !== undefined && part !== '').join('_')
}

function rangesOf(labels: WrittenKpi['labels']): ReadonlyMap<string, LabelRange> | undefined {
  if (labels === undefined) return undefined
  const any: LabelRange = { values: undefined, most: undefined }
  if (Array.isArray(labels)) return new Map(labels.map((label) => [label, any]))
  return new Map(
    Object.entries(labels).map(([label, range]) => {
      if (Array.isArray(range)) return [label, { values: range, most: range.length }]
      return [label, range === null ? any : { values: undefined, most: range }]
    }),
  )
}

function checkBuckets(buckets: readonly number[], kind: KpiKind, complain: Complain): void {
  if (kind !== 'histogram') complain(['buckets'], `belong to a histogram, and this is a ${kind}; remove them`)
  for (const [i, bound] of buckets.entries()) {
    if (i > 0 && bound <= (buckets[i - 1] as number)) complain(['buckets', i], 'is not above the bound before it')
  }
}

const SEVERITIES = ['critical', 'warning'] as const

function thresholdsOf(
  { thresholds }: WrittenKpi,
  aggregations: readonly KpiAggregation[],
  complain: Complain,
): readonly KpiThreshold[] {
  if (thresholds === undefined) return []
  const of = thresholds.of ?? aggregations[0]
  if (of === undefined || !aggregations.includes(of)) {
    complain(
      ['thresholds', 'of'],
      `${of} is not recorded; write it into aggregations, which are ${aggregations.join(', ')}`,
    )
    return []
  }
  const limits = SEVERITIES.flatMap((severity) => {
    const written = thresholds[severity]
    if (written === undefined) return []
    const { high, low, for: ownMs } = typeof written === 'number' ? { high: written } : written
    const path = ['thresholds', severity]
    if (high === undefined && low === undefined) complain(path, 'has no limit; write high, low or both')
    if (high !== undefined && low !== undefined && low >= high) complain(path, 'low has to be below high')
    const forMs = ownMs ?? thresholds.for ?? 0
    return [
      ...(high === undefined ? [] : [{ severity, side: 'high' as const, limit: high, forMs, of }]),
      ...(low === undefined ? [] : [{ severity, side: 'low' as const, limit: low, forMs, of }]),
    ]
  })
  for (const { side, limit } of limits.filter(({ severity }) => severity === 'warning')) {
    const critical = limits.find((one) => one.severity === 'critical' && one.side === side)
    if (critical === undefined) continue
    const comesLate = side === 'high' ? limit >= critical.limit : limit <= critical.limit
    if (comesLate)
      complain(['thresholds', 'warning'], `comes no sooner than the critical one (${side}: ${critical.limit})`)
  }
  return limits
}

interface SloSurroundings {
  readonly kind: KpiKind
  readonly thresholds: readonly KpiThreshold[]
  readonly buckets: readonly number[] | undefined
  readonly complain: Complain
}

function sloOf(
  slo: NonNullable<WrittenKpi['slo']>,
  { kind, thresholds, buckets, complain }: SloSurroundings,
): KpiSlo | undefined {
  const { objective, window: periodMs, below, above, bad } = slo
  const given = { below, above, bad }
  const named = (Object.keys(given) as (keyof typeof given)[]).filter((key) => given[key] !== undefined)
  const asked = { objective, periodMs }
  if (named.length > 1) {
    complain(['slo', named[1] as string], `stands beside ${named[0]}, and only one can say what is good; remove one`)
    return undefined
  }
  switch (kind) {
    case 'counter':
      if (bad === undefined || !isMatchers(bad)) {
        const what = bad === undefined ? 'needs bad: matchers of what counts as bad' : `${bad} are no matchers`
        complain(['slo', 'bad'], `${what}; write such as outcome="failure"`)
        return undefined
      }
      return { ...asked, good: { kind: 'not', matchers: bad } }
    case 'histogram': {
      const limit = below ?? thresholds.find((one) => one.severity === 'critical' && one.side === 'high')?.limit
      if (limit === undefined || above !== undefined || bad !== undefined) {
        complain(
          ['slo', named[0] ?? 'below'],
          'a histogram is good below a limit; write below: with the bound of a bucket',
        )
        return undefined
      }
      if (buckets !== undefined && !buckets.includes(limit)) {
        complain(['slo', 'below'], `${limit} is not the bound of a bucket; write one of ${buckets.join(', ')}`)
      }
      return { ...asked, good: { kind: 'below', limit } }
    }
    case 'gauge': {
      if (bad !== undefined) complain(['slo', 'bad'], 'is for counters; write below or above for a gauge')
      if (below !== undefined) return { ...asked, good: { kind: 'below', limit: below } }
      if (above !== undefined) return { ...asked, good: { kind: 'above', limit: above } }
      const critical = thresholds.filter(({ severity }) => severity === 'critical')
      const [only] = critical
      if (only === undefined || critical.length > 1) {
        complain(['slo'], 'does not say what is good; write below or above')
        return undefined
      }
      return { ...asked, good: { kind: only.side === 'high' ? 'below' : 'above', limit: only.limit } }
    }
  }
}

function isMatchers(written: string): boolean {
  try {
    const expr = parse(`x{${written}}`)
    return expr.kind === 'selector' && expr.matchers.length > 1
  } catch (error) {
    if (error instanceof PromqlError) return false
    throw error
  }
}
