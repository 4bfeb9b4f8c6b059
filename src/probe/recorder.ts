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

const BASIC = ['probe_success', 'probe_duration_seconds', 'midwatch_check_up', 'midwatch_check_maintenance']

/** One for all, since appending is done with it at once: a thousand checks make no garbage this way. */
const shared = new BatchBuilder(256)

/** Turns findings of one check into samples; series that a finding no longer has become stale. */
export class FindingRecorder {
  readonly #sink: SampleSink
  readonly #labels: RecordLabels
  /** The metrics of the last run, in order: the next run mostly has the same ones in the same places. */
  #order: Known[] = []
  readonly #refs = new Map<string, number>()
  #last = new Set<number>()

  constructor(sink: SampleSink, labels: RecordLabels) {
    this.#sink = sink
    this.#labels = labels
  }

  /**
   * @param timeMs when the run began
   * @param isInMaintenance whether it does not count for how well the check has done
   */
  record(finding: Finding, durationMs: number, timeMs: number, isInMaintenance = false): Promise<void> {
    const batch = shared
    batch.clear()
    const current = new Set<number>()
    const order: Known[] = []
    const add = (metric: ProbeMetric) => {
      const last = this.#order[order.length]
      const known = last !== undefined && isSame(last, metric) ? last : this.#look(metric)
      order.push(known)
      const { ref } = known
      if (ref === undefined || current.has(ref)) return
      current.add(ref)
      batch.add(ref, timeMs, metric.value)
    }
    // What could not be judged is neither up nor down: the series ends, and a gap is drawn.
    if (finding.outcome !== 'unknown') {
      const success = finding.outcome === 'down' ? 0 : 1
      add({ name: 'probe_success', value: success })
      if (!isInMaintenance) add({ name: 'midwatch_check_up', value: success })
      add({ name: 'probe_duration_seconds', value: durationMs / 1000 })
      for (const metric of finding.metrics) add(metric)
      this.#order = order
    }
    if (isInMaintenance) add({ name: 'midwatch_check_maintenance', value: 1 })
    for (const ref of this.#last) if (!current.has(ref)) batch.addStale(ref, timeMs)
    this.#last = current
    return batch.length === 0 ? Promise.resolve() : this.#sink.append(batch)
  }

  /** The check is gone: its series end. */
  end(timeMs: number): Promise<void> {
    const batch = new BatchBuilder(this.#last.size + 1)
    for (const ref of this.#last) batch.addStale(ref, timeMs)
    this.#last.clear()
    return batch.length === 0 ? Promise.resolve() : this.#sink.append(batch.take())
  }

  #look({ name, labels }: ProbeMetric): Known {
    const key = labels === undefined ? name : `${name}\n${Object.entries(labels).flat().join('\n')}`
    const known = this.#refs.get(key)
    if (known !== undefined) return { name, labels, ref: known }
    const isOwn = BASIC.includes(name) || name.startsWith('probe_')
    const base = isOwn ? this.#labels.probe : this.#labels.foreign
    const ref = this.#sink.ref(base.merge(Labels.of(labels ?? {})).with(METRIC_NAME, name))
    if (ref !== undefined) this.#refs.set(key, ref)
    return { name, labels, ref }
  }
}

/** A metric with the store's number of its series; undefined where a limit refused it. */
interface Known {
  readonly name: string
  readonly labels: ProbeMetric['labels']
  readonly ref: number | undefined
}

function isSame(known: Known, { name, labels }: ProbeMetric): boolean {
  if (known.ref === undefined || known.name !== name) return false
  if (known.labels === labels) return true
  if (known.labels === undefined || labels === undefined) return false
  const names = Object.keys(labels)
  return (
    names.length === Object.keys(known.labels).length && names.every((each) => known.labels?.[each] === labels[each])
  )
}
