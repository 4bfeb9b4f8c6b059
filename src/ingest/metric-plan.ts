import type { Labels } from '../model/labels.ts'
import type { MetricMeta } from '../model/metric.ts'
import type { Faults } from './fault.ts'
import { keepsContract, type MetricContract } from './metric-contract.ts'
import type { MetricEntry, PushedType } from './metric-entry.ts'

/** What is known already of what is pushed. */
export interface KnownMetrics {
  metaOf(metricName: string): MetricMeta | undefined
  /** Upper bounds of a histogram's buckets, without the infinite one. */
  boundsOf(metricName: string): readonly number[] | undefined
  /** What was written down of it beforehand. */
  contractOf?(metricName: string): MetricContract | undefined
}

/** One change to one series, complete. */
export type MetricChange = { readonly labels: Labels; readonly ttlMs: number | undefined } & (
  | { readonly kind: 'counter'; readonly add: number }
  | { readonly kind: 'gauge'; readonly set: number }
  | { readonly kind: 'histogram'; readonly bounds: readonly number[]; readonly observe: readonly number[] }
)

export interface MetricPlan {
  readonly changes: readonly MetricChange[]
  /** What is known of each metric from now on. */
  readonly metas: ReadonlyMap<string, MetricMeta>
  /** Bounds of histograms that were not known before. */
  readonly bounds: ReadonlyMap<string, readonly number[]>
  /** What is taken, and could be better. */
  readonly warnings: readonly string[]
}

/** Buckets of a histogram that names none: from an answer out of a cache to a job of some minutes, in seconds. */
export const DEFAULT_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300] as const

const HISTOGRAM_SUFFIX = /_(?:bucket|sum|count)$/
const MOST_WARNINGS = 20

/** Holds entries against what is known: a name keeps its type, a histogram its buckets. */
export function planMetrics(entries: readonly MetricEntry[], known: KnownMetrics, faults: Faults): MetricPlan {
  const metas = new Map<string, MetricMeta>()
  const bounds = new Map<string, readonly number[]>()
  const warnings = new Set<string>()
  const changes: MetricChange[] = []
  const metaOf = (name: string) => metas.get(name) ?? known.metaOf(name)
  for (const entry of entries) {
    if (faults.isFull) break
    const { name } = entry.labels
    const before = metaOf(name)
    const conflict = conflictOf(name, entry.type, before, metaOf)
    if (conflict !== undefined) {
      faults.add([entry.place, 'type'], conflict)
      continue
    }
    const contract = known.contractOf?.(name)
    if (contract !== undefined && !keepsContract(entry, contract, faults)) continue
    const boundsBefore = () => bounds.get(name) ?? known.boundsOf(name) ?? contract?.buckets
    const change = changeOf(entry, boundsBefore, faults)
    if (change === undefined) continue
    if (change.kind === 'histogram') bounds.set(name, change.bounds)
    changes.push(change)
    const unit = entry.unit ?? contract?.unit ?? before?.unit
    metas.set(name, {
      type: entry.type,
      help: entry.help ?? contract?.help ?? before?.help ?? '',
      ...(unit === undefined || unit === '' ? {} : { unit }),
    })
    const warning = warningOf(name, entry.type)
    if (warning !== undefined && warnings.size < MOST_WARNINGS) warnings.add(warning)
  }
  return { changes, metas, bounds, warnings: [...warnings] }
}

/** Why this name can't have this type. */
function conflictOf(
  name: string,
  type: PushedType,
  before: MetricMeta | undefined,
  metaOf: (name: string) => MetricMeta | undefined,
): string | undefined {
  if (before !== undefined && before.type !== type && before.type !== 'unknown') {
    return `${name} is a ${before.type} already, so it can't be a ${type}; give this one another name`
  }
  const base = name.replace(HISTOGRAM_SUFFIX, '')
  if (base !== name && metaOf(base)?.type === 'histogram') {
    return `${name} belongs to the histogram ${base}; give this one another name`
  }
  if (type !== 'histogram') return undefined
  const taken = [`${name}_bucket`, `${name}_sum`, `${name}_count`].find((part) => metaOf(part) !== undefined)
  return taken === undefined
    ? undefined
    : `a histogram ${name} needs the name ${taken}, which is a ${metaOf(taken)?.type} already; give this one another name`
}

function changeOf(
  entry: MetricEntry,
  boundsBefore: () => readonly number[] | undefined,
  faults: Faults,
): MetricChange | undefined {
  const { labels, ttlMs } = entry
  switch (entry.type) {
    case 'counter':
      return { kind: 'counter', labels, ttlMs, add: entry.add }
    case 'gauge':
      return { kind: 'gauge', labels, ttlMs, set: entry.set }
    case 'histogram': {
      const before = boundsBefore()
      if (before !== undefined && entry.buckets !== undefined && !isSame(before, entry.buckets)) {
        const message = `differ from those that ${labels.name} has: [${before.join(', ')}]; leave buckets out, or give this histogram another name`
        return faults.add([entry.place, 'buckets'], message)
      }
      const bounds = before ?? entry.buckets ?? DEFAULT_BUCKETS
      return { kind: 'histogram', labels, ttlMs, bounds, observe: entry.observe }
    }
  }
}

function isSame(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((bound, i) => bound === b[i])
}

function warningOf(name: string, type: PushedType): string | undefined {
  if (name.includes(':')) return `${name}: colons are for the results of recording rules`
  if (type === 'counter' && !name.endsWith('_total')) return `${name}: the name of a counter ends in _total by custom`
  if (type === 'gauge' && name.endsWith('_total')) return `${name}: only the name of a counter ends in _total by custom`
  return undefined
}
