import type { Samples } from '../../model/sample.ts'
import { AT, NEEDS, SUMMARY_SIZE, type Summary } from '../../model/summary.ts'

const piece = new Float64Array(SUMMARY_SIZE)

/**
 * Takes the samples of a run with `startMs < t <= endMs` into a summary.
 *
 * @param run without staleness markers
 * @param hasDrops whether a value anywhere in the run is smaller than the one before
 */
export function takeRun(summary: Summary, run: Samples, hasDrops: boolean, startMs: number, endMs: number): void {
  const { timesMs, values } = run
  const { from, to } = within(run, startMs, endMs)
  if (from >= to) return
  if (summary.needs !== NEEDS.growth || hasDrops) {
    summary.takeSamples(timesMs, values, from, to)
    return
  }
  // Where nothing drops, the two ends tell everything about growth.
  piece[AT.count] = to - from
  piece[AT.firstMs] = timesMs[from] as number
  piece[AT.lastMs] = timesMs[to - 1] as number
  piece[AT.first] = values[from] as number
  piece[AT.last] = values[to - 1] as number
  summary.takePiece(piece, 0)
}

/** Which samples of a run have `startMs < t <= endMs`: from one to before another. */
export function within({ length, timesMs }: Samples, startMs: number, endMs: number): { from: number; to: number } {
  if (length === 0) return { from: 0, to: 0 }
  return {
    from: startMs < (timesMs[0] as number) ? 0 : firstAfter(timesMs, length, startMs),
    to: endMs >= (timesMs[length - 1] as number) ? length : firstAfter(timesMs, length, endMs),
  }
}

/** Index of the first of `length` times after `timeMs`. */
export function firstAfter(timesMs: Float64Array, length: number, timeMs: number): number {
  let low = 0
  let high = length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((timesMs[middle] as number) <= timeMs) low = middle + 1
    else high = middle
  }
  return low
}
