import { NO_SAMPLES, type Samples } from '../../model/sample.ts'

const FIRST_CAPACITY = 8

/** Why a sample was not taken. */
export type Refusal = 'out-of-order' | 'duplicate-timestamp' | 'too-old' | 'too-far-in-the-future'

/** The newest samples of one series, not yet sealed into a chunk; typed arrays that grow by doubling. */
export class HeadSeries {
  #timesMs = new Float64Array(FIRST_CAPACITY)
  #values = new Float64Array(FIRST_CAPACITY)
  #stale: Uint8Array | undefined
  #length = 0
  /** Samples up to here are in chunks already; nothing can be put between them any more. */
  #sealedToMs = -Infinity

  get length(): number {
    return this.#length
  }

  get lastMs(): number {
    return this.#length === 0 ? this.#sealedToMs : (this.#timesMs[this.#length - 1] as number)
  }

  /** Everything up to here is in chunks, if anywhere; -Infinity when nothing has been sealed. */
  get sealedToMs(): number {
    return this.#sealedToMs
  }

  /** Takes nothing up to `timeMs` any more. */
  closeTo(timeMs: number): void {
    this.#sealedToMs = Math.max(this.#sealedToMs, timeMs)
  }

  /** Whether the span from the first to the last sample touches `startMs` to `endMs`. */
  overlaps(startMs: number, endMs: number): boolean {
    return this.#length > 0 && this.lastMs >= startMs && (this.#timesMs[0] as number) <= endMs
  }

  /** Takes a sample, into its place when it comes late; the same sample again is fine and changes nothing. */
  add(timeMs: number, value: number, stale: boolean): Refusal | undefined {
    if (timeMs <= this.#sealedToMs) return 'too-old'
    const at = timeMs > this.lastMs ? this.#length : this.#position(timeMs)
    if (at < this.#length && this.#timesMs[at] === timeMs) {
      const isSame = stale ? this.#stale?.[at] === 1 : Object.is(this.#values[at], value) && this.#stale?.[at] !== 1
      return isSame ? undefined : 'duplicate-timestamp'
    }
    if (this.#length === this.#timesMs.length) this.#resize(this.#length * 2)
    if (at < this.#length) this.#shiftFrom(at)
    this.#timesMs[at] = timeMs
    this.#values[at] = value
    if (stale) this.#stale ??= new Uint8Array(this.#timesMs.length)
    if (this.#stale !== undefined) this.#stale[at] = stale ? 1 : 0
    this.#length++
    return undefined
  }

  /** Samples with `startMs < t <= endMs`; a view into memory, to be read before anything is appended. */
  samples(startMs: number, endMs: number): Samples {
    const from = this.#after(startMs)
    const to = this.#after(endMs)
    if (from >= to) return NO_SAMPLES
    return {
      length: to - from,
      timesMs: this.#timesMs.subarray(from, to),
      values: this.#values.subarray(from, to),
      stale: this.#stale?.subarray(from, to),
    }
  }

  /** Forgets samples up to `timeMs`, which are in a chunk now. */
  dropTo(timeMs: number): void {
    this.closeTo(timeMs)
    if (this.#length === 0 || (this.#timesMs[0] as number) > timeMs) return
    const rest = this.samples(timeMs, Number.POSITIVE_INFINITY)
    let capacity = FIRST_CAPACITY
    while (capacity < rest.length) capacity *= 2
    const timesMs = new Float64Array(capacity)
    const values = new Float64Array(capacity)
    timesMs.set(rest.timesMs)
    values.set(rest.values)
    if (rest.stale?.includes(1)) {
      this.#stale = new Uint8Array(capacity)
      this.#stale.set(rest.stale)
    } else this.#stale = undefined
    this.#timesMs = timesMs
    this.#values = values
    this.#length = rest.length
  }

  /** Index of the first sample after `timeMs`. */
  #after(timeMs: number): number {
    const at = this.#position(timeMs)
    return at < this.#length && this.#timesMs[at] === timeMs ? at + 1 : at
  }

  /** Index of the first sample at or after `timeMs`. */
  #position(timeMs: number): number {
    let low = 0
    let high = this.#length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#timesMs[middle] as number) < timeMs) low = middle + 1
      else high = middle
    }
    return low
  }

  #shiftFrom(at: number): void {
    this.#timesMs.copyWithin(at + 1, at, this.#length)
    this.#values.copyWithin(at + 1, at, this.#length)
    this.#stale?.copyWithin(at + 1, at, this.#length)
  }

  #resize(capacity: number): void {
    const timesMs = new Float64Array(capacity)
    const values = new Float64Array(capacity)
    timesMs.set(this.#timesMs)
    values.set(this.#values)
    this.#timesMs = timesMs
    this.#values = values
    if (this.#stale === undefined) return
    const stale = new Uint8Array(capacity)
    stale.set(this.#stale)
    this.#stale = stale
  }
}
