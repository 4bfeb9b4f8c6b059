import type { MemorySeries } from './memory-series.ts'
import type { SeriesLine } from './series-notation.ts'
import type { UnitTest } from './unit-test.ts'

/** Gives a store the samples of a test as time goes on: a rule never sees what is yet to come. */
export class InputFeed {
  readonly #store: MemorySeries
  readonly #series: readonly { readonly ref: number; readonly values: SeriesLine['values'] }[]
  readonly #startMs: number
  readonly #intervalMs: number
  #fed = 0

  constructor({ input, startMs, intervalMs }: UnitTest, store: MemorySeries) {
    this.#store = store
    this.#startMs = startMs
    this.#intervalMs = intervalMs
    // A series that is there twice is what its last line says.
    const byKey = new Map(input.map((line) => [line.labels.key, line]))
    this.#series = [...byKey.values()].map(({ labels, values }) => ({ ref: store.ref(labels), values }))
  }

  /** Adds every sample that is not later than this. */
  until(timeMs: number): void {
    const count = Math.floor((timeMs - this.#startMs) / this.#intervalMs) + 1
    for (const { ref, values } of this.#series) {
      const end = Math.min(count, values.length)
      for (let i = this.#fed; i < end; i++) {
        const value = values[i]
        const atMs = this.#startMs + i * this.#intervalMs
        if (value?.kind === 'value') this.#store.add(ref, atMs, value.number, false)
        else if (value?.kind === 'stale') this.#store.add(ref, atMs, Number.NaN, true)
      }
    }
    this.#fed = count
  }
}
