/**
 * Samples of one series as columns, in time order, one per timestamp.
 *
 * A staleness marker is a flag and not a NaN, since JavaScript does not keep a NaN's payload.
 */
export interface Samples {
  readonly length: number
  /** Epoch milliseconds, ascending. */
  readonly timesMs: Float64Array
  /** NaN where `stale` is 1. */
  readonly values: Float64Array
  /** 1 where the series was declared gone; undefined when no sample of these is a marker. */
  readonly stale: Uint8Array | undefined
}

export const NO_SAMPLES: Samples = {
  length: 0,
  timesMs: new Float64Array(0),
  values: new Float64Array(0),
  stale: undefined,
}

/** Samples of many series as columns, on their way into the store. A `ref` is the store's number of a series. */
export interface SampleBatch {
  readonly length: number
  readonly refs: Uint32Array
  /** Epoch milliseconds. */
  readonly timesMs: Float64Array
  readonly values: Float64Array
  /** 1 for a staleness marker (its value does not matter); undefined when there is none. */
  readonly stale: Uint8Array | undefined
}

/** Gathers a batch sample by sample. */
export class BatchBuilder {
  #length = 0
  #refs: Uint32Array
  #timesMs: Float64Array
  #values: Float64Array
  #stale: Uint8Array | undefined

  constructor(capacity = 64) {
    this.#refs = new Uint32Array(capacity)
    this.#timesMs = new Float64Array(capacity)
    this.#values = new Float64Array(capacity)
  }

  get length(): number {
    return this.#length
  }

  add(ref: number, timeMs: number, value: number): void {
    if (this.#length === this.#refs.length) this.#grow()
    this.#refs[this.#length] = ref
    this.#timesMs[this.#length] = timeMs
    this.#values[this.#length] = value
    this.#length++
  }

  addStale(ref: number, timeMs: number): void {
    this.add(ref, timeMs, Number.NaN)
    this.#stale ??= new Uint8Array(this.#refs.length)
    this.#stale[this.#length - 1] = 1
  }

  /** The batch so far; the builder is empty afterwards. */
  take(): SampleBatch {
    const length = this.#length
    const batch: SampleBatch = {
      length,
      refs: this.#refs.slice(0, length),
      timesMs: this.#timesMs.slice(0, length),
      values: this.#values.slice(0, length),
      stale: this.#stale?.slice(0, length),
    }
    this.#length = 0
    this.#stale = undefined
    return batch
  }

  #grow(): void {
    const capacity = this.#refs.length * 2
    const refs = new Uint32Array(capacity)
    refs.set(this.#refs)
    this.#refs = refs
    const timesMs = new Float64Array(capacity)
    timesMs.set(this.#timesMs)
    this.#timesMs = timesMs
    const values = new Float64Array(capacity)
    values.set(this.#values)
    this.#values = values
    if (this.#stale !== undefined) {
      const stale = new Uint8Array(capacity)
      stale.set(this.#stale)
      this.#stale = stale
    }
  }
}
