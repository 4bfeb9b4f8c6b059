/** Keeps what was used last, up to a number of bytes. */
export class ByteCache<Value> {
  readonly #maxBytes: number
  readonly #entries = new Map<number, { readonly value: Value; readonly bytes: number }>()
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  get bytes(): number {
    return this.#bytes
  }

  get(key: number): Value | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    // Nothing has to go before the cache is half full; until then the order of use is not worth its cost.
    if (this.#bytes * 2 > this.#maxBytes) {
      this.#entries.delete(key)
      this.#entries.set(key, entry)
    }
    return entry.value
  }

  set(key: number, value: Value, bytes: number): void {
    this.delete(key)
    this.#entries.set(key, { value, bytes })
    this.#bytes += bytes
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#maxBytes || oldest === key) break
      this.delete(oldest)
    }
  }

  delete(key: number): void {
    const entry = this.#entries.get(key)
    if (entry === undefined) return
    this.#entries.delete(key)
    this.#bytes -= entry.bytes
  }

  clear(): void {
    this.#entries.clear()
    this.#bytes = 0
  }
}
