/**
 * The times at which series were measured together, kept once for all of them: a scrape of a hundred thousand series has one.
 * Places in it are counted from its beginning, also after its oldest times were let go.
 */
export class TimeColumn {
  readonly id: number
  #times = new Float64Array(32)
  #length = 0
  #base = 0

  constructor(id: number) {
    this.id = id
  }

  /** The place behind the last. */
  get end(): number {
    return this.#base + this.#length
  }

  get lastMs(): number {
    return this.#length === 0 ? Number.NEGATIVE_INFINITY : (this.#times[this.#length - 1] as number)
  }

  at(place: number): number {
    return this.#times[place - this.#base] as number
  }

  push(timeMs: number): void {
    if (this.#length === this.#times.length) {
      const larger = new Float64Array(this.#length * 2)
      larger.set(this.#times)
      this.#times = larger
    }
    this.#times[this.#length++] = timeMs
  }

  /**
   * Whether `timesMs[from, to)` stand from `place` on; what would be behind the end is added.
   *
   * @returns how many of them do
   */
  take(place: number, timesMs: Float64Array, from: number, to: number): number {
    const shift = place - this.#base - from
    for (let i = from; i < to; i++) {
      if (i + shift === this.#length) this.push(timesMs[i] as number)
      else if (this.#times[i + shift] !== timesMs[i]) return i - from
    }
    return to - from
  }

  /** Where `timeMs` stands, or -1. */
  placeOf(timeMs: number): number {
    const place = this.firstAfter(timeMs) - 1
    return place >= this.#base && this.at(place) === timeMs ? place : -1
  }

  /** The place of the first time after `timeMs`. */
  firstAfter(timeMs: number): number {
    let low = 0
    let high = this.#length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#times[middle] as number) <= timeMs) low = middle + 1
      else high = middle
    }
    return this.#base + low
  }

  copyTo(target: Float64Array, at: number, from: number, to: number): void {
    for (let i = from - this.#base, end = to - this.#base, put = at; i < end; i++, put++)
      target[put] = this.#times[i] as number
  }

  /** Forgets what stands before `place`. */
  dropBefore(place: number): void {
    const count = Math.min(place - this.#base, this.#length)
    if (count <= 0) return
    const left = this.#length - count
    const times = new Float64Array(Math.max(32, left + 8))
    times.set(this.#times.subarray(count, this.#length))
    this.#times = times
    this.#length = left
    this.#base += count
  }
}
