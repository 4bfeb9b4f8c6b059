interface Failures {
  readonly firstMs: number
  count: number
}

const MOST_FAILURES = 10
const WINDOW_MS = 60_000
/** More addresses than these at once are an attack; the oldest are forgotten rather than memory filled. */
const MOST_ADDRESSES = 10_000

/** Slows down who guesses tokens: ten failures a minute from one address, then a pause until that minute is over. */
export class FailedLogins {
  readonly #byAddress = new Map<string, Failures>()

  /** Seconds until this address may try again; undefined when it may now. */
  waitSeconds(address: string, nowMs: number): number | undefined {
    const failures = this.#byAddress.get(address)
    if (failures === undefined || failures.count < MOST_FAILURES) return undefined
    const leftMs = failures.firstMs + WINDOW_MS - nowMs
    return leftMs > 0 ? Math.ceil(leftMs / 1000) : undefined
  }

  note(address: string, nowMs: number): void {
    const known = this.#byAddress.get(address)
    if (known !== undefined && nowMs - known.firstMs < WINDOW_MS) {
      known.count++
      return
    }
    // Taken out first, so that the order is that of the windows' begins.
    this.#byAddress.delete(address)
    if (this.#byAddress.size >= MOST_ADDRESSES) this.#byAddress.delete(this.#byAddress.keys().next().value ?? '')
    this.#byAddress.set(address, { firstMs: nowMs, count: 1 })
  }
}
