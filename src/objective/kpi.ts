export const KPI_KINDS = ['gauge', 'counter', 'histogram'] as const
export type KpiKind = (typeof KPI_KINDS)[number]

export const KPI_AGGREGATIONS = ['mean', 'max', 'min', 'sum', 'rate', 'p50', 'p95', 'p99'] as const
export type KpiAggregation = (typeof KPI_AGGREGATIONS)[number]

export const KPI_PANELS = ['graph', 'number', 'bars', 'table', 'heatmap'] as const
export type KpiPanelKind = (typeof KPI_PANELS)[number]

/** What a label may be: some values, at most so many, or any text. */
export interface LabelRange {
  readonly values: readonly string[] | undefined
  readonly most: number | undefined
}

export interface KpiThreshold {
  readonly severity: 'critical' | 'warning'
  readonly side: 'high' | 'low'
  /** In the KPI's unit. */
  readonly limit: number
  readonly forMs: number
  /** What is held against it. */
  readonly of: KpiAggregation
}

export interface KpiPanel {
  readonly kind: KpiPanelKind
  /** The title of the row in which it stands. */
  readonly place: string
}

export interface KpiSlo {
  /** Percent. */
  readonly objective: number
  /** What the budget is for; undefined is 30 days. */
  readonly periodMs: number | undefined
  readonly good:
    | { readonly kind: 'below' | 'above'; readonly limit: number }
    /** Matchers of the events that are bad: `outcome="failure"`. */
    | { readonly kind: 'not'; readonly matchers: string }
}

/** One key figure, as read and checked: its metric, rules, alerts and panel follow from it. */
export interface Kpi {
  /** `cognitive_load`: unique among all. */
  readonly name: string
  readonly description: string
  readonly unit: string
  readonly metric: string
  readonly kind: KpiKind
  /** Labels that the metric may carry; undefined: any. */
  readonly labels: ReadonlyMap<string, LabelRange> | undefined
  /** Labels that the aggregations keep apart. */
  readonly by: readonly string[]
  /** Over how long aggregations look; undefined for gauges that are taken as they are. */
  readonly windowMs: number | undefined
  /** Upper bounds of a histogram; undefined: those that it is pushed with first. */
  readonly buckets: readonly number[] | undefined
  readonly aggregations: readonly KpiAggregation[]
  /** Critical ones first. */
  readonly thresholds: readonly KpiThreshold[]
  /** Undefined: on no dashboard. */
  readonly panel: KpiPanel | undefined
  readonly owner: string | undefined
  readonly runbook: string | undefined
  readonly slo: KpiSlo | undefined
  /** Names of KPIs on which this one depends. */
  readonly dependsOn: readonly string[]
  readonly origin: KpiOrigin
}

/** Where it is written. */
export interface KpiOrigin {
  readonly file: string
  /** 1-based. */
  readonly line: number
  readonly column: number
}

/** What an aggregation can be of a kind, or why it can't. */
export function whyNot(kind: KpiKind, aggregation: KpiAggregation): string | undefined {
  switch (kind) {
    case 'gauge':
      return undefined
    case 'counter':
      return aggregation === 'rate' || aggregation === 'sum'
        ? undefined
        : `a counter only grows, so it has no ${aggregation}; write rate (a second) or sum (within the window)`
    case 'histogram':
      return aggregation === 'max' || aggregation === 'min'
        ? `a histogram does not know its ${aggregation}; write p99, or push a gauge`
        : undefined
  }
}

/** What is recorded when the KPI does not say. */
export const DEFAULT_AGGREGATIONS: Readonly<Record<KpiKind, readonly KpiAggregation[]>> = {
  gauge: ['mean'],
  counter: ['rate'],
  histogram: ['p95', 'mean'],
}

/** `kpi:cognitive_load:mean`. */
export function kpiSeries(name: string, aggregation: string): string {
  return `kpi:${name}:${aggregation}`
}

/** `Cognitive load`. */
export function kpiTitle(name: string): string {
  const words = name.replaceAll('_', ' ').trim()
  return words.charAt(0).toUpperCase() + words.slice(1)
}
