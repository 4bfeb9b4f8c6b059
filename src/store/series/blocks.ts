import { decimalScale, LARGEST, powerOfTen } from './decimal.ts'

const PAGE_BYTES = 1 << 18
/** Steps below it are counted in 32 bits. */
const SMALL_STEP = 1 << 30
/** Before a block's values: the block before it, its column, its first place, its count, how its values are written. */
const HEADER_BYTES = 16
const DOUBLES = 255
/** One value for all; a scale is less. */
const CONSTANT = 254
/** A block that is not constant has no more values than were given at once. */
export const MAX_BLOCK = 255
/** Why values were not written as decimals. */
const INEXACT = -1
const TOO_LONG = -2
/** The most that one block takes: every value as a double. */
const longest = (count: number) => HEADER_BYTES + count * 8

/** Where the next block goes. */
interface OpenPage {
  page: number
  used: number
}

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
  readonly #packed: OpenPage = { page: -1, used: PAGE_BYTES }
  /** Apart from the others, as they grow and so live longer. */
  readonly #constant: OpenPage = { page: -1, used: PAGE_BYTES }
  readonly #spare: Uint8Array[] = []

  get byteLength(): number {
    let pages = 0
    for (const page of this.#pages) if (page !== undefined) pages++
    return (pages + this.#spare.length) * PAGE_BYTES
  }

  /**
   * @param values may hold staleness markers as Prometheus' NaN; their bits are kept
   * @returns the block's address, which is that of the one before when that has taken the values in
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
    const isConstant = areAll(values, from, from + count, values[from] as number)
    if (isConstant && this.#extend(previous, column, place, values[from] as number, count, lastMs)) return previous
    const open = isConstant ? this.#constant : this.#packed
    if (open.used + longest(count) > PAGE_BYTES) this.#open(open)
    const view = this.#views[open.page] as DataView
    const page = this.#pages[open.page] as Uint8Array
    const start = open.used
    view.setUint32(start, previous, true)
    view.setUint32(start + 4, column, true)
    view.setUint32(start + 8, place, true)
    page[start + 12] = count
    let at = start + HEADER_BYTES
    if (isConstant) {
      page[start + 13] = CONSTANT
      view.setFloat64(at, values[from] as number, true)
      at += 8
    } else {
      // The scale of the block before holds again most of the time, and looking for the least one takes longer than all the rest.
      let scale = this.#scaleOf(previous)
      let end = writeDecimals(page, at, values, from, from + count, powerOfTen(scale))
      if (end === INEXACT) {
        scale = decimalScale(values, from, from + count)
        end = scale < 0 ? INEXACT : writeDecimals(page, at, values, from, from + count, powerOfTen(scale))
      }
      page[start + 13] = end < 0 ? DOUBLES : scale
      if (end < 0) page.set(new Uint8Array(values.buffer, values.byteOffset + from * 8, count * 8), at)
      at = end < 0 ? at + count * 8 : end
    }
    open.used = (at + 3) & ~3
    this.#lastsTo(open.page, lastMs)
    return open.page * PAGE_BYTES + start
  }

  /** Makes a constant block longer when these values follow it; false when they don't, or it is full. */
  #extend(address: number, column: number, place: number, value: number, count: number, lastMs: number): boolean {
    if (address === 0) return false
    const number = Math.floor(address / PAGE_BYTES)
    const page = this.#pages[number] as Uint8Array
    const start = address % PAGE_BYTES
    if (page[start + 13] !== CONSTANT) return false
    const view = this.#views[number] as DataView
    const known = page[start + 12] as number
    if (known + count > MAX_BLOCK || view.getUint32(start + 4, true) !== column) return false
    if (view.getUint32(start + 8, true) + known !== place) return false
    if (!Object.is(view.getFloat64(start + HEADER_BYTES, true), value)) return false
    page[start + 12] = known + count
    this.#lastsTo(number, lastMs)
    return true
  }

  /** The scale of a block; 0 when it has none. */
  #scaleOf(address: number): number {
    const page = address === 0 ? undefined : this.#pages[Math.floor(address / PAGE_BYTES)]
    const kind = page === undefined ? 0 : (page[(address % PAGE_BYTES) + 13] as number)
    return kind < CONSTANT ? kind : 0
  }

  #lastsTo(page: number, lastMs: number): void {
    if (lastMs > (this.#lastMs[page] as number)) this.#lastMs[page] = lastMs
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
    if (kind === CONSTANT) {
      const view = this.#views[Math.floor(address / PAGE_BYTES)] as DataView
      target.fill(view.getFloat64(offset, true), at, at + count)
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
      if (
        page === undefined ||
        i === this.#packed.page ||
        i === this.#constant.page ||
        (this.#lastMs[i] as number) > timeMs
      )
        continue
      this.#pages[i] = undefined
      this.#views[i] = undefined
      if (this.#spare.length < 4) this.#spare.push(page)
    }
  }

  #open(open: OpenPage): void {
    const page = this.#spare.pop() ?? new Uint8Array(PAGE_BYTES)
    let free = this.#pages.indexOf(undefined)
    if (free < 0) free = this.#pages.length
    this.#pages[free] = page
    this.#views[free] = new DataView(page.buffer)
    this.#lastMs[free] = Number.NEGATIVE_INFINITY
    open.page = free
    // Address 0 is none.
    open.used = free === 0 ? 4 : 0
  }
}

/** Whether all values are this one; a NaN never is, as its bits may differ. */
function areAll(values: Float64Array, from: number, to: number, value: number): boolean {
  for (let i = from; i < to; i++) if (values[i] !== value) return false
  if (value !== 0) return true
  for (let i = from; i < to; i++) if (!Object.is(values[i], value)) return false
  return true
}

/**
 * Writes values as whole numbers over `power`, as their differences.
 *
 * @returns where it ended, INEXACT when a value is none, or TOO_LONG when doubles are shorter
 */
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
    const value = values[i] as number
    const whole = power === 1 ? Math.floor(value) : Math.round(value * power)
    // Without the division for whole numbers, which takes longer than the rest.
    if ((power === 1 ? whole : whole / power) !== value || !(whole < LARGEST && whole > -LARGEST)) return INEXACT
    if (value === 0 && Object.is(value, -0)) return INEXACT
    if (at > limit) return TOO_LONG
    const step = whole - previous
    previous = whole
    if (step < SMALL_STEP && step >= -SMALL_STEP) {
      let rest = (step << 1) ^ (step >> 31)
      while (rest >= 0x80) {
        page[at++] = (rest & 0x7f) | 0x80
        rest >>>= 7
      }
      page[at++] = rest
    } else {
      let rest = step < 0 ? -step * 2 - 1 : step * 2
      while (rest >= 0x80) {
        page[at++] = (rest % 0x80) | 0x80
        rest = Math.floor(rest / 0x80)
      }
      page[at++] = rest
    }
  }
  return at
}
