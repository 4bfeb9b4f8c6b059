/** As in Prometheus' exposition formats; `unknown` is `untyped` in the text format. */
export type MetricType = 'counter' | 'gauge' | 'histogram' | 'summary' | 'unknown' | 'info' | 'stateset'

/** What is known of a metric besides its samples. */
export interface MetricMeta {
  readonly type: MetricType
  readonly help: string
  readonly unit?: string
}
