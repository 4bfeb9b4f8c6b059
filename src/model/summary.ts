/** Which numbers of a summary are wanted, as bits; what every summary has needs none. */
export const NEEDS = {
  /** `drops`: what a counter's growth needs beside its first and last value. */
  growth: 1,
  /** `resets` and `changes`. */
  steps: 2,
  sum: 4,
  /** `min` and `max`. */
  extremes: 8,
  squares: 16,
  /** The sums over time that a straight line needs; goes with `sum`. */
  line: 32,
  all: 63,
} as const

/** Where each number stands in the columns of a stored summary. `…_LOW` is what the double before it could not hold. */
export const AT = {
  count: 0,
  firstMs: 1,
  lastMs: 2,
  first: 3,
  last: 4,
  min: 5,
  max: 6,
  drops: 7,
  dropsLow: 8,
  resets: 9,
  changes: 10,
  sum: 11,
  sumLow: 12,
  squares: 13,
  squaresLow: 14,
  times: 15,
  timesLow: 16,
  timesSquared: 17,
  timesSquaredLow: 18,
  timesValues: 19,
  timesValuesLow: 20,
} as const

/** How many numbers a stored summary has. */
export const SUMMARY_SIZE = 21

/** A sum is taken from parts only when at most this many of its leading bits cancelled out. */
const WELL_CONDITIONED = 2 ** -40
const LARGEST_SAFE = 2 ** 990

/**
 * A run of samples of one series in a few numbers, without staleness markers.
 *
 * Sums are kept to twice a double's precision, so that a sum of sums is, rounded, the sum of the samples: the same answer
 * whether a window is read sample by sample or put together from what was summed up long ago.
 * (T. J. Dekker, A floating-point technique for extending the available precision, 1971.)
 */
export class Summary {
  /** By `AT`; times are milliseconds, those summed up count from `originMs`. */
  readonly numbers = new Float64Array(SUMMARY_SIZE)
  needs = 0
  originMs = 0

