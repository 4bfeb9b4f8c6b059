/** Larger ones are left to the garbage collector after use. */
const MAX_KEPT_BYTES = 32 * 1024 * 1024
const MAX_KEPT = 4
const SMALLEST_BYTES = 64 * 1024
const SMALL_BYTES = 1024 * 1024

/**
 * Memory for bodies that is used again: what is allocated anew for each large body makes the garbage collector go over the
 * whole heap after every few scrapes.
 */
export class BodyBuffers {
  readonly #free: Buffer[] = []

  /** Memory for about `bytes`; give it back with `give`. */
  take(bytes: number): Buffer {
    const fitting = this.#free.findIndex(({ length }) => length >= bytes)
    const [found] = this.#free.splice(fitting === -1 ? this.#free.length : fitting, 1)
    return found ?? Buffer.allocUnsafeSlow(Math.max(SMALLEST_BYTES, Math.ceil(bytes * 1.1)))
  }

  /**
   * Larger memory with the first `used` bytes of `buffer`, which goes back when it is small: who has outgrown a large one
   * will ask for more the next time.
   */
  grow(buffer: Buffer, used: number, needed: number): Buffer {
    const larger = this.take(Math.max(needed, buffer.length * 2))
    buffer.copy(larger, 0, 0, used)
    if (buffer.length <= SMALL_BYTES) this.give(buffer)
    return larger
  }

  give(buffer: Buffer): void {
    if (buffer.length > MAX_KEPT_BYTES) return
    this.#free.push(buffer)
    // Smallest first, so that a small body does not hold the memory that a large one needs.
    this.#free.sort((a, b) => a.length - b.length)
    if (this.#free.length > MAX_KEPT) this.#free.shift()
  }
}
