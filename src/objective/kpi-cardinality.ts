import type { Kpi } from './kpi.ts'

/** How many values a label is taken to have that says nothing of them. */
export const UNKNOWN_LABEL_VALUES = 20
/** Buckets of a histogram that does not say its own, as pushes have them. */
const DEFAULT_BUCKETS = 15
const WORTH_A_WORD = 1000

export interface Cardinality {
  /** Series of the metric itself. */
  readonly metric: number
  /** Series of its recording rules. */
  readonly recorded: number
  /** Labels of which nobody said how many values they have. */
  readonly guessed: readonly string[]
}

/** How many series a KPI makes when every combination of its labels comes; a guess where values are not listed. */
export function cardinalityOf({ labels, by, kind, buckets, aggregations, slo }: Kpi): Cardinality {
  const countOf = (label: string) => labels?.get(label)?.most ?? UNKNOWN_LABEL_VALUES
  const product = (names: Iterable<string>) => [...names].reduce((count, name) => count * countOf(name), 1)
  // The buckets, the infinite one, the sum and the count.
  const each = kind === 'histogram' ? (buckets?.length ?? DEFAULT_BUCKETS) + 3 : 1
  const names = labels?.keys() ?? []
  const rules = aggregations.length + (slo !== undefined && kind === 'gauge' ? 1 : 0)
  return {
    metric: product(names) * each,
    recorded: product(by) * rules,
    guessed: [...(labels ?? [])].filter(([, { most }]) => most === undefined).map(([label]) => label),
  }
}

/** What there is to say of it, if anything. */
export function cardinalityWarning(kpi: Kpi, seriesPerMetric: number): string | undefined {
  const { metric, guessed } = cardinalityOf(kpi)
  const why = guessed.length === 0 ? '' : ` (${guessed.join(', ')} taken for ${UNKNOWN_LABEL_VALUES} values each)`
  const instead = 'list the values of its labels, or leave out those that tell single things apart'
  const most = [...(kpi.labels ?? [])].reduce((count, [, range]) => count * (range.most ?? UNKNOWN_LABEL_VALUES), 1)
  if (most > seriesPerMetric) {
    return `may become ${most} series a name${why}, and storage.limits.series_per_metric is ${seriesPerMetric}: new ones will be refused; ${instead}`
  }
  return metric <= WORTH_A_WORD ? undefined : `may become ${metric} series${why}; ${instead}`
}
