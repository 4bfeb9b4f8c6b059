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

/** C's `pow`: as JavaScript's, but 1 to the power of anything is 1, and so is -1 to the power of an infinity. */
export function power(base: number, exponent: number): number {
  if (base === 1) return 1
  if (base === -1 && !Number.isFinite(exponent) && !Number.isNaN(exponent)) return 1
  return base ** exponent
}
