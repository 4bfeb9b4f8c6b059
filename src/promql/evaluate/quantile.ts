import type { Evaluation } from './evaluation.ts'
import type { Work } from './work.ts'

/**
 * The φ-quantile of the first `count` values, which are put into another order: NaN counts as smallest, between two values it
 * is interpolated.
 */
export function* quantile(q: number, values: Float64Array, count: number, evaluation: Evaluation): Work<number> {
  const outside = quantileOutside(q, count)
  if (outside !== undefined) return outside
  const nans = nansFirst(values, count)
  const rank = q * (count - 1)
  const lower = Math.max(0, Math.floor(rank))
  if (lower < nans) return Number.NaN
  yield* select(values, nans, count - 1, lower, evaluation)
  // All behind the selected one are at least as large.
  let upper = values[Math.min(lower + 1, count - 1)] as number
  for (let i = lower + 2; i < count; i++) if ((values[i] as number) < upper) upper = values[i] as number
  return interpolated(values[lower] as number, upper, rank)
}

/** What is no matter of values: undefined when there is a value to be found. */
export function quantileOutside(q: number, count: number): number | undefined {
  if (count === 0 || Number.isNaN(q)) return Number.NaN
  if (q < 0) return Number.NEGATIVE_INFINITY
  return q > 1 ? Number.POSITIVE_INFINITY : undefined
}

export function interpolated(lower: number, upper: number, rank: number): number {
  const weight = rank - Math.floor(rank)
  return lower * (1 - weight) + upper * weight
}

/** Moves NaN to the front; returns how many there are. */
function nansFirst(values: Float64Array, count: number): number {
  let nans = 0
  for (let i = 0; i < count; i++) {
    if (!Number.isNaN(values[i])) continue
    values[i] = values[nans] as number
    values[nans++] = Number.NaN
  }
  return nans
}

/** Larger parts are first narrowed down by a sample of them. */
const LARGE = 600

/**
 * Puts the value that would be at `k` in sorted order there, none larger before and none smaller behind it.
 *
 * @see R. W. Floyd, R. L. Rivest, Algorithm 489: select, 1975
 */
function* select(values: Float64Array, from: number, to: number, k: number, evaluation: Evaluation): Work<void> {
  let left = from
  let right = to
  while (right > left) {
    const size = right - left + 1
    if (size > LARGE) {
      if (evaluation.due(size / 16)) yield
      const at = k - left + 1
      const logarithm = Math.log(size)
      const part = 0.5 * Math.exp((2 * logarithm) / 3)
      const shift = 0.5 * Math.sqrt((logarithm * part * (size - part)) / size) * (at < size / 2 ? -1 : 1)
      const partLeft = Math.max(left, Math.floor(k - (at * part) / size + shift))
      const partRight = Math.min(right, Math.floor(k + ((size - at) * part) / size + shift))
      yield* select(values, partLeft, partRight, k, evaluation)
    }
    const j = partition(values, left, right, k)
    if (j <= k) left = j + 1
    if (k <= j) right = j - 1
  }
}

/** Puts what is at `k` where it would be in sorted order, smaller ones before it and larger ones behind; returns that place. */
function partition(values: Float64Array, left: number, right: number, k: number): number {
  const pivot = values[k] as number
  let i = left
  let j = right
  swap(values, left, k)
  if ((values[right] as number) > pivot) swap(values, right, left)
  while (i < j) {
    swap(values, i, j)
    i++
    j--
    while ((values[i] as number) < pivot) i++
    while ((values[j] as number) > pivot) j--
  }
  if (values[left] === pivot) swap(values, left, j)
  else swap(values, ++j, right)
  return j
}

function swap(values: Float64Array, i: number, j: number): void {
  const value = values[i] as number
  values[i] = values[j] as number
  values[j] = value
}
