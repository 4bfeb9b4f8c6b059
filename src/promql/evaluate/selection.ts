import type { Samples } from '../../model/sample.ts'
import type { SelectedSeries } from './data.ts'
import type { Evaluation, Selection } from './evaluation.ts'
import { Vector } from './vector.ts'
import type { Work } from './work.ts'

/**
 * For every time the newest sample within the lookback; a staleness marker hides what is behind it.
 *
 * @param wanted what of the sample: its value, or when it was measured, in seconds
 */
export function* newestSamples(
  { series, times, lookbackMs }: Selection,
  wanted: 'value' | 'time',
  evaluation: Evaluation,
): Work<Vector> {
  const steps = times.length
  evaluation.charge(series.length * steps)
  const vector = Vector.empty(steps, series.length)
  const endMs = times[steps - 1] as number
  const startMs = (times[0] as number) - lookbackMs
  let read = 0
  for (let i = 0; i < series.length; i++) {
    if (evaluation.due(1)) yield
    const selected = series[i] as SelectedSeries
    if (steps === 1 && selected.newest !== undefined) {
      read++
      const sample = selected.newest(startMs, endMs)
      if (sample === undefined || sample.isStale) continue
      const at = vector.room()
      vector.values[at] = wanted === 'value' ? sample.value : sample.timeMs / 1000
      vector.keep(selected.labels)
      continue
    }
    const samples = selected.samples(startMs, endMs)
    evaluation.charge(samples.length)
    if (evaluation.due(8 + steps + samples.length / 8)) yield
    if (fill(samples, times, lookbackMs, wanted, vector)) vector.keep(selected.labels)
  }
  evaluation.charge(read)
  return vector
}

/** As `newestSamples`, for one time and few series whose newest sample can be asked for; undefined for others. */
export function newestSamplesNow({ series, times, lookbackMs }: Selection, evaluation: Evaluation): Vector | undefined {
  const vector = Vector.empty(1, series.length)
  const endMs = times[0] as number
  for (const selected of series) {
    if (selected.newest === undefined) return undefined
    const sample = selected.newest(endMs - lookbackMs, endMs)
    if (sample === undefined || sample.isStale) continue
    vector.values[vector.room()] = sample.value
    vector.keep(selected.labels)
  }
  evaluation.charge(series.length)
  return vector
}

/** Writes what is found behind the vector's last series; false when there is nothing. */
function fill(
  { length, timesMs, values, stale }: Samples,
  times: Float64Array,
  lookbackMs: number,
  wanted: 'value' | 'time',
  vector: Vector,
): boolean {
  if (length === 0) return false
  const at = vector.room()
  let found = false
  let behind = 0 // the first sample later than the time
  for (let i = 0; i < times.length; i++) {
    const time = times[i] as number
    while (behind < length && (timesMs[behind] as number) <= time) behind++
    const newest = behind - 1
    if (newest < 0 || (timesMs[newest] as number) <= time - lookbackMs) continue
    if (stale !== undefined && stale[newest] === 1) continue
    vector.values[at + i] = wanted === 'value' ? (values[newest] as number) : (timesMs[newest] as number) / 1000
    vector.present[at + i] = 1
    found = true
  }
  return found
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
