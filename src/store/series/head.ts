import { ByteCache } from '../../lib/byte-cache.ts'
import { NO_SAMPLES, type Samples } from '../../model/sample.ts'
import { Summary } from '../../model/summary.ts'
import { type BlockHeader, Blocks, MAX_BLOCK } from './blocks.ts'
import { Chunk } from './chunk.ts'
import { withoutMarkers } from './segment.ts'
import { firstAfter } from './take-run.ts'
import { TimeColumn } from './time-column.ts'

/** Why a sample was not taken. */
export type Refusal = 'out-of-order' | 'duplicate-timestamp' | 'too-old' | 'too-far-in-the-future'

/** A sample by itself. */
export interface NewestSample {
  timeMs: number
  value: number
  isStale: boolean
}

/** Values that a series gathers before they are packed. */
const SLOT = 32
const PAGE_SERIES = 1024
/** So many values at once are packed as they come. */
const WORTH_A_ROW = 24
const LONGEST_ROW = 64
/** A column that is left with fewer samples than this is not worth a block of its own. */
const WORTH_A_BLOCK = 8
/** What is kept of blocks that were unpacked. */
const UNPACKED_BYTES = 16 << 20

// Prometheus' staleness marker, as the two halves of a double; values are copied with their bits.
const STALE_LOW = 2
const STALE_HIGH = 0x7ff00000

/**
 * The newest samples of all series, not yet on disk as segments. Of each series the last few values lie in a slot as they are;
 * those before are packed in blocks; their times are shared with whatever was measured at the same moments.
 */
export class Head {
  readonly #slots: Float64Array[] = []
  readonly #bits: Uint32Array[] = []
  readonly #blocks = new Blocks()
  readonly #columnsById = new Map<number, TimeColumn>()
  #columns: (TimeColumn | undefined)[] = []
  #counts = new Uint8Array(0)
  #limits = new Uint8Array(0)
  /** 1 where a staleness marker may be among the samples. */
  #marked = new Uint8Array(0)
  #lastStale = new Uint8Array(0)
  #places = new Uint32Array(0)
  #lastBlocks = new Uint32Array(0)
  /** No sample is taken up to here, as the segment that it would belong to is being written. */
  #closedToMs = new Float64Array(0)
  #sealedToMs = new Float64Array(0)
  #lastMs = new Float64Array(0)
  #lastValues = new Float64Array(0)
  #current: TimeColumn | undefined
  /** Times that were found in a column as a whole, and where. */
  #lastRow: { timesMs?: Float64Array; from?: number; column?: TimeColumn; place?: number } = {}
  #nextColumn = 1
  #length = 0
  readonly #unpacked = new ByteCache<Unpacked>(UNPACKED_BYTES)
  readonly #header: BlockHeader = { previous: 0, column: 0, place: 0, count: 0 }
  readonly #newest: NewestSample = { timeMs: 0, value: 0, isStale: false }
  #times = new Float64Array(512)
  #values = new Float64Array(512)

  /** Samples that it holds. */
  get length(): number {
    return this.#length
  }

  /** The time of a series' newest sample, on disk or not; -Infinity when it has none. */
  lastMs(ref: number): number {
    return this.#lastMs[ref] ?? Number.NEGATIVE_INFINITY
  }

  /** No sample of a series is newer than this. */
  noneAfterMs(ref: number): number {
    const lastMs = this.lastMs(ref)
    // Of what was sealed by an earlier run nobody has looked up the newest.
    return lastMs === Number.NEGATIVE_INFINITY ? this.sealedToMs(ref) : lastMs
  }

  /** Everything of a series up to here is in segments, if anywhere; -Infinity when nothing has been sealed. */
  sealedToMs(ref: number): number {
    return this.#sealedToMs[ref] ?? Number.NEGATIVE_INFINITY
  }

