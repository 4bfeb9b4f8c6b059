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
  /** How many there are; the columns may be longer. */
  readonly length: number
  readonly refs: Uint32Array
  /** Epoch milliseconds. */
  readonly timesMs: Float64Array
  readonly values: Float64Array
  /** 1 for a staleness marker (its value does not matter); undefined when there is none. */
  readonly stale: Uint8Array | undefined
}

/** Gathers a batch sample by sample; is one itself, with columns that are longer than `length`. */
export class BatchBuilder implements SampleBatch {
  length = 0
  refs: Uint32Array
  timesMs: Float64Array
  values: Float64Array
  stale: Uint8Array | undefined

  constructor(capacity = 64) {
    this.refs = new Uint32Array(capacity)
    this.timesMs = new Float64Array(capacity)
    this.values = new Float64Array(capacity)
  }

  add(ref: number, timeMs: number, value: number): void {
    if (this.length === this.refs.length) this.#grow()
    this.refs[this.length] = ref
    this.timesMs[this.length] = timeMs
    this.values[this.length] = value
    this.length++
  }

  addStale(ref: number, timeMs: number): void {
    this.add(ref, timeMs, Number.NaN)
    this.stale ??= new Uint8Array(this.refs.length)
    this.stale[this.length - 1] = 1
  }

  /** Empties it for the next batch; what was read from it must be done with. */
  clear(): void {
    this.length = 0
    this.stale = undefined
  }

  /** A copy of the batch so far, with columns of its length; the builder is empty afterwards. */
  take(): SampleBatch {
    const { length } = this
    const batch: SampleBatch = {
      length,
      refs: this.refs.slice(0, length),
      timesMs: this.timesMs.slice(0, length),
      values: this.values.slice(0, length),
      stale: this.stale?.slice(0, length),
    }
    this.clear()
    return batch
  }

  #grow(): void {
    const capacity = this.refs.length * 2
    this.refs = enlarge(this.refs, new Uint32Array(capacity))
    this.timesMs = enlarge(this.timesMs, new Float64Array(capacity))
    this.values = enlarge(this.values, new Float64Array(capacity))
    if (this.stale !== undefined) this.stale = enlarge(this.stale, new Uint8Array(capacity))
  }
}

function enlarge<Column extends Uint8Array | Uint32Array | Float64Array>(column: Column, larger: Column): Column {
  larger.set(column)
  return larger
}