  /** Empties it. Only the numbers that `needs` names, and count, first and last, will be right. */
  begin(needs: number, originMs: number): this {
    this.numbers.fill(0)
    this.needs = needs
    this.originMs = originMs
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
  /** `last - first` and the value before every drop. */
  get increase(): number {
    const { numbers } = this
    const grown = (numbers[AT.last] as number) - (numbers[AT.first] as number)
    const drops = numbers[AT.drops] as number
    return drops === 0 ? grown : grown + drops
  }
  get sum(): number {
    return this.numbers[AT.sum] as number
  }
  get sumLow(): number {
    return this.numbers[AT.sumLow] as number
  }

  /** False when the order of adding may show in the sum: close to cancelling out, to overflow, or not finite. */
  get isSumSafe(): boolean {
    const { numbers } = this
    const magnitude =
      Math.max(Math.abs(numbers[AT.min] as number), Math.abs(numbers[AT.max] as number)) * (numbers[AT.count] as number)
    const sum = Math.abs(numbers[AT.sum] as number)
    return magnitude < LARGEST_SAFE && sum >= magnitude * WELL_CONDITIONED
  }

  /**
   * The population variance.
   *
   * @returns undefined when so little of the squares is left that it has to be computed from the samples, around their mean
   */
  get variance(): number | undefined {
    const { numbers } = this
    const count = numbers[AT.count] as number
    if (numbers[AT.min] === numbers[AT.max] && count > 0 && Number.isFinite(numbers[AT.sum])) return 0
    const squares = numbers[AT.squares] as number
    // sum²/count, to twice the precision
    multiply(
      numbers[AT.sum] as number,
      numbers[AT.sumLow] as number,
      numbers[AT.sum] as number,
      numbers[AT.sumLow] as number,
    )
    divide(high, low, count)
    add(squares, numbers[AT.squaresLow] as number, -high, -low)
    if (!(high > squares * 2 ** -50) || !(squares < LARGEST_SAFE)) return undefined
    return high / count
  }

  /**
   * The least-squares line.
   *
   * @param atMs where `value` is wanted
   * @returns undefined when it has to be computed from the samples
   */
  line(atMs: number): { readonly slopePerSecond: number; readonly value: number } | undefined {
    const { numbers } = this
    const count = numbers[AT.count] as number
    const sum = numbers[AT.sum] as number
    if (!Number.isFinite(sum) || !Number.isFinite(numbers[AT.timesValues] as number)) return undefined
    if (numbers[AT.min] === numbers[AT.max]) return { slopePerSecond: 0, value: numbers[AT.first] as number }
    const times = numbers[AT.times] as number
    const timesLow = numbers[AT.timesLow] as number
    multiply(times, timesLow, sum, numbers[AT.sumLow] as number)
    divide(high, low, count)
    add(numbers[AT.timesValues] as number, numbers[AT.timesValuesLow] as number, -high, -low)
    const covariance = high
    multiply(times, timesLow, times, timesLow)
    divide(high, low, count)
    add(numbers[AT.timesSquared] as number, numbers[AT.timesSquaredLow] as number, -high, -low)
    const slope = covariance / high
    const value = sum / count + slope * (atMs - this.originMs - times / count)
    return { slopePerSecond: slope * 1000, value }
  }

  /** Takes samples `from` to `to` (exclusive) in, all later than what it has; no staleness markers among them. */
  takeSamples(timesMs: Float64Array, values: Float64Array, from: number, to: number): void {
    if (from >= to) return
    const { numbers, needs } = this
    const isEmpty = numbers[AT.count] === 0
    const first = values[from] as number
    // Up to here the last value is that of the samples before these.
    if (needs & NEEDS.growth) this.#takeDrops(values, from, to, isEmpty)
    if (needs & NEEDS.steps) this.#takeSteps(values, from, to, isEmpty)
    if (needs & NEEDS.sum) this.#takeSum(values, from, to)
    if (needs & NEEDS.extremes) this.#takeExtremes(values, from, to, isEmpty)
    if (needs & NEEDS.squares) this.#takeSquares(values, from, to)
    if (needs & NEEDS.line) this.#takeLine(timesMs, values, from, to)
    if (isEmpty) {
      numbers[AT.firstMs] = timesMs[from] as number
      numbers[AT.first] = first
    }
    numbers[AT.lastMs] = timesMs[to - 1] as number
    numbers[AT.last] = values[to - 1] as number
    numbers[AT.count] = (numbers[AT.count] as number) + (to - from)
  }

  /** Takes a stored summary in, whose samples are all later than what it has; its own origin was its first sample. */
  takePiece(piece: Float64Array, at: number): void {
    const count = piece[at + AT.count] as number
    if (count === 0) return
    const { numbers, needs } = this
    const isEmpty = numbers[AT.count] === 0
    const first = piece[at + AT.first] as number
    const last = numbers[AT.last] as number
    const drop = !isEmpty && first < last
    if (needs & NEEDS.growth) {
      const drops = piece[at + AT.drops] as number
      if (drops !== 0) this.#add(AT.drops, drops, piece[at + AT.dropsLow] as number)
      if (drop) this.#add(AT.drops, last, 0)
    }
    if (needs & NEEDS.steps) {
      const changed = !isEmpty && first !== last && !(Number.isNaN(first) && Number.isNaN(last))
      numbers[AT.resets] = (numbers[AT.resets] as number) + (piece[at + AT.resets] as number) + (drop ? 1 : 0)
      numbers[AT.changes] = (numbers[AT.changes] as number) + (piece[at + AT.changes] as number) + (changed ? 1 : 0)
    }
    if (needs & NEEDS.extremes) {
      const min = piece[at + AT.min] as number
      const max = piece[at + AT.max] as number
      if (isEmpty || min < (numbers[AT.min] as number) || Number.isNaN(numbers[AT.min])) numbers[AT.min] = min
      if (isEmpty || max > (numbers[AT.max] as number) || Number.isNaN(numbers[AT.max])) numbers[AT.max] = max
    }
    if (needs & NEEDS.squares)
      this.#add(AT.squares, piece[at + AT.squares] as number, piece[at + AT.squaresLow] as number)
    if (needs & NEEDS.line) this.#takeLineOf(piece, at, count)
    if (needs & NEEDS.sum) this.#add(AT.sum, piece[at + AT.sum] as number, piece[at + AT.sumLow] as number)
    if (isEmpty) {
      numbers[AT.firstMs] = piece[at + AT.firstMs] as number
      numbers[AT.first] = first
    }
    numbers[AT.lastMs] = piece[at + AT.lastMs] as number
    numbers[AT.last] = piece[at + AT.last] as number
    numbers[AT.count] = (numbers[AT.count] as number) + count
  }

  #takeDrops(values: Float64Array, from: number, to: number, isEmpty: boolean): void {
    let before = isEmpty ? (values[from] as number) : (this.numbers[AT.last] as number)
    for (let i = from; i < to; i++) {
      const value = values[i] as number
      if (value < before) this.#add(AT.drops, before, 0)
      before = value
    }
  }

