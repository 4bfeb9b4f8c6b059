import { AT, NEEDS, SUMMARY_SIZE } from './summary-columns.ts'
import {
  takeDrop,
  takeDrops,
  takeExtremes,
  takeLine,
  takeLineOf,
  takeSquares,
  takeSteps,
  takeSum,
} from './summary-loops.ts'
import { add, divide, setProduct } from './two-doubles.ts'

export { AT, NEEDS, SUMMARY_SIZE } from './summary-columns.ts'

/**
 * A sum is taken from parts only when at most 24 of its leading bits cancelled out: then rounding in other places shows in
 * less than one of a hundred thousand results.
 */
const WELL_CONDITIONED = 2 ** -24
/** Between these, products and their errors are exact. */
const LARGEST_SAFE = 2 ** 900
const SMALLEST_SAFE = 2 ** -900
/** A sum this near to the middle between two doubles is not sure to be rounded to the same one always. */
const NUDGE = 2 ** -30

const scratch = new Float64Array(2)

/** Whether a number of two doubles is clearly nearest to its first. */
function isRoundedSafely(pair: Float64Array, at: number): boolean {
  const high = pair[at] as number
  return high + (pair[at + 1] as number) * (1 + NUDGE) === high
}

/**
 * A run of samples of one series in a few numbers, without staleness markers.
 *
 * Sums are kept to twice a double's precision, so that a sum of sums is, rounded, the sum of the samples: the same answer
 * whether a window is read sample by sample or put together from what was summed up long ago.
 * (T. J. Dekker, A floating-point technique for extending the available precision, 1971.)
 */
export class Summary {
  /** By `AT`; times are milliseconds, those summed up count from the first sample. */
  readonly numbers = new Float64Array(SUMMARY_SIZE)
  needs = 0

  /** Empties it. Only the numbers that `needs` names, and count, first and last, will be right. */
  begin(needs: number): this {
    const { numbers } = this
    // The first samples set ends and extremes. Most windows are those of rates.
    numbers[AT.count] = 0
    numbers[AT.drops] = 0
    numbers[AT.dropsLow] = 0
    if (needs > NEEDS.growth) numbers.fill(0, AT.resets)
    this.needs = needs
    return this
  }

  get count(): number {
    return this.numbers[AT.count] as number
  }
  get firstMs(): number {
    return this.numbers[AT.firstMs] as number
  }
  get lastMs(): number {
    return this.numbers[AT.lastMs] as number
  }
  get first(): number {
    return this.numbers[AT.first] as number
  }
  get last(): number {
    return this.numbers[AT.last] as number
  }
  /** NaN only when every value is NaN; so is `max`. */
  get min(): number {
    return this.numbers[AT.min] as number
  }
  get max(): number {
    return this.numbers[AT.max] as number
  }
  /** How often a value was smaller than the one before. */
  get resets(): number {
    return this.numbers[AT.resets] as number
  }
  /** How often a value differed from the one before; NaN after NaN is no change. */
  get changes(): number {
    return this.numbers[AT.changes] as number
  }
  /**
   * `last - first` and the value before every drop.
   *
   * @returns undefined when the order of adding may show in it, as it may where negative values dropped
   */
  get increase(): number | undefined {
    const { numbers } = this
    const grown = (numbers[AT.last] as number) - (numbers[AT.first] as number)
    const drops = numbers[AT.drops] as number
    if (drops === 0) return grown
    if (drops === Number.POSITIVE_INFINITY) return grown + drops
    return isRoundedSafely(numbers, AT.drops) ? grown + drops : undefined
  }
  get sum(): number {
    return this.numbers[AT.sum] as number
  }
  get sumLow(): number {
    return this.numbers[AT.sumLow] as number
  }

