/** How many messages a channel sends at most within a time. */
export interface RateLimit {
  readonly count: number
  readonly perMs: number
}

/**
 * What of a limit is left. Half of it may go at once; the rest comes evenly over the time, so that what is urgent never has
 * to wait for the whole of it after others have used it up.
 */
export class Allowance {
  readonly limit: RateLimit
  readonly #atOnce: number
  readonly #everyMs: number
  #left: number
  #atMs: number

  /** @param nowMs of a clock that never jumps, here and below */
  constructor(limit: RateLimit, nowMs: number) {
    this.limit = limit
    this.#atOnce = Math.ceil(limit.count / 2)
    this.#everyMs = limit.perMs / (limit.count - this.#atOnce + 1)
    this.#left = this.#atOnce
    this.#atMs = nowMs
  }

  /** How many messages may go now. */
  left(nowMs: number): number {
    this.#left = Math.min(this.#left + (nowMs - this.#atMs) / this.#everyMs, this.#atOnce)
    this.#atMs = nowMs
    // What thirds come to is not always whole.
    return Math.floor(this.#left + 1e-9)
  }

  /** One message goes. */
  take(nowMs: number): void {
    this.left(nowMs)
    this.#left = Math.max(this.#left - 1, 0)
  }
}
