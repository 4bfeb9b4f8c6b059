import type { Labels } from '../../src/model/labels.ts'
import type { MetricMeta } from '../../src/model/metric.ts'
import type { SampleBatch } from '../../src/model/sample.ts'
import type { SampleSink } from '../../src/model/sink.ts'

/** A sample as it came; the value of a staleness marker is `'stale'`. */
export interface StoredSample {
  readonly timeMs: number
  readonly value: number | 'stale'
}

/** A store that keeps everything in memory in the order in which it came, and can be waited for. */
export class MemorySink implements SampleSink {
  readonly labels: Labels[] = []
  readonly batches: SampleBatch[] = []
  readonly metas = new Map<string, MetricMeta>()
  /** Series for which this is false are refused. */
  accepts: (labels: Labels) => boolean = () => true
  /** What `append` rejects with, to play a full disk. */
  failure: Error | undefined
  readonly #refs = new Map<string, number>()
  readonly #samples: StoredSample[][] = []
  readonly #waiting = new Set<() => void>()

  ref(labels: Labels): number | undefined {
    const known = this.#refs.get(labels.key)
    if (known !== undefined) return known
    if (!this.accepts(labels)) return undefined
    const ref = this.labels.length
    this.labels.push(labels)
    this.#refs.set(labels.key, ref)
    this.#samples.push([])
    return ref
  }

  append(batch: SampleBatch): Promise<void> {
    // The one given may be used again.
    const { length, refs, timesMs, values, stale } = batch
    this.batches.push({
      length,
      refs: refs.slice(0, length),
      timesMs: timesMs.slice(0, length),
      values: values.slice(0, length),
      stale: stale?.slice(0, length),
    })
    for (let i = 0; i < batch.length; i++) {
      const value = batch.stale?.[i] === 1 ? 'stale' : (batch.values[i] as number)
      this.#samples[batch.refs[i] as number]?.push({ timeMs: batch.timesMs[i] as number, value })
    }
    for (const look of this.#waiting) look()
    return this.failure === undefined ? Promise.resolve() : Promise.reject(this.failure)
  }

  describe(metricName: string, meta: MetricMeta): void {
    this.metas.set(metricName, meta)
  }

  /** Samples of the series that prints as `series` (`up{instance="…", job="…"}`). */
  samples(series: string): readonly StoredSample[] {
    const ref = this.labels.findIndex((labels) => labels.toString() === series)
    return ref === -1 ? [] : (this.#samples[ref] as StoredSample[])
  }

  /** Values of the series that prints as `series`, staleness markers as `'stale'`. */
  values(series: string): (number | 'stale')[] {
    return this.samples(series).map(({ value }) => value)
  }

  /** All series whose metric name is `name`. */
  seriesOf(name: string): Labels[] {
    return this.labels.filter((labels) => labels.name === name)
  }

  /** Resolves as soon as `holds`, which is asked now and after every batch. */
  async until(holds: () => boolean): Promise<void> {
    if (holds()) return
    await new Promise<void>((resolve) => {
      const look = () => {
        if (!holds()) return
        this.#waiting.delete(look)
        resolve()
      }
      this.#waiting.add(look)
    })
  }

  /** Resolves with the batch number `count` (1 is the first). */
  async batch(count: number): Promise<SampleBatch> {
    await this.until(() => this.batches.length >= count)
    return this.batches[count - 1] as SampleBatch
  }
}
