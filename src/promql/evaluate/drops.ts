import type { Samples } from '../../model/sample.ts'

/** Where the values of a series are smaller than the one before. Most counters never drop, and are looked at only once. */
export class Drops {
  /** Numbers of samples, ascending. */
  #at: number[] = []
  /** The first that may be behind the start of a window. */
  #next = 0

  /** Takes up a series. */
  find({ values, length }: Samples): void {
    this.#next = 0
    if (this.#at.length > 0) this.#at = []
    let before = values[0] as number
    for (let i = 1; i < length; i++) {
      const value = values[i] as number
      if (value < before) this.#at.push(i)
      before = value
    }
  }

  /** Whether there are any between samples of `from` to `to` (exclusive); windows may not go back. */
  areIn(from: number, to: number): boolean {
    const at = this.#at
    while (this.#next < at.length && (at[this.#next] as number) <= from) this.#next++
    return this.#next < at.length && (at[this.#next] as number) < to
  }
}
