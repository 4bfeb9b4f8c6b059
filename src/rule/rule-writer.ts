import type { Labels } from '../model/labels.ts'
import type { VectorSample } from '../model/rule.ts'
import { BatchBuilder } from '../model/sample.ts'
import type { OnRefused, SampleSink } from '../model/sink.ts'
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

  /**
   * Appends what a rule gave now, and a staleness marker for each series that it gave last time and not now.
   *
   * @returns what was wrong with samples that were not taken; the others are
   */
  append(state: RuleState, samples: readonly VectorSample[], timeMs: number, name: string): string | undefined {
    let isAsBefore = samples.length === state.series.size
    const refused = new Map<string, string>()
    for (const { labels, value } of samples) {
      const ref = this.#sink.ref(labels)
      if (ref === undefined) {
        refused.set(labels.key, 'over the limit of series')
        continue
      }
      if (!state.series.has(labels.key)) isAsBefore = false
      this.#batch.add(ref, timeMs, value)
    }
    const given = this.#batch.length
    if (!isAsBefore || refused.size > 0) this.#change(state, samples, refused, timeMs)
    const beyondLimit = refused.size === 0 ? undefined : new Set(refused.keys())
    this.#handOver(name, (reason, index) => {
      // A marker that is not taken is of a series that goes on elsewhere.
      if (index >= given) return
      const taken = samples.filter(({ labels }) => beyondLimit?.has(labels.key) !== true)
      refused.set(taken[index]?.labels.key ?? '', reason)
    })
    if (refused.size === 0) return undefined
    state.series = new Map([...state.series].filter(([key]) => !refused.has(key)))
    const [reason] = refused.values()
    return `${refused.size} of ${samples.length} samples were refused: ${reason}`
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
    refused: ReadonlyMap<string, string>,
    timeMs: number,
  ): void {
    const series = new Map<string, Labels>()
    for (const { labels } of samples) if (!refused.has(labels.key)) series.set(labels.key, labels)
    for (const [key, labels] of state.series) if (!series.has(key)) this.#markStale(labels, timeMs)
    state.series = series
  }

  #markStale(labels: Labels, timeMs: number): void {
    const ref = this.#sink.ref(labels)
    if (ref !== undefined) this.#batch.addStale(ref, timeMs)
  }

  #handOver(name: string, onRefused?: OnRefused): void {
    const batch = this.#batch
    if (batch.length === 0) return
    this.#sink.append(batch, onRefused).catch((error: unknown) => this.#onError(error, name))
    batch.clear()
  }
}
