import type { Evaluation } from '../evaluate/evaluation.ts'
import { interpolated, quantile, quantileOutside } from '../evaluate/quantile.ts'
import { borrowNumbers, returnNumbers } from '../evaluate/spare.ts'
import type { WindowWalk } from '../evaluate/window-walk.ts'
import type { Work } from '../evaluate/work.ts'

/** What it costs to look at a sample of a window, and at one bit of the rank of one that comes or goes; some nanoseconds. */
const LOOK = 7
const BIT = 4

/** quantile_over_time of all windows of a series; the quantile is each step's parameter. */
export function* quantilesInOrder(
  walk: WindowWalk,
  set: (step: number, value: number) => void,
  evaluation: Evaluation,
): Work<void> {
  const bits = Math.log2(walk.length + 1)
  let ranks: Ranks | undefined
  let scratch = borrowNumbers(0)
  let from = 0
  let to = 0
  for (let step = 0; step < walk.stepCount; step++) {
    const inside = walk.moveTo(step)
    if (evaluation.due(inside / 16 + 8)) yield
    if (inside === 0) continue
    const changed = Math.min(walk.from, to) - from + (walk.to - to)
    // A wide window of which most was in the last one, too: to follow what comes and goes is less than to look at all.
    if (ranks === undefined && step > 0 && changed * bits * BIT + bits * 100 < inside * LOOK) {
      ranks = yield* ranksOf(walk.values.subarray(0, walk.length), evaluation)
      from = walk.from
      to = walk.from
    }
    if (ranks === undefined) {
      if (scratch.length < inside) scratch = borrowNumbers(inside)
      scratch.set(walk.values.subarray(walk.from, walk.to))
      set(step, yield* quantile(walk.parameter, scratch, inside, evaluation))
    } else {
      for (let i = from; i < walk.from && i < to; i++) ranks.remove(i)
      for (let i = Math.max(to, walk.from); i < walk.to; i++) ranks.add(i)
      if (evaluation.due(changed)) yield
      set(step, ranks.quantile(walk.parameter))
    }
    from = walk.from
    to = walk.to
  }
  returnNumbers(scratch)
}

function* ranksOf(values: Float64Array, evaluation: Evaluation): Work<Ranks> {
  const sorted = values.slice().sort()
  if (evaluation.due(2 * sorted.length)) yield
  const ranks = new Ranks(values, sorted)
  if (evaluation.due(sorted.length)) yield
  return ranks
}

/**
 * Which of a series' samples are in a window, counted by the rank of their values: a sample comes or goes, and a rank is
 * found, in as many steps as the number of samples has bits.
 *
 * @see P. M. Fenwick, A new data structure for cumulative frequency tables, 1994
 */
class Ranks {
  readonly #sorted: Float64Array
  /** Of each sample; 0 is NaN, which sorts first. */
  readonly #rankOf: Uint32Array
  /** Counts of ranks, from 1. */
  readonly #tree: Int32Array
  readonly #top: number
  #nans = 0
  #count = 0

  /** @param sorted the values in order, NaN last */
  constructor(values: Float64Array, sorted: Float64Array) {
    const { length } = values
    this.#sorted = sorted
    this.#tree = new Int32Array(length + 1)
    this.#top = 2 ** Math.floor(Math.log2(Math.max(1, length)))
    this.#rankOf = new Uint32Array(length)
    for (let i = 0; i < length; i++) {
      const value = values[i] as number
      this.#rankOf[i] = Number.isNaN(value) ? 0 : rankIn(sorted, value) + 1
    }
  }

  add(sample: number): void {
    this.#change(this.#rankOf[sample] as number, 1)
  }

  remove(sample: number): void {
    this.#change(this.#rankOf[sample] as number, -1)
  }

  quantile(q: number): number {
    const count = this.#nans + this.#count
    const outside = quantileOutside(q, count)
    if (outside !== undefined) return outside
    const rank = q * (count - 1)
    const lower = Math.max(0, Math.floor(rank))
    return interpolated(this.#valueAt(lower), this.#valueAt(Math.min(lower + 1, count - 1)), rank)
  }

  #change(rank: number, by: 1 | -1): void {
    if (rank === 0) {
      this.#nans += by
      return
    }
    this.#count += by
    const tree = this.#tree
    for (let at = rank; at < tree.length; at += at & -at) tree[at] = (tree[at] as number) + by
  }

  /** The value at a place of the sorted window. */
  #valueAt(place: number): number {
    let left = place - this.#nans
    if (left < 0) return Number.NaN
    const tree = this.#tree
    let at = 0
    for (let stride = this.#top; stride > 0; stride >>>= 1) {
      const next = at + stride
      if (next >= tree.length || (tree[next] as number) > left) continue
      left -= tree[next] as number
      at = next
    }
    return this.#sorted[at] as number
  }
}

/** How many values are smaller; those that are NaN stand behind all others. */
function rankIn(sorted: Float64Array, value: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] as number) < value) low = middle + 1
    else high = middle
  }
  return low
}
