import type { Samples } from '../../model/sample.ts'

/** Samples of one series from two sources in the order of time; where both have one at a time, that of `known` stays. */
export function mergeSamples(known: Samples, added: Samples): Samples {
  if (known.length === 0) return added
  if (added.length === 0) return known
  const length = known.length + added.length
  const timesMs = new Float64Array(length)
  const values = new Float64Array(length)
  const stale = known.stale === undefined && added.stale === undefined ? undefined : new Uint8Array(length)
  let [a, b, at] = [0, 0, 0]
  while (a < known.length || b < added.length) {
    const timeA = a < known.length ? (known.timesMs[a] as number) : Number.POSITIVE_INFINITY
    const timeB = b < added.length ? (added.timesMs[b] as number) : Number.POSITIVE_INFINITY
    const [from, i] = timeA <= timeB ? [known, a] : [added, b]
    timesMs[at] = Math.min(timeA, timeB)
    values[at] = from.values[i] as number
    if (stale !== undefined) stale[at] = from.stale?.[i] ?? 0
    if (timeA <= timeB) a++
    if (timeB <= timeA) b++
    at++
  }
  return { length: at, timesMs: timesMs.subarray(0, at), values: values.subarray(0, at), stale: stale?.subarray(0, at) }
}