  /** Takes nothing of a series up to `timeMs` any more. */
  closeTo(ref: number, timeMs: number): void {
    this.#reserve(ref)
    if (timeMs > (this.#closedToMs[ref] as number)) this.#closedToMs[ref] = timeMs
  }

  /** What a series has up to `timeMs` is in segments. */
  sealTo(ref: number, timeMs: number): void {
    this.closeTo(ref, timeMs)
    if (timeMs > (this.#sealedToMs[ref] as number)) this.#sealedToMs[ref] = timeMs
  }

  /** Series numbers below this have a place. */
  get capacity(): number {
    return this.#counts.length
  }

  /** Takes a sample, into its place when it comes late; the same sample again is fine and changes nothing. */
  add(ref: number, timeMs: number, value: number, isStale: boolean): Refusal | undefined {
    if (ref >= this.#counts.length) this.#reserve(ref)
    if (timeMs <= (this.#closedToMs[ref] as number)) return 'too-old'
    if (timeMs <= (this.#lastMs[ref] as number)) return this.#insert(ref, timeMs, value, isStale)
    const column = this.#columns[ref]
    const place = (this.#places[ref] as number) + (this.#counts[ref] as number)
    if (column === undefined) this.#move(ref, timeMs)
    else if (place === column.end) {
      column.push(timeMs)
      this.#current = column
    } else if (column.at(place) !== timeMs) this.#move(ref, timeMs)
    this.#put(ref, timeMs, value, isStale)
    return undefined
  }

  /**
   * Takes samples of one series at `timesMs`, which go up, none of them a marker: what `add` would do for each, in a fraction of
   * the time.
   *
   * @param values has those of the series from `start` on
   */
  addRow(ref: number, timesMs: Float64Array, values: Float64Array, start: number): void {
    if (ref >= this.#counts.length) this.#reserve(ref)
    const count = timesMs.length
    const firstMs = timesMs[0] as number
    const isNew = firstMs > (this.#closedToMs[ref] as number) && firstMs > (this.#lastMs[ref] as number)
    for (let from = 0; from < count; ) {
      const fitting = isNew ? this.#fitting(ref, timesMs, from) : 0
      if (fitting === 0) {
        this.add(ref, timesMs[from] as number, values[start + from] as number, false)
        from++
        continue
      }
      this.#putRow(ref, values, start + from, start + from + fitting)
      from += fitting
      this.#lastMs[ref] = timesMs[from - 1] as number
    }
  }

  /** How many of some times, from one on, the column of a series has next; those after its end are added to it. */
  #fitting(ref: number, timesMs: Float64Array, from: number): number {
    if (this.#columns[ref] === undefined) this.#move(ref, timesMs[from] as number)
    const column = this.#columns[ref] as TimeColumn
    const place = (this.#places[ref] as number) + (this.#counts[ref] as number)
    const known = this.#lastRow
    // Series of the same source are in the same place, one after the other.
    if (known.timesMs === timesMs && known.from === from && known.column === column && known.place === place) {
      return timesMs.length - from
    }
    const fitting = column.take(place, timesMs, from, timesMs.length)
    if (fitting > 0) this.#current = column
    if (fitting === timesMs.length - from) this.#lastRow = { timesMs, from, column, place }
    return fitting
  }

  /** The newest sample with `startMs < t <= endMs`, when it is the very last; undefined sends the caller to `samples`. */
  newest(ref: number, startMs: number, endMs: number): NewestSample | undefined {
    const lastMs = this.#lastMs[ref] as number
    if (!(lastMs > startMs && lastMs <= endMs && lastMs > (this.#sealedToMs[ref] as number))) return undefined
    const newest = this.#newest
    newest.timeMs = lastMs
    newest.value = this.#lastValues[ref] as number
    newest.isStale = this.#lastStale[ref] === 1
    return newest
  }

  /** Whether the span from the first to the last sample touches `startMs` to `endMs`. */
  overlaps(ref: number, startMs: number, endMs: number): boolean {
    if (!(this.lastMs(ref) >= startMs) || this.lastMs(ref) <= this.sealedToMs(ref)) return false
    return this.samples(ref, startMs - 1, endMs).length > 0
  }

  /** Samples with `startMs < t <= endMs`; the caller's own. */
  samples(ref: number, startMs: number, endMs: number): Samples {
    const count = this.#gather(ref, startMs, endMs)
    if (count === 0) return NO_SAMPLES
    const from = firstAfter(this.#times, count, startMs < this.sealedToMs(ref) ? this.sealedToMs(ref) : startMs)
    const to = firstAfter(this.#times, count, endMs)
    if (from >= to) return NO_SAMPLES
    const values = this.#values.slice(from, to)
    const stale = this.#marked[ref] === 1 ? markersOf(values) : undefined
    return { length: to - from, timesMs: this.#times.slice(from, to), values, stale }
  }

  /** Takes the samples with `startMs < t <= endMs`, without markers, into a summary. */
  summarize(summary: Summary, ref: number, startMs: number, endMs: number): void {
    const lastMs = this.lastMs(ref)
    if (!(lastMs > startMs) || lastMs <= this.sealedToMs(ref)) return
    if (this.#marked[ref] === 1) {
      const { length, timesMs, values } = withoutMarkers(this.samples(ref, startMs, endMs))
      summary.takeSamples(timesMs, values, 0, length)
      return
    }
    const fromMs = Math.max(startMs, this.sealedToMs(ref))
    const column = this.#columns[ref]
    const inSlot = column === undefined ? 0 : (this.#counts[ref] as number)
    const place = this.#places[ref] as number
    if (inSlot === 0 || (column as TimeColumn).at(place) > fromMs) {
      const packed = this.#unpackedOf(ref)
      if (packed !== undefined && packed.lastMs > fromMs) takePacked(summary, packed, fromMs, endMs)
    }
    if (inSlot === 0) return
    this.#copySlot(ref, column as TimeColumn, 0)
    const to = lastMs <= endMs ? inSlot : firstAfter(this.#times, inSlot, endMs)
    summary.takeSamples(this.#times, this.#values, firstAfter(this.#times, inSlot, fromMs), to)
  }

  /** Forgets samples up to `timeMs`, which are in a segment now. */
  dropTo(ref: number, timeMs: number): void {
    this.sealTo(ref, timeMs)
    const header = this.#header
    let newer = 0
    for (let address = this.#lastBlocks[ref] as number; address !== 0; address = header.previous) {
      this.#blocks.header(address, header)
      const column = this.#columnsById.get(header.column)
      if (column !== undefined && column.at(header.place + header.count - 1) > timeMs) {
        newer = address
        continue
      }
      if (newer === 0) this.#lastBlocks[ref] = 0
      else this.#blocks.cut(newer)
      break
    }
    if ((this.#lastMs[ref] as number) <= timeMs) {
      this.#counts[ref] = 0
      this.#columns[ref] = undefined
      this.#marked[ref] = 0
    }
  }

  /** After all series were sealed up to `timeMs`, holding `sealed` samples: gives their memory back. */
  release(timeMs: number, sealed: number): void {
    this.#length -= sealed
    this.#unpacked.clear()
    this.#blocks.dropTo(timeMs)
    const used = new Set(this.#columns)
    for (const column of this.#columnsById.values()) {
      // A block that reaches over the cut needs the times of all its samples.
      column.dropBefore(column.firstAfter(timeMs) - MAX_BLOCK)
      if (column.lastMs <= timeMs && !used.has(column)) this.#columnsById.delete(column.id)
    }
  }

  /** Lets go of a series for good. */
  forget(ref: number): void {
    if (ref >= this.#counts.length) return
    this.#counts[ref] = 0
    this.#columns[ref] = undefined
    this.#lastBlocks[ref] = 0
  }

  #put(ref: number, timeMs: number, value: number, isStale: boolean): void {
    const count = this.#counts[ref] as number
    const page = Math.floor(ref / PAGE_SERIES)
    const at = (ref % PAGE_SERIES) * SLOT + count
    const slots = this.#slots[page] as Float64Array
    if (isStale) {
      const bits = this.#bits[page] as Uint32Array
      bits[at * 2] = STALE_LOW
      bits[at * 2 + 1] = STALE_HIGH
      this.#marked[ref] = 1
    } else slots[at] = value
    this.#lastStale[ref] = isStale ? 1 : 0
    this.#lastMs[ref] = timeMs
    this.#lastValues[ref] = value
    this.#length++
    this.#counts[ref] = count + 1
    if (count + 1 >= (this.#limits[ref] as number)) this.#pack(ref)
  }

  #putRow(ref: number, values: Float64Array, from: number, to: number): void {
    const slots = this.#slots[Math.floor(ref / PAGE_SERIES)] as Float64Array
    const slot = (ref % PAGE_SERIES) * SLOT
    this.#lastStale[ref] = 0
    this.#lastValues[ref] = values[to - 1] as number
    this.#length += to - from
    for (let at = from; at < to; ) {
      const count = this.#counts[ref] as number
      const left = to - at
      if (count === 0 && left >= WORTH_A_ROW) {
        // With what it has the series goes on as it is, so that not all of them pack at once later.
        const length = Math.min(left, LONGEST_ROW)
        this.#packFrom(ref, values, at, length)
        at += length
        continue
      }
      const room = Math.min((this.#limits[ref] as number) - count, left)
      for (let i = 0; i < room; i++) slots[slot + count + i] = values[at + i] as number
      at += room
      this.#counts[ref] = count + room
      if (count + room >= (this.#limits[ref] as number)) this.#pack(ref)
    }
  }

  /** Packs what is in the slot. */
  #pack(ref: number): void {
    const count = this.#counts[ref] as number
    if (count === 0) return
    const slots = this.#slots[Math.floor(ref / PAGE_SERIES)] as Float64Array
    this.#packFrom(ref, slots, (ref % PAGE_SERIES) * SLOT, count)
    this.#counts[ref] = 0
    this.#limits[ref] = SLOT
  }

  #packFrom(ref: number, values: Float64Array, from: number, count: number): void {
    const column = this.#columns[ref] as TimeColumn
    const place = this.#places[ref] as number
    this.#lastBlocks[ref] = this.#blocks.add(
      this.#lastBlocks[ref] as number,
      column.id,
      place,
      values,
      from,
      count,
      column.at(place + count - 1),
    )
    this.#places[ref] = place + count
  }

  /** The next sample is not where its siblings' are: goes on elsewhere in the column, in that of others, or in one of its own. */
  #move(ref: number, timeMs: number): void {
    const count = this.#counts[ref] as number
    const column = this.#columns[ref]
    const place = column?.placeOf(timeMs) ?? -1
    if (place >= 0 && (count === 0 || count >= WORTH_A_BLOCK)) {
      this.#pack(ref)
      this.#places[ref] = place
      return
    }
    const others = count === 0 || count >= WORTH_A_BLOCK ? this.#columnWith(ref, timeMs) : undefined
    if (others !== undefined && others !== column) {
      this.#pack(ref)
      this.#columns[ref] = others
      this.#places[ref] = others.placeOf(timeMs)
      return
    }
    const own = new TimeColumn(this.#nextColumn++)
    this.#columnsById.set(own.id, own)
    if (count >= WORTH_A_BLOCK) this.#pack(ref)
    else {
      const from = this.#places[ref] as number
      for (let i = 0; i < count; i++) own.push((column as TimeColumn).at(from + i))
    }
    own.push(timeMs)
    this.#columns[ref] = own
    this.#places[ref] = 0
    this.#current = own
  }

  /** A column that has this time: the one where something was measured last, or that of the series before, which often has the same source. */
  #columnWith(ref: number, timeMs: number): TimeColumn | undefined {
    const current = this.#current
    if (current !== undefined && current.placeOf(timeMs) >= 0) return current
    const neighbour = this.#columns[ref - 1]
    return neighbour !== undefined && neighbour.placeOf(timeMs) >= 0 ? neighbour : undefined
  }

  /** A sample that comes late goes where it belongs, which costs the series a column of its own. */
  #insert(ref: number, timeMs: number, value: number, isStale: boolean): Refusal | undefined {
    const { length, timesMs, values, stale } = this.samples(ref, this.sealedToMs(ref), Number.POSITIVE_INFINITY)
    const at = firstAfter(timesMs, length, timeMs)
    if (at > 0 && timesMs[at - 1] === timeMs) {
      const wasStale = stale?.[at - 1] === 1
      const isSame = isStale ? wasStale : !wasStale && Object.is(values[at - 1], value)
      return isSame ? undefined : 'duplicate-timestamp'
    }
    this.#length -= length
    this.#lastBlocks[ref] = 0
    this.#counts[ref] = 0
    this.#columns[ref] = undefined
    this.#unpacked.delete(ref)
    const column = new TimeColumn(this.#nextColumn++)
    this.#columnsById.set(column.id, column)
    this.#columns[ref] = column
    this.#places[ref] = 0
    const again = (time: number, number: number, marker: boolean) => {
      column.push(time)
      this.#put(ref, time, number, marker)
    }
    for (let i = 0; i < at; i++) again(timesMs[i] as number, values[i] as number, stale?.[i] === 1)
    again(timeMs, value, isStale)
    for (let i = at; i < length; i++) again(timesMs[i] as number, values[i] as number, stale?.[i] === 1)
    return undefined
  }

  /** Puts all blocks that reach into the span, and the slot, into the scratch columns; returns how many samples that is. */
  #gather(ref: number, startMs: number, endMs: number): number {
    if (ref >= this.#counts.length || (this.#lastMs[ref] as number) <= startMs) return 0
    const fromMs = Math.max(startMs, this.#sealedToMs[ref] as number)
    const column = this.#columns[ref]
    const inSlot = column === undefined ? 0 : (this.#counts[ref] as number)
    const slotPlace = this.#places[ref] as number
    const addresses: number[] = []
    let packed = 0
    if (inSlot === 0 || (column as TimeColumn).at(slotPlace) > fromMs) {
      const header = this.#header
      for (let address = this.#lastBlocks[ref] as number; address !== 0; address = header.previous) {
        this.#blocks.header(address, header)
        const times = this.#columnsById.get(header.column) as TimeColumn
        if (times.at(header.place + header.count - 1) <= fromMs) break
        if (times.at(header.place) > endMs) continue
        addresses.push(address)
        packed += header.count
      }
    }
    this.#ensure(packed + inSlot)
    let at = 0
    for (let i = addresses.length - 1; i >= 0; i--) {
      const address = addresses[i] as number
      const { column: id, place, count } = this.#blocks.header(address, this.#header)
      ;(this.#columnsById.get(id) as TimeColumn).copyTo(this.#times, at, place, place + count)
      this.#blocks.read(address, this.#values, at)
      at += count
    }
    if (inSlot > 0) {
      const slots = this.#slots[Math.floor(ref / PAGE_SERIES)] as Float64Array
      const slotAt = (ref % PAGE_SERIES) * SLOT
      ;(column as TimeColumn).copyTo(this.#times, at, slotPlace, slotPlace + inSlot)
      // With their bits, which reading them one by one could change.
      this.#values.set(slots.subarray(slotAt, slotAt + inSlot), at)
      at += inSlot
    }
    return at
  }

  /** The blocks of a series, unpacked; kept, since windows that are asked for once are asked for again. */
  #unpackedOf(ref: number): Unpacked | undefined {
    const block = this.#lastBlocks[ref] as number
    if (block === 0) return undefined
    const { column, place, count } = this.#blocks.header(block, this.#header)
    const lastMs = (this.#columnsById.get(column) as TimeColumn).at(place + count - 1)
    const known = this.#unpacked.get(ref)
    // A constant block grows and keeps its address.
    if (known?.block === block && known.lastMs === lastMs) return known
    const sealedToMs = this.sealedToMs(ref)
    if (lastMs <= sealedToMs) return undefined
    const gathered = this.#gather(ref, sealedToMs, lastMs)
    const from = firstAfter(this.#times, gathered, sealedToMs)
    const to = firstAfter(this.#times, gathered, lastMs)
    const [timesMs, values] = [this.#times.slice(from, to), this.#values.slice(from, to)]
    const samples = { length: to - from, timesMs, values, stale: undefined }
    const chunk = new Chunk(samples, samples, hasDrops(values))
    const unpacked = { block, lastMs, chunk, summaries: new Map() }
    this.#unpacked.set(ref, unpacked, chunk.bytes + 8 * samples.length + 1000)
    return unpacked
  }

  #copySlot(ref: number, column: TimeColumn, at: number): void {
    const count = this.#counts[ref] as number
    const place = this.#places[ref] as number
    const slots = this.#slots[Math.floor(ref / PAGE_SERIES)] as Float64Array
    const slotAt = (ref % PAGE_SERIES) * SLOT
    column.copyTo(this.#times, at, place, place + count)
    // With their bits, which reading them one by one could change.
    this.#values.set(slots.subarray(slotAt, slotAt + count), at)
  }

  #ensure(count: number): void {
    if (count <= this.#times.length) return
    this.#times = new Float64Array(count * 2)
    this.#values = new Float64Array(count * 2)
  }

  #reserve(ref: number): void {
    const known = this.#counts.length
    if (ref < known) return
    const capacity = Math.max(PAGE_SERIES, Math.ceil(Math.max(ref + 1, known * 1.25) / PAGE_SERIES) * PAGE_SERIES)
    const grown = <Column extends Uint8Array | Uint32Array | Float64Array>(larger: Column, column: Column): Column => {
      larger.set(column)
      return larger
    }
    this.#counts = grown(new Uint8Array(capacity), this.#counts)
    this.#marked = grown(new Uint8Array(capacity), this.#marked)
    this.#lastStale = grown(new Uint8Array(capacity), this.#lastStale)
    this.#limits = grown(new Uint8Array(capacity), this.#limits)
    this.#places = grown(new Uint32Array(capacity), this.#places)
    this.#lastBlocks = grown(new Uint32Array(capacity), this.#lastBlocks)
    const none = Number.NEGATIVE_INFINITY
    this.#closedToMs = grown(new Float64Array(capacity).fill(none), this.#closedToMs)
    this.#sealedToMs = grown(new Float64Array(capacity).fill(none), this.#sealedToMs)
    this.#lastMs = grown(new Float64Array(capacity).fill(none), this.#lastMs)
    this.#lastValues = grown(new Float64Array(capacity), this.#lastValues)
    // Each packs its first samples at another moment, so that a scrape never packs those of all its series at once.
    for (let i = known; i < capacity; i++) this.#limits[i] = 1 + (Math.imul(i, 0x9e3779b1) >>> 27)
    for (let page = this.#slots.length; page * PAGE_SERIES < capacity; page++) {
      const slots = new Float64Array(PAGE_SERIES * SLOT)
      this.#slots.push(slots)
      this.#bits.push(new Uint32Array(slots.buffer))
    }
  }
}

/** The packed part of a series as it was packed. */
interface Unpacked {
  /** The last block. */
  readonly block: number
  readonly lastMs: number
  readonly chunk: Chunk
  /** What all of it adds up to, by what is needed of it. */
  readonly summaries: Map<number, Summary>
}

function takePacked(summary: Summary, packed: Unpacked, startMs: number, endMs: number): void {
  const { chunk, lastMs, summaries } = packed
  const { samples } = chunk
  const isWhole = startMs < (samples.timesMs[0] as number) && endMs >= lastMs
  if (!isWhole || chunk.knowsAll(summary.needs)) {
    chunk.take(summary, samples, startMs, endMs)
    return
  }
  let whole = summaries.get(summary.needs)
  if (whole === undefined) {
    whole = new Summary().begin(summary.needs)
    whole.takeSamples(samples.timesMs, samples.values, 0, samples.length)
    summaries.set(summary.needs, whole)
  }
  summary.takePiece(whole.numbers, 0)
}

function hasDrops(values: Float64Array): boolean {
  for (let i = 1; i < values.length; i++) if ((values[i] as number) < (values[i - 1] as number)) return true
  return false
}

/** Which of the values are staleness markers; those become plain NaNs. */
function markersOf(values: Float64Array): Uint8Array | undefined {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length * 2)
  let stale: Uint8Array | undefined
  for (let i = 0; i < values.length; i++) {
    if (bits[i * 2] !== STALE_LOW || bits[i * 2 + 1] !== STALE_HIGH) continue
    stale ??= new Uint8Array(values.length)
    stale[i] = 1
    values[i] = Number.NaN
  }
  return stale
}
