import { NO_SAMPLES, type Samples } from '../../model/sample.ts'

/** Parts of one series, in time order, as one run of samples with `fromMs < t <= toMs`. */
export function joinSamples(
  older: readonly Samples[],
  newest: Samples | undefined,
  fromMs: number,
  toMs: number,
): Samples {
  const parts = [...older, newest ?? NO_SAMPLES]
    .map((part) => within(part, fromMs, toMs))
    .filter(({ length }) => length > 0)
  const [only] = parts
  if (only === undefined) return NO_SAMPLES
  if (parts.length === 1) return only
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  const timesMs = new Float64Array(length)
  const values = new Float64Array(length)
  const stale = parts.some((part) => part.stale !== undefined) ? new Uint8Array(length) : undefined
  let at = 0
  for (const part of parts) {
    timesMs.set(part.timesMs, at)
    values.set(part.values, at)
    if (part.stale !== undefined) stale?.set(part.stale, at)
    at += part.length
  }
  return { length, timesMs, values, stale }
}

function within(samples: Samples, fromMs: number, toMs: number): Samples {
  const from = firstAfter(samples, fromMs)
  const to = firstAfter(samples, toMs)
  if (from === 0 && to === samples.length) return samples
  if (from >= to) return NO_SAMPLES
  return {
    length: to - from,
    timesMs: samples.timesMs.subarray(from, to),
    values: samples.values.subarray(from, to),
    stale: samples.stale?.subarray(from, to),
  }
}

/** Index of the first sample after `timeMs`. */
function firstAfter({ timesMs, length }: Samples, timeMs: number): number {
  let low = 0
  let high = length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((timesMs[middle] as number) <= timeMs) low = middle + 1
    else high = middle
  }
  return low
}
