import { decimalScale, powerOfTen } from './decimal.ts'

const PAGE_BYTES = 1 << 18
/** Before a block's values: the block before it, its column, its first place, its count, how its values are written. */
const HEADER_BYTES = 16
const DOUBLES = 255
/** The most that one block takes: every value as a double. */
const longest = (count: number) => HEADER_BYTES + count * 8

/** What a block says of itself. */
export interface BlockHeader {
  previous: number
  column: number
  place: number
  count: number
}

/**
 * Packed values of the head, a few dozen of one series at a time, in pages that go when all their blocks are on disk. A block is
 * known by its address; 0 is none.
 */
export class Blocks {
  readonly #pages: (Uint8Array | undefined)[] = []
  readonly #views: (DataView | undefined)[] = []
  readonly #lastMs: number[] = []
  #page = -1
  #used = PAGE_BYTES
  readonly #spare: Uint8Array[] = []

  get byteLength(): number {
    let pages = 0
    for (const page of this.#pages) if (page !== undefined) pages++
    return (pages + this.#spare.length) * PAGE_BYTES
  }

  /**
   * @param values may hold staleness markers as Prometheus' NaN; their bits are kept
   * @returns the block's address
   */
  add(
    previous: number,
    column: number,
    place: number,
    values: Float64Array,
    from: number,
    count: number,
    lastMs: number,
  ): number {
    if (this.#used + longest(count) > PAGE_BYTES) this.#open()
    const view = this.#views[this.#page] as DataView
    const page = this.#pages[this.#page] as Uint8Array
    const start = this.#used
    view.setUint32(start, previous, true)
    view.setUint32(start + 4, column, true)
    view.setUint32(start + 8, place, true)
    page[start + 12] = count
    const scale = decimalScale(values, from, from + count)
    let at = start + HEADER_BYTES
    if (scale < 0) {
      page[start + 13] = DOUBLES
      page.set(new Uint8Array(values.buffer, values.byteOffset + from * 8, count * 8), at)
      at += count * 8
    } else {
      page[start + 13] = scale
      at = writeDecimals(page, at, values, from, from + count, powerOfTen(scale))
      if (at < 0) {
        page[start + 13] = DOUBLES
        at = start + HEADER_BYTES
        page.set(new Uint8Array(values.buffer, values.byteOffset + from * 8, count * 8), at)
        at += count * 8
      }
    }
    this.#used = (at + 3) & ~3
    if (lastMs > (this.#lastMs[this.#page] as number)) this.#lastMs[this.#page] = lastMs
    return this.#page * PAGE_BYTES + start
  }

  header(address: number, into: BlockHeader): BlockHeader {
    const view = this.#views[Math.floor(address / PAGE_BYTES)] as DataView
    const start = address % PAGE_BYTES
    into.previous = view.getUint32(start, true)
    into.column = view.getUint32(start + 4, true)
    into.place = view.getUint32(start + 8, true)
    into.count = view.getUint8(start + 12)
    return into
  }

  /** The block is the oldest of its series from now on. */
  cut(address: number): void {
    ;(this.#views[Math.floor(address / PAGE_BYTES)] as DataView).setUint32(address % PAGE_BYTES, 0, true)
  }

  /** Puts a block's values into `target` from `at` on, markers with their bits. */
  read(address: number, target: Float64Array, at: number): void {
    const page = this.#pages[Math.floor(address / PAGE_BYTES)] as Uint8Array
    const start = address % PAGE_BYTES
    const count = page[start + 12] as number
    const kind = page[start + 13] as number
    let offset = start + HEADER_BYTES
    if (kind === DOUBLES) {
      new Uint8Array(target.buffer, target.byteOffset + at * 8, count * 8).set(
        page.subarray(offset, offset + count * 8),
      )
      return
    }
    const power = powerOfTen(kind)
    let value = 0
    for (let i = at, end = at + count; i < end; i++) {
      let byte = page[offset++] as number
      let coded = byte
      if (byte >= 0x80) {
        coded = byte & 0x7f
        let factor = 0x80
        do {
          byte = page[offset++] as number
          coded += (byte & 0x7f) * factor
          factor *= 0x80
        } while (byte >= 0x80)
      }
      value += coded < 0x80000000 ? (coded >>> 1) ^ -(coded & 1) : coded % 2 === 0 ? coded / 2 : -(coded + 1) / 2
      target[i] = value / power
    }
  }

  /** Lets go of pages all of whose blocks end by `timeMs`; nobody may ask for those blocks again. */
  dropTo(timeMs: number): void {
    for (const [i, page] of this.#pages.entries()) {
      if (page === undefined || i === this.#page || (this.#lastMs[i] as number) > timeMs) continue
      this.#pages[i] = undefined
      this.#views[i] = undefined
      if (this.#spare.length < 4) this.#spare.push(page)
    }
  }

  #open(): void {
    const page = this.#spare.pop() ?? new Uint8Array(PAGE_BYTES)
    let free = this.#pages.indexOf(undefined)
    if (free < 0) free = this.#pages.length
    this.#pages[free] = page
    this.#views[free] = new DataView(page.buffer)
    this.#lastMs[free] = Number.NEGATIVE_INFINITY
    this.#page = free
    // Address 0 is none.
    this.#used = free === 0 ? 4 : 0
  }
}

/** @returns where it ended, or -1 when doubles are shorter */
function writeDecimals(
  page: Uint8Array,
  start: number,
  values: Float64Array,
  from: number,
  to: number,
  power: number,
): number {
  let at = start
  let previous = 0
  const limit = start + (to - from) * 8 - 8
  for (let i = from; i < to; i++) {
    const whole = Math.round((values[i] as number) * power)
    const step = whole - previous
    previous = whole
    let rest = step < 0 ? -step * 2 - 1 : step * 2
    if (at > limit) return -1
    while (rest >= 0x80) {
      page[at++] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    page[at++] = rest
  }
  return at
}
