import type { Labels } from './labels.ts'
import type { MetricMeta } from './metric.ts'
import type { SampleBatch } from './sample.ts'

/** Hears, before `append` returns, of every sample that is not taken: why, and which of the batch it is. */
export type OnRefused = (reason: string, index: number) => void

/** Where measured samples go: the series store, as probes, scrapes and rules see it. */
export interface SampleSink {
  /**
   * The store's number of a series, which stays the same while the process lives; the series is made when it is new.
   *
   * @returns undefined when a limit refuses the series (the store counts the reason)
   */
  ref(labels: Labels): number | undefined
  /**
   * Appends; queries see the samples at once, and the batch may be used again when the call returns. The promise resolves when they are on disk and rejects when they could not
   * be written (they are still answered from memory then).
   */
  append(batch: SampleBatch, onRefused?: OnRefused): Promise<void>
  /** What is known of a metric name; the last word wins. */
  describe(metricName: string, meta: MetricMeta): void
}
