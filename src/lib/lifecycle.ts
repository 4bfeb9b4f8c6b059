import type { Clock } from './clock.ts'

export interface Stop {
  readonly name: string
  readonly stop: () => Promise<void> | void
}

export interface StopReport {
  readonly name: string
  readonly tookMs: number
  /** What it threw, or `timeout` when the deadline passed first. */
  readonly error?: unknown
}

/**
 * What has been started, as a stack: stopping runs last to first, each with half of what is left of one deadline (the last
 * one with all of it), so that one that hangs can't keep the others from closing.
 */
export class Lifecycle {
  readonly #stops: Stop[] = []
  readonly #clock: Clock
  #stopping: Promise<StopReport[]> | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  onStop(name: string, stop: () => Promise<void> | void): void {
    this.#stops.push({ name, stop })
  }

  /** Stops everything once; later calls get the same promise. */
  stop(deadlineMs: number): Promise<StopReport[]> {
    this.#stopping ??= this.#run(deadlineMs)
    return this.#stopping
  }

  async #run(deadlineMs: number): Promise<StopReport[]> {
    const endMs = this.#clock.monotonicMs() + deadlineMs
    const reports: StopReport[] = []
    for (let entry = this.#stops.pop(); entry !== undefined; entry = this.#stops.pop()) {
      const startMs = this.#clock.monotonicMs()
      const { name, stop } = entry
      const abandon = new AbortController()
      let error: unknown
      try {
        const leftMs = Math.max(endMs - startMs, 0) / (this.#stops.length === 0 ? 1 : 2)
        const outcome = await Promise.race([
          Promise.resolve(stop()).then(() => 'done' as const),
          this.#clock.sleep(leftMs, abandon.signal).then(
            () => 'timeout' as const,
            () => 'done' as const,
          ),
        ])
        if (outcome === 'timeout') error = 'timeout'
      } catch (thrown) {
        error = thrown
      } finally {
        abandon.abort()
      }
      const tookMs = this.#clock.monotonicMs() - startMs
      reports.push(error === undefined ? { name, tookMs } : { name, tookMs, error })
    }
    return reports
  }
}
