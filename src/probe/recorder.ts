import type { Finding, ProbeMetric } from '../model/finding.ts'
import { Labels, METRIC_NAME } from '../model/labels.ts'
import { BatchBuilder } from '../model/sample.ts'
import type { SampleSink } from '../model/sink.ts'

/** Labels that the series of one check carry. */
export interface RecordLabels {
  /** Of `probe_success`, `probe_duration_seconds` and everything named `probe_…`. */
  readonly probe: Labels
  /** Of metrics that are another program's by name (`node_…`), so that they look as if that program was scraped. */
  readonly foreign: Labels
}

const BASIC = ['probe_success', 'probe_duration_seconds']

/** Turns findings of one check into samples; series that a finding no longer has become stale. */
export class FindingRecorder {
  readonly #sink: SampleSink
  readonly #labels: RecordLabels
  /** The store's numbers by name and own labels, so that a run costs no label sets. */
  readonly #refs = new Map<string, number>()
  #last = new Set<number>()

  constructor(sink: SampleSink, labels: RecordLabels) {
    this.#sink = sink
    this.#labels = labels
  }

  /** @param timeMs when the run began */
  record(finding: Finding, durationMs: number, timeMs: number): Promise<void> {
    const batch = new BatchBuilder(finding.metrics.length + 8)
    const current = new Set<number>()
    const add = (metric: ProbeMetric) => {
      const ref = this.#refOf(metric)
      if (ref === undefined || current.has(ref)) return
      current.add(ref)
      batch.add(ref, timeMs, metric.value)
    }
    // What could not be judged is neither up nor down: the series ends, and a gap is drawn.
    if (finding.outcome !== 'unknown') {
      add({ name: 'probe_success', value: finding.outcome === 'down' ? 0 : 1 })
      add({ name: 'probe_duration_seconds', value: durationMs / 1000 })
      for (const metric of finding.metrics) add(metric)
    }
    for (const ref of this.#last) if (!current.has(ref)) batch.addStale(ref, timeMs)
    this.#last = current
    return batch.length === 0 ? Promise.resolve() : this.#sink.append(batch.take())
  }

  /** The check is gone: its series end. */
  end(timeMs: number): Promise<void> {
    const batch = new BatchBuilder(this.#last.size + 1)
    for (const ref of this.#last) batch.addStale(ref, timeMs)
    this.#last.clear()
    return batch.length === 0 ? Promise.resolve() : this.#sink.append(batch.take())
  }

  #refOf({ name, labels }: ProbeMetric): number | undefined {
    const key = labels === undefined ? name : `${name}\n${Object.entries(labels).flat().join('\n')}`
    const known = this.#refs.get(key)
    if (known !== undefined) return known
    const isOwn = BASIC.includes(name) || name.startsWith('probe_')
    const base = isOwn ? this.#labels.probe : this.#labels.foreign
    const ref = this.#sink.ref(base.merge(Labels.of(labels ?? {})).with(METRIC_NAME, name))
    if (ref !== undefined) this.#refs.set(key, ref)
    return ref
  }
}
