import type { Clock } from '../../src/lib/clock.ts'

interface Sleeper {
  readonly dueMs: number
  readonly order: number
  readonly wake: () => void
}

/** A clock that stands still until a test moves it; sleepers wake in the order of their times. */
export class ManualClock implements Clock {
  #nowMs: number
  #monotonicMs = 0
  #order = 0
  #sleepers: Sleeper[] = []
  #arrivals: (() => void)[] = []

  /** @param nowMs epoch milliseconds at the start */
  constructor(nowMs = Date.UTC(2026, 0, 1)) {
    this.#nowMs = nowMs
  }

  now(): number {
    return this.#nowMs
  }

  monotonicMs(): number {
    return this.#monotonicMs
  }

  /** How many are asleep now. */
  get sleeping(): number {
    return this.#sleepers.length
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const abort = () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper)
        reject(signal?.reason)
      }
      const sleeper: Sleeper = {
        dueMs: this.#monotonicMs + Math.max(ms, 0),
        order: this.#order++,
        wake: () => {
          signal?.removeEventListener('abort', abort)
          resolve()
        },
      }
      signal?.addEventListener('abort', abort, { once: true })
      this.#sleepers.push(sleeper)
      for (const arrived of this.#arrivals.splice(0)) arrived()
    })
  }

  /**
   * Moves on by `ms`, waking on the way everybody whose time has come, in order, each at exactly its time; what wakes may
   * sleep again and is woken again within the same move. Work that waits for something else than this clock (a socket)
   * may still run afterwards: await that by its own event.
   */
  async advance(ms: number): Promise<void> {
    const endMs = this.#monotonicMs + ms
    await settle()
    for (;;) {
      const next = this.#next()
      if (next === undefined || next.dueMs > endMs) break
      this.#moveTo(next.dueMs)
      this.#sleepers = this.#sleepers.filter((other) => other !== next)
      next.wake()
      await settle()
    }
    this.#moveTo(endMs)
  }

  /** Sets the wall clock alone, as an operator or NTP does; sleepers do not notice. */
  jumpTo(nowMs: number): void {
    this.#nowMs = nowMs
  }

  /** Resolves as soon as at least `count` are asleep. */
  async untilSleeping(count = 1): Promise<void> {
    while (this.#sleepers.length < count) await new Promise<void>((resolve) => this.#arrivals.push(resolve))
  }

  #next(): Sleeper | undefined {
    return this.#sleepers.toSorted((a, b) => a.dueMs - b.dueMs || a.order - b.order)[0]
  }

  #moveTo(monotonicMs: number): void {
    this.#nowMs += monotonicMs - this.#monotonicMs
    this.#monotonicMs = monotonicMs
  }
}

/** Lets promise callbacks and one round of the event loop run, so that what was woken reaches its next wait. */
async function settle(): Promise<void> {
  for (let round = 0; round < 3; round++) await new Promise<void>((resolve) => setImmediate(resolve))
}