  #takeSteps(values: Float64Array, from: number, to: number, isEmpty: boolean): void {
    let before = isEmpty ? (values[from] as number) : (this.numbers[AT.last] as number)
    let resets = 0
    let changes = 0
    for (let i = from; i < to; i++) {
      const value = values[i] as number
      if (value < before) resets++
      if (value !== before && !(Number.isNaN(value) && Number.isNaN(before))) changes++
      before = value
    }
    this.numbers[AT.resets] = (this.numbers[AT.resets] as number) + resets
    this.numbers[AT.changes] = (this.numbers[AT.changes] as number) + changes
  }

  #takeSum(values: Float64Array, from: number, to: number): void {
    let sum = this.numbers[AT.sum] as number
    let rest = this.numbers[AT.sumLow] as number
    for (let i = from; i < to; i++) {
      const value = values[i] as number
      const total = sum + value
      if (total - total !== 0) {
        sum = total
        rest = 0
        continue
      }
      const back = total - sum
      const error = sum - (total - back) + (value - back) + rest
      sum = total + error
      rest = error - (sum - total)
    }
    this.numbers[AT.sum] = sum
    this.numbers[AT.sumLow] = rest
  }

  #takeExtremes(values: Float64Array, from: number, to: number, isEmpty: boolean): void {
    const { numbers } = this
    let min = isEmpty ? (values[from] as number) : (numbers[AT.min] as number)
    let max = isEmpty ? min : (numbers[AT.max] as number)
    for (let i = from; i < to; i++) {
      const value = values[i] as number
      if (value < min || Number.isNaN(min)) min = value
      if (value > max || Number.isNaN(max)) max = value
    }
    numbers[AT.min] = min
    numbers[AT.max] = max
  }

  #takeSquares(values: Float64Array, from: number, to: number): void {
    for (let i = from; i < to; i++) {
      const value = values[i] as number
      product(value, value)
      this.#add(AT.squares, high, low)
    }
  }

  #takeLine(timesMs: Float64Array, values: Float64Array, from: number, to: number): void {
    const { originMs } = this
    for (let i = from; i < to; i++) {
      const time = (timesMs[i] as number) - originMs
      this.#add(AT.times, time, 0)
      product(time, time)
      this.#add(AT.timesSquared, high, low)
      product(time, values[i] as number)
      this.#add(AT.timesValues, high, low)
    }
  }

  /** The piece's sums over time, moved from its origin to this one's. */
  #takeLineOf(piece: Float64Array, at: number, count: number): void {
    const shift = (piece[at + AT.firstMs] as number) - this.originMs
    const times = piece[at + AT.times] as number
    const timesLow = piece[at + AT.timesLow] as number
    this.#add(AT.timesSquared, piece[at + AT.timesSquared] as number, piece[at + AT.timesSquaredLow] as number)
    multiply(times, timesLow, 2 * shift, 0)
    this.#add(AT.timesSquared, high, low)
    product(shift, shift)
    multiply(high, low, count, 0)
    this.#add(AT.timesSquared, high, low)
    this.#add(AT.times, times, timesLow)
    product(count, shift)
    this.#add(AT.times, high, low)
    this.#add(AT.timesValues, piece[at + AT.timesValues] as number, piece[at + AT.timesValuesLow] as number)
    multiply(piece[at + AT.sum] as number, piece[at + AT.sumLow] as number, shift, 0)
    this.#add(AT.timesValues, high, low)
  }

  #add(field: number, valueHigh: number, valueLow: number): void {
    const { numbers } = this
    add(numbers[field] as number, numbers[field + 1] as number, valueHigh, valueLow)
    numbers[field] = high
    numbers[field + 1] = low
  }
}

// Results of the functions below: two numbers, and no object for each of millions of additions.
let high = 0
let low = 0

function add(aHigh: number, aLow: number, bHigh: number, bLow: number): void {
  const total = aHigh + bHigh
  if (total - total !== 0) {
    high = total
    low = 0
    return
  }
  const back = total - aHigh
  let error = aHigh - (total - back) + (bHigh - back)
  const lows = aLow + bLow
  const lowBack = lows - aLow
  const lowError = aLow - (lows - lowBack) + (bLow - lowBack)
  error += lows
  const sum = total + error
  error = error - (sum - total) + lowError
  high = sum + error
  low = error - (high - sum)
}

const SPLIT = 2 ** 27 + 1

/** The product of two doubles, exactly, unless it leaves their range. */
function product(a: number, b: number): void {
  const result = a * b
  const aSplit = SPLIT * a
  const aTop = aSplit - (aSplit - a)
  const aRest = a - aTop
  const bSplit = SPLIT * b
  const bTop = bSplit - (bSplit - b)
  const bRest = b - bTop
  high = result
  low = aTop * bTop - result + aTop * bRest + aRest * bTop + aRest * bRest
  if (low - low !== 0) low = 0
}

function multiply(aHigh: number, aLow: number, bHigh: number, bLow: number): void {
  product(aHigh, bHigh)
  const rest = low + (aHigh * bLow + aLow * bHigh)
  const result = high + rest
  low = rest - (result - high)
  high = result
}

function divide(aHigh: number, aLow: number, divisor: number): void {
  const first = aHigh / divisor
  product(first, divisor)
  const rest = aHigh - high - low + aLow
  const second = rest / divisor
  high = first + second
  low = second - (high - first)
}
