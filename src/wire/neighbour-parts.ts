const WORD = 4

/**
 * Where the parts of the text read last stand, place by place: the parts of the next one are mostly the same, and comparing
 * bytes is cheaper than reading them.
 */
export class NeighbourParts {
  #bytes: Uint8Array | undefined
  #view: DataView = new DataView(new ArrayBuffer(0))
  readonly #starts: number[] = []
  readonly #ends: number[] = []

  /** Texts are in these bytes from now on; what was noted of others is forgotten. */
  open(bytes: Uint8Array): void {
    if (bytes === this.#bytes) return
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#starts.length = 0
    this.#ends.length = 0
  }

  /** The end of the part at `at`, when it has the bytes that the part at `place` had in the text before; otherwise -1. */
  end(place: number, at: number): number {
    if (place >= this.#starts.length) return -1
    const view = this.#view
    const start = this.#starts[place] as number
    const length = (this.#ends[place] as number) - start
    const end = at + length
    if (length < WORD || end > view.byteLength) return -1
    // The last word overlaps the one before.
    const last = length - WORD
    for (let i = 0; i < last; i += WORD) if (view.getInt32(start + i) !== view.getInt32(at + i)) return -1
    if (view.getInt32(start + last) !== view.getInt32(at + last)) return -1
    this.#starts[place] = at
    this.#ends[place] = end
    return end
  }

  /** Places are noted in order, without a gap. */
  note(place: number, start: number, end: number): void {
    this.#starts[place] = start
    this.#ends[place] = end
  }
}
