/** A sum with Neumaier's compensation: exact where a plain sum of floats loses the small terms. */
export class CompensatedSum {
  sum = 0
  compensation = 0

  add(value: number): void {
    const { sum } = this
    const next = sum + value
    if (next === Number.POSITIVE_INFINITY || next === Number.NEGATIVE_INFINITY) this.compensation = 0
    else if (Math.abs(sum) >= Math.abs(value)) this.compensation += sum - next + value
    else this.compensation += value - next + sum
    this.sum = next
  }

  get total(): number {
    return Number.isFinite(this.sum) ? this.sum + this.compensation : this.sum
  }

  reset(sum = 0, compensation = 0): void {
    this.sum = sum
    this.compensation = compensation
  }
}

/**
 * A mean from the compensated sum while that does not overflow, and from a running mean from there on, so that the mean
 * of two values near the largest float is finite.
 */
export class Mean {
  #count = 0
  #running = false
  readonly #sum = new CompensatedSum()

  add(value: number): void {
    const sum = this.#sum
    const count = ++this.#count
    if (count === 1) {
      sum.reset(value)
      return
    }
    if (!this.#running) {
      const before = sum.sum
      const compensation = sum.compensation
      sum.add(value)
      if (sum.sum !== Number.POSITIVE_INFINITY && sum.sum !== Number.NEGATIVE_INFINITY) return
      this.#running = true
      sum.reset(before / (count - 1), compensation / (count - 1))
    }
    const share = (count - 1) / count
    sum.reset(share * sum.sum, share * sum.compensation)
    sum.add(value / count)
  }

  get value(): number {
    const { sum, compensation } = this.#sum
    return this.#running ? sum + compensation : sum / this.#count + compensation / this.#count
  }

  reset(): void {
    this.#count = 0
    this.#running = false
    this.#sum.reset()
  }
}

/** The φ-quantile of values, sorted in place: NaN counts as smallest, between two values it is interpolated. */
export function quantile(q: number, values: Float64Array): number {
  const count = values.length
  if (count === 0 || Number.isNaN(q)) return Number.NaN
  if (q < 0) return Number.NEGATIVE_INFINITY
  if (q > 1) return Number.POSITIVE_INFINITY
  values.sort(nanFirst)
  const rank = q * (count - 1)
  const lower = Math.max(0, Math.floor(rank))
  const upper = Math.min(count - 1, lower + 1)
  const weight = rank - Math.floor(rank)
  return (values[lower] as number) * (1 - weight) + (values[upper] as number) * weight
}

function nanFirst(a: number, b: number): number {
  if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : -1
  if (Number.isNaN(b)) return 1
  return a - b
}

/** C's `pow`: as JavaScript's, but 1 to the power of anything is 1, and so is -1 to the power of an infinity. */
export function power(base: number, exponent: number): number {
  if (base === 1) return 1
  if (base === -1 && !Number.isFinite(exponent) && !Number.isNaN(exponent)) return 1
  return base ** exponent
}
