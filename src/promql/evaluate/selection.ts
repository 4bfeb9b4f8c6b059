import type { Samples } from '../../model/sample.ts'
import type { SelectedSeries } from './data.ts'
import type { Evaluation, StepSeries } from './evaluation.ts'

/**
 * For every time the newest sample with `time - lookbackMs < t <= time`; a staleness marker hides what is behind it.
 *
 * @param times epoch milliseconds, never descending
 * @returns undefined when no time has one
 */
export function newestSample(
  series: SelectedSeries,
  times: Float64Array,
  lookbackMs: number,
  evaluation: Pick<Evaluation, 'charge'>,
  read: (samples: Samples, at: number) => number = readValue,
): StepSeries | undefined {
  const count = times.length
  const samples = series.samples((times[0] as number) - lookbackMs, times[count - 1] as number)
  evaluation.charge(samples.length)
  const { length, timesMs, stale } = samples
  if (length === 0) return undefined
  const values = new Float64Array(count)
  const present = new Uint8Array(count)
  let found = false
  let behind = 0 // the first sample later than the time
  for (let i = 0; i < count; i++) {
    const time = times[i] as number
    while (behind < length && (timesMs[behind] as number) <= time) behind++
    const newest = behind - 1
    if (newest < 0 || (timesMs[newest] as number) <= time - lookbackMs) continue
    if (stale !== undefined && stale[newest] === 1) continue
    values[i] = read(samples, newest)
    present[i] = 1
    found = true
  }
  return found ? { labels: series.labels, values, present } : undefined
}

function readValue(samples: Samples, at: number): number {
  return samples.values[at] as number
}

/** The samples without staleness markers. */
export function withoutMarkers(samples: Samples): Samples {
  const { stale, length } = samples
  if (stale === undefined) return samples
  const timesMs = new Float64Array(length)
  const values = new Float64Array(length)
  let kept = 0
  for (let i = 0; i < length; i++) {
    if (stale[i] === 1) continue
    timesMs[kept] = samples.timesMs[i] as number
    values[kept] = samples.values[i] as number
    kept++
  }
  return { length: kept, timesMs: timesMs.subarray(0, kept), values: values.subarray(0, kept), stale: undefined }
}
