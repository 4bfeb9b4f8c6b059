import type { Labels } from '../model/labels.ts'
import type { VectorSample } from '../model/rule.ts'
import { BatchBuilder } from '../model/sample.ts'
import type { SampleSink } from '../model/sink.ts'
import type { RuleState } from './rule-state.ts'

/** Hands over what rules give, and says of each series that a rule gives no more that it is gone. */
export class RuleWriter {
  readonly #sink: SampleSink
  readonly #onError: (error: unknown, rule: string) => void
  /** Of rules that are there no more. */
  #vanished: Labels[] = []
  // One for all: the sink has taken a batch when it returns.
  readonly #batch = new BatchBuilder()

  constructor(sink: SampleSink, onError: (error: unknown, rule: string) => void) {
    this.#sink = sink
    this.#onError = onError
  }

  /** Appends what a rule gave now, and a staleness marker for each series that it gave last time and not now. */
  append(state: RuleState, samples: readonly VectorSample[], timeMs: number, name: string): void {
    let isAsBefore = samples.length === state.series.size
    let refused: Set<string> | undefined
    for (const { labels, value } of samples) {
      const ref = this.#sink.ref(labels)
      if (ref === undefined) {
        refused ??= new Set()
        refused.add(labels.key)
        continue
      }
      if (!state.series.has(labels.key)) isAsBefore = false
      this.#batch.add(ref, timeMs, value)
    }
    if (!isAsBefore || refused !== undefined) this.#change(state, samples, refused, timeMs)
    this.#handOver(name)
  }

  /** The rule is gone: its series become stale at the next `markVanished`. */
  forget(state: RuleState): void {
    for (const labels of state.series.values()) this.#vanished.push(labels)
  }

  markVanished(timeMs: number): void {
    if (this.#vanished.length === 0) return
    for (const labels of this.#vanished) this.#markStale(labels, timeMs)
    this.#vanished = []
    this.#handOver('reload')
  }

  #change(
    state: RuleState,
    samples: readonly VectorSample[],
    refused: ReadonlySet<string> | undefined,
    timeMs: number,
  ): void {
    const series = new Map<string, Labels>()
    for (const { labels } of samples) if (refused?.has(labels.key) !== true) series.set(labels.key, labels)
    for (const [key, labels] of state.series) if (!series.has(key)) this.#markStale(labels, timeMs)
    state.series = series
  }

  #markStale(labels: Labels, timeMs: number): void {
    const ref = this.#sink.ref(labels)
    if (ref !== undefined) this.#batch.addStale(ref, timeMs)
  }

  #handOver(name: string): void {
    const batch = this.#batch
    if (batch.length === 0) return
    this.#sink.append(batch).catch((error: unknown) => this.#onError(error, name))
    batch.clear()
  }
}
