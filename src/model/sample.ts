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
