import { PromqlError } from '../error.ts'

/** Work goes on for this long before others get a turn. */
const TURN_MS = 3
/** So much work lies between two looks at the clock; a unit is some 50 ns, the look itself as much. */
const UNITS_BETWEEN_LOOKS = 4096

/** Keeps an evaluation from blocking the event loop, and ends it when its time is over or the caller lost interest. */
export class Pacer {
  readonly #signal: AbortSignal | undefined
  readonly #timeoutMs: number
  readonly #startMs = performance.now()
  #turnEndMs = this.#startMs + TURN_MS
  #units = 0

  /** @throws PromqlError of kind `canceled` when the signal is aborted already */
  constructor(timeoutMs: number, signal: AbortSignal | undefined) {
    this.#timeoutMs = timeoutMs
    this.#signal = signal
    if (signal?.aborted === true) throw canceled()
  }

  /** Whether others should get a turn, after so many more units of work. */
  due(units: number): boolean {
    this.#units += units
    if (this.#units < UNITS_BETWEEN_LOOKS) return false
    this.#units = 0
    return performance.now() >= this.#turnEndMs
  }

  /** @throws PromqlError of kind `canceled` or `timeout` */
  async pause(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve))
    const nowMs = performance.now()
    if (this.#signal?.aborted === true) throw canceled()
    if (nowMs - this.#startMs > this.#timeoutMs) {
      throw new PromqlError('timeout', `query took longer than ${this.#timeoutMs} ms`)
    }
    this.#turnEndMs = nowMs + TURN_MS
  }
}

function canceled(): PromqlError {
  return new PromqlError('canceled', 'query was canceled')
}
