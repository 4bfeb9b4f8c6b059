import { PromqlError } from '../error.ts'

/** Work goes on for this long before others get a turn. */
const TURN_MS = 8

/** Keeps an evaluation from blocking the event loop, and ends it when its time is over or the caller lost interest. */
export class Pacer {
  readonly #signal: AbortSignal | undefined
  readonly #timeoutMs: number
  readonly #startMs = performance.now()
  #turnEndMs = this.#startMs + TURN_MS

  /** @throws PromqlError of kind `canceled` when the signal is aborted already */
  constructor(timeoutMs: number, signal: AbortSignal | undefined) {
    this.#timeoutMs = timeoutMs
    this.#signal = signal
    this.#check()
  }

  due(): boolean {
    return performance.now() >= this.#turnEndMs
  }

  /** @throws PromqlError of kind `canceled` or `timeout` */
  async pause(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve))
    this.#check()
    this.#turnEndMs = performance.now() + TURN_MS
  }

  #check(): void {
    if (this.#signal?.aborted === true) throw new PromqlError('canceled', 'query was canceled')
    if (performance.now() - this.#startMs > this.#timeoutMs) {
      throw new PromqlError('timeout', `query took longer than ${this.#timeoutMs} ms`)
    }
  }
}