  /** The largest distance of a value from 0; NaN when every value is NaN. */
  get #largest(): number {
    const { numbers } = this
    return Math.max(Math.abs(numbers[AT.min] as number), Math.abs(numbers[AT.max] as number))
  }

  /** False when the order of adding may show in the sum: where it overflows or cancels out, or is hard to round. */
  get isSumSafe(): boolean {
    const { numbers } = this
    const magnitude = this.#largest * (numbers[AT.count] as number)
    if (!(magnitude < LARGEST_SAFE)) return false
    const sum = numbers[AT.sum] as number
    if (!(Math.abs(sum) >= magnitude * WELL_CONDITIONED)) return Number.isNaN(sum)
    return isRoundedSafely(numbers, AT.sum)
  }

  /**
   * The mean.
   *
   * @returns undefined when the order of adding may show in it
   */
  get mean(): number | undefined {
    if (!this.isSumSafe) return undefined
    const { numbers } = this
    const count = numbers[AT.count] as number
    const mean = (numbers[AT.sum] as number) / count
    const rest = (numbers[AT.sumLow] as number) / count
    if (mean + rest * (1 + NUDGE) !== mean + rest * (1 - NUDGE)) return Number.isNaN(mean) ? mean : undefined
    return mean + rest
  }

  /** Whether all values are the same finite number. */
  get #isConstant(): boolean {
    const { numbers } = this
    return numbers[AT.min] === numbers[AT.max] && Number.isFinite(numbers[AT.sum]) && (numbers[AT.count] as number) > 0
  }

  /**
   * The population variance.
   *
   * @returns undefined when so little of the squares is left that it has to be computed from the samples, around their mean
   */
  get variance(): number | undefined {
    const { numbers } = this
    if (this.#isConstant) return 0
    const count = numbers[AT.count] as number
    const squares = numbers[AT.squares] as number
    if (!(squares < LARGEST_SAFE && squares > SMALLEST_SAFE)) return undefined
    setProduct(scratch, 0, numbers, AT.sum, numbers, AT.sum)
    divide(scratch, 0, -count)
    add(scratch, 0, squares, numbers[AT.squaresLow] as number)
    const left = scratch[0] as number
    return left > squares * WELL_CONDITIONED && isRoundedSafely(scratch, 0) ? left / count : undefined
  }

  /**
   * The least-squares line through at least two samples.
   *
   * @param atMs where `value` is wanted
   * @returns undefined when it has to be computed from the samples, around their means
   */
  line(atMs: number): Line | undefined {
    const { numbers } = this
    if (this.#isConstant) return { slopePerSecond: 0, value: numbers[AT.first] as number }
    const { mean } = this
    if (mean === undefined || Number.isNaN(mean)) return undefined
    const count = numbers[AT.count] as number
    const times = numbers[AT.times] as number
    const largest = this.#largest * times
    setProduct(scratch, 0, numbers, AT.times, numbers, AT.sum)
    divide(scratch, 0, -count)
    add(scratch, 0, numbers[AT.timesValues] as number, numbers[AT.timesValuesLow] as number)
    const covariance = scratch[0] as number
    if (!(largest < LARGEST_SAFE && Math.abs(covariance) > largest * WELL_CONDITIONED)) return undefined
    if (!(Math.abs(covariance) > SMALLEST_SAFE && isRoundedSafely(scratch, 0))) return undefined
    setProduct(scratch, 0, numbers, AT.times, numbers, AT.times)
    divide(scratch, 0, -count)
    add(scratch, 0, numbers[AT.timesSquared] as number, numbers[AT.timesSquaredLow] as number)
    const slope = covariance / (scratch[0] as number)
    const value = mean + slope * (atMs - (numbers[AT.firstMs] as number) - times / count)
    return { slopePerSecond: slope * 1000, value }
  }

  /** Takes samples `from` to `to` (exclusive) in, all later than what it has; no staleness markers among them. */
  takeSamples(timesMs: Float64Array, values: Float64Array, from: number, to: number): void {
    if (from >= to) return
    const { numbers, needs } = this
    const isEmpty = numbers[AT.count] === 0
    const first = values[from] as number
    if (isEmpty) {
      numbers[AT.firstMs] = timesMs[from] as number
      numbers[AT.first] = first
      // None of these has one before it.
      numbers[AT.last] = first
      numbers[AT.min] = first
      numbers[AT.max] = first
    }
    if (needs & NEEDS.growth) takeDrops(numbers, values, from, to)
    if (needs & NEEDS.steps) takeSteps(numbers, values, from, to)
    if (needs & NEEDS.sum) takeSum(numbers, values, from, to)
    if (needs & NEEDS.extremes) takeExtremes(numbers, values, from, to)
    if (needs & NEEDS.squares) takeSquares(numbers, values, from, to)
    if (needs & NEEDS.line) takeLine(numbers, timesMs, values, from, to)
    numbers[AT.lastMs] = timesMs[to - 1] as number
    numbers[AT.last] = values[to - 1] as number
    numbers[AT.count] = (numbers[AT.count] as number) + (to - from)
  }

  /** As `begin` and `takeSamples` of at least one sample, where it is known that no value is smaller than the one before. */
  setEnds(needs: number, timesMs: Float64Array, values: Float64Array, from: number, to: number): void {
    const { numbers } = this
    this.needs = needs
    numbers[AT.count] = to - from
    numbers[AT.firstMs] = timesMs[from] as number
    numbers[AT.first] = values[from] as number
    numbers[AT.lastMs] = timesMs[to - 1] as number
    numbers[AT.last] = values[to - 1] as number
    numbers[AT.drops] = 0
    numbers[AT.dropsLow] = 0
  }

  /** Takes the stored summaries `from` to `to` (exclusive) in, one after the other. */
  takePieces(pieces: Float64Array, from: number, to: number): void {
    const { numbers } = this
    for (let row = from; row < to; row++) {
      const at = row * SUMMARY_SIZE
      // Most days of most counters know no drop: then their ends are all that counts.
      const isPlain =
        this.needs === NEEDS.growth &&
        numbers[AT.count] !== 0 &&
        pieces[at + AT.count] !== 0 &&
        pieces[at + AT.drops] === 0 &&
        (pieces[at + AT.first] as number) >= (numbers[AT.last] as number)
      if (!isPlain) {
        this.takePiece(pieces, at)
        continue
      }
      numbers[AT.count] = (numbers[AT.count] as number) + (pieces[at + AT.count] as number)
      numbers[AT.lastMs] = pieces[at + AT.lastMs] as number
      numbers[AT.last] = pieces[at + AT.last] as number
    }
  }

  /** Takes a stored summary in, whose samples are all later than what it has. */
  takePiece(piece: Float64Array, at: number): void {
    const count = piece[at + AT.count] as number
    if (count === 0) return
    const { numbers, needs } = this
    const first = piece[at + AT.first] as number
    if (numbers[AT.count] === 0) {
      numbers[AT.firstMs] = piece[at + AT.firstMs] as number
      numbers[AT.first] = first
      numbers[AT.last] = first
      numbers[AT.min] = piece[at + AT.min] as number
      numbers[AT.max] = piece[at + AT.max] as number
    }
    const last = numbers[AT.last] as number
    if (needs & NEEDS.growth) {
      const drops = piece[at + AT.drops] as number
      if (drops !== 0) add(numbers, AT.drops, drops, piece[at + AT.dropsLow] as number)
      if (first < last) takeDrop(numbers, last)
    }
    if (needs & NEEDS.steps) {
      const drop = first < last ? 1 : 0
      const change = first !== last && !(Number.isNaN(first) && Number.isNaN(last)) ? 1 : 0
      numbers[AT.resets] = (numbers[AT.resets] as number) + (piece[at + AT.resets] as number) + drop
      numbers[AT.changes] = (numbers[AT.changes] as number) + (piece[at + AT.changes] as number) + change
    }
    if (needs & NEEDS.extremes) {
      const min = piece[at + AT.min] as number
      const max = piece[at + AT.max] as number
      if (min < (numbers[AT.min] as number) || Number.isNaN(numbers[AT.min])) numbers[AT.min] = min
      if (max > (numbers[AT.max] as number) || Number.isNaN(numbers[AT.max])) numbers[AT.max] = max
    }
    if (needs & NEEDS.squares)
      add(numbers, AT.squares, piece[at + AT.squares] as number, piece[at + AT.squaresLow] as number)
    if (needs & NEEDS.line) takeLineOf(numbers, piece, at)
    if (needs & NEEDS.sum) add(numbers, AT.sum, piece[at + AT.sum] as number, piece[at + AT.sumLow] as number)
    numbers[AT.lastMs] = piece[at + AT.lastMs] as number
    numbers[AT.last] = piece[at + AT.last] as number
    numbers[AT.count] = (numbers[AT.count] as number) + count
  }
}

/** A straight line: how it rises, and its value where it was asked for. */
export interface Line {
  readonly slopePerSecond: number
  readonly value: number
}
