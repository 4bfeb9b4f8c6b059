import type { Samples } from '../../model/sample.ts'

/** What stays of a chunk when its samples are gone; staleness markers are left out. */
export interface Aggregate {
  readonly count: number
  readonly firstMs: number
  readonly first: number
  readonly lastMs: number
  readonly last: number
  readonly min: number
  readonly max: number
  readonly sum: number
  /** How much the values grew, with each drop counted as a counter's restart. */
  readonly increase: number
}

const FIELDS = ['count', 'firstMs', 'first', 'lastMs', 'last', 'min', 'max', 'sum', 'increase'] as const

export function aggregateOf({ length, timesMs, values, stale }: Samples): Aggregate {
  let count = 0
  let [firstMs, first, lastMs, last] = [0, Number.NaN, 0, Number.NaN]
  let [min, max] = [Number.NaN, Number.NaN]
  let [sum, compensation, increase] = [0, 0, 0]
  for (let i = 0; i < length; i++) {
    if (stale?.[i] === 1) continue
    const value = values[i] as number
    if (count === 0) {
      firstMs = timesMs[i] as number
      first = value
    } else increase += value < last ? value : value - last
    // Neumaier's sum: small values after large ones are not lost.
    const total = sum + value
    compensation += Math.abs(sum) >= Math.abs(value) ? sum - total + value : value - total + sum
    sum = total
    if (!(min <= value)) min = Number.isNaN(value) ? min : value
    if (!(max >= value)) max = Number.isNaN(value) ? max : value
    lastMs = timesMs[i] as number
    last = value
    count++
  }
  if (Number.isFinite(compensation)) sum += compensation
  return { count, firstMs, first, lastMs, last, min, max, sum, increase }
}

export function encodeAggregate(aggregate: Aggregate): Uint8Array {
  return new Uint8Array(Float64Array.from(FIELDS, (field) => aggregate[field]).buffer)
}

export function decodeAggregate(body: Uint8Array): Aggregate {
  const numbers = new Float64Array(new Uint8Array(body).buffer)
  return Object.fromEntries(FIELDS.map((field, i) => [field, numbers[i]])) as unknown as Aggregate
}
