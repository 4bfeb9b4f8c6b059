import { systemClock } from '../lib/clock.ts'

/**
 * A stopwatch over the parts of a probe. Knows the part under way, so that a failure can say in what it happened.
 *
 * A part counts when it is over: one that fails adds nothing, as in blackbox_exporter.
 */
export class Phases<Name extends string> {
  readonly #seconds = new Map<string, number>()
  #current: Name
  #sinceMs = systemClock.monotonicMs()

  constructor(first: Name) {
    this.#current = first
  }

  /** The part under way, or the last one. */
  get current(): Name {
    return this.#current
  }

  /** Ends the part under way, counts it, and begins the next. */
  enter(next: Name): void {
    const nowMs = systemClock.monotonicMs()
    this.#count(nowMs)
    this.#current = next
  }

  /** Ends the part under way and counts it. */
  end(): void {
    this.#count(systemClock.monotonicMs())
  }

  /** Seconds that a part has taken, over all its turns; 0 for one that never came to its end. */
  seconds(name: Name): number {
    return this.#seconds.get(name) ?? 0
  }

  #count(nowMs: number): void {
    this.#seconds.set(this.#current, this.seconds(this.#current) + (nowMs - this.#sinceMs) / 1000)
    this.#sinceMs = nowMs
  }
}
