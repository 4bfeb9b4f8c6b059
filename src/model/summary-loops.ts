import { AT } from './summary-columns.ts'
import { add, additionError, addMultiple, addProduct, productError, set } from './two-doubles.ts'

// What `Summary` does with every sample.

/** The value before a drop. Of negative ones the sum might cancel out: NaN says that the samples have to be read. */
export function takeDrop(numbers: Float64Array, before: number): void {
  add(numbers, AT.drops, before < 0 ? Number.NaN : before, 0)
}

export function takeDrops(numbers: Float64Array, values: Float64Array, from: number, to: number): void {
  let before = numbers[AT.last] as number
  for (let i = from; i < to; i++) {
    const value = values[i] as number
    if (value < before) takeDrop(numbers, before)
    before = value
  }
}

export function takeSteps(numbers: Float64Array, values: Float64Array, from: number, to: number): void {
  let before = numbers[AT.last] as number
  let resets = 0
  let changes = 0
  for (let i = from; i < to; i++) {
    const value = values[i] as number
    if (value !== before) {
      if (value < before) resets++
      // NaN after NaN is no change.
      if (!(Number.isNaN(value) && Number.isNaN(before))) changes++
    }
    before = value
  }
  numbers[AT.resets] = (numbers[AT.resets] as number) + resets
  numbers[AT.changes] = (numbers[AT.changes] as number) + changes
}

/**
 * So many samples are added up before what was lost by rounding goes into the sum: it is gathered beside the sum, since each
 * addition would wait for the one before otherwise.
 */
const BLOCK = 64

export function takeSum(numbers: Float64Array, values: Float64Array, from: number, to: number): void {
  for (let start = from; start < to; start += BLOCK) {
    const end = Math.min(start + BLOCK, to)
    let sum = numbers[AT.sum] as number
    let lost = numbers[AT.sumLow] as number
    for (let i = start; i < end; i++) {
      const value = values[i] as number
      const total = sum + value
      lost += additionError(sum, value, total)
      sum = total
    }
    set(numbers, AT.sum, sum, lost)
  }
}

export function takeExtremes(numbers: Float64Array, values: Float64Array, from: number, to: number): void {
  let min = numbers[AT.min] as number
  let max = numbers[AT.max] as number
  let start = from
  // NaN stays only where there is nothing else.
  while (start < to && Number.isNaN(min)) {
    min = values[start++] as number
    max = min
  }
  for (let i = start; i < to; i++) {
    const value = values[i] as number
    if (value < min) min = value
    if (value > max) max = value
  }
  numbers[AT.min] = min
  numbers[AT.max] = max
}

export function takeSquares(numbers: Float64Array, values: Float64Array, from: number, to: number): void {
  for (let start = from; start < to; start += BLOCK) {
    const end = Math.min(start + BLOCK, to)
    let sum = numbers[AT.squares] as number
    let lost = numbers[AT.squaresLow] as number
    for (let i = start; i < end; i++) {
      const value = values[i] as number
      const square = value * value
      const total = sum + square
      lost += additionError(sum, square, total) + productError(value, value, square)
      sum = total
    }
    set(numbers, AT.squares, sum, lost)
  }
}

export function takeLine(
  numbers: Float64Array,
  timesMs: Float64Array,
  values: Float64Array,
  from: number,
  to: number,
): void {
  const originMs = numbers[AT.firstMs] as number
  for (let start = from; start < to; start += BLOCK) {
    const end = Math.min(start + BLOCK, to)
    let times = numbers[AT.times] as number
    let timesLost = numbers[AT.timesLow] as number
    let squares = numbers[AT.timesSquared] as number
    let squaresLost = numbers[AT.timesSquaredLow] as number
    let products = numbers[AT.timesValues] as number
    let productsLost = numbers[AT.timesValuesLow] as number
    for (let i = start; i < end; i++) {
      const time = (timesMs[i] as number) - originMs
      const value = values[i] as number
      const timesTotal = times + time
      timesLost += additionError(times, time, timesTotal)
      times = timesTotal
      const square = time * time
      const squaresTotal = squares + square
      squaresLost += additionError(squares, square, squaresTotal) + productError(time, time, square)
      squares = squaresTotal
      const product = time * value
      const productsTotal = products + product
      productsLost += additionError(products, product, productsTotal) + productError(time, value, product)
      products = productsTotal
    }
    set(numbers, AT.times, times, timesLost)
    set(numbers, AT.timesSquared, squares, squaresLost)
    set(numbers, AT.timesValues, products, productsLost)
  }
}

const scratch = new Float64Array(2)

/** The piece's sums over time, moved from its first sample to that of the whole. */
export function takeLineOf(numbers: Float64Array, piece: Float64Array, at: number): void {
  const count = piece[at + AT.count] as number
  const shift = (piece[at + AT.firstMs] as number) - (numbers[AT.firstMs] as number)
  const times = piece[at + AT.times] as number
  const timesLow = piece[at + AT.timesLow] as number
  // Σ(t + s)² = Σt² + 2sΣt + ns², Σ(t + s) = Σt + ns, Σ(t + s)v = Σtv + sΣv
  add(numbers, AT.timesSquared, piece[at + AT.timesSquared] as number, piece[at + AT.timesSquaredLow] as number)
  addMultiple(numbers, AT.timesSquared, times, timesLow, 2 * shift)
  scratch.fill(0)
  addProduct(scratch, 0, count, shift)
  addMultiple(numbers, AT.timesSquared, scratch[0] as number, scratch[1] as number, shift)
  add(numbers, AT.times, times, timesLow)
  add(numbers, AT.times, scratch[0] as number, scratch[1] as number)
  add(numbers, AT.timesValues, piece[at + AT.timesValues] as number, piece[at + AT.timesValuesLow] as number)
  addMultiple(numbers, AT.timesValues, piece[at + AT.sum] as number, piece[at + AT.sumLow] as number, shift)
}
