/**
 * Numbers of two doubles, of which the second is what the first could not hold: twice the precision. They stand in arrays,
 * the second behind the first, so that no object is made for each of millions of additions.
 *
 * @see T. J. Dekker, A floating-point technique for extending the available precision, 1971
 * @see T. Ogita, S. M. Rump, S. Oishi, Accurate sum and dot product, 2005
 */

/** Puts a number of two doubles into `pair` at `at`, such that the first is the nearest double. */
export function set(pair: Float64Array, at: number, high: number, low: number): void {
  const sum = high + low
  const isRegular = sum - sum === 0
  pair[at] = isRegular ? sum : high
  pair[at + 1] = isRegular ? low - (sum - high) : 0
}

/** What `a + b`, rounded to `total`, lost. */
export function additionError(a: number, b: number, total: number): number {
  const back = total - a
  return a - (total - back) + (b - back)
}

/** Adds a number of two doubles to the one in `pair` at `at`. */
export function add(pair: Float64Array, at: number, high: number, low: number): void {
  const before = pair[at] as number
  const beforeLow = pair[at + 1] as number
  const total = before + high
  const lows = beforeLow + low
  const error = additionError(before, high, total) + lows
  const sum = total + error
  // Infinite, or not a number.
  if (sum - sum !== 0) {
    pair[at] = total
    pair[at + 1] = 0
    return
  }
  set(pair, at, sum, error - (sum - total) + additionError(beforeLow, low, lows))
}

const SPLIT = 2 ** 27 + 1

/** What a product of doubles lost by rounding. */
export function productError(a: number, b: number, product: number): number {
  const aSplit = SPLIT * a
  const aTop = aSplit - (aSplit - a)
  const aRest = a - aTop
  const bSplit = SPLIT * b
  const bTop = bSplit - (bSplit - b)
  const bRest = b - bTop
  return aTop * bTop - product + aTop * bRest + aRest * bTop + aRest * bRest
}

export function addProduct(pair: Float64Array, at: number, a: number, b: number): void {
  const product = a * b
  const error = productError(a, b, product)
  add(pair, at, product, error - error === 0 ? error : 0)
}

/** Adds `factor` times a number of two doubles. */
export function addMultiple(pair: Float64Array, at: number, high: number, low: number, factor: number): void {
  addProduct(pair, at, high, factor)
  add(pair, at, low * factor, 0)
}

/** The product of two numbers of two doubles. */
export function setProduct(
  pair: Float64Array,
  at: number,
  a: Float64Array,
  aAt: number,
  b: Float64Array,
  bAt: number,
): void {
  const aHigh = a[aAt] as number
  const bHigh = b[bAt] as number
  const product = aHigh * bHigh
  const error = productError(aHigh, bHigh, product)
  pair[at] = product
  pair[at + 1] = 0
  add(pair, at, error, aHigh * (b[bAt + 1] as number) + (a[aAt + 1] as number) * bHigh)
}

/** Divides the number in `pair` by a double. */
export function divide(pair: Float64Array, at: number, divisor: number): void {
  const first = (pair[at] as number) / divisor
  const product = first * divisor
  const rest = (pair[at] as number) - product - productError(first, divisor, product) + (pair[at + 1] as number)
  pair[at] = first
  pair[at + 1] = 0
  add(pair, at, rest / divisor, 0)
}
