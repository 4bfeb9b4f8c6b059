import { crc32 } from 'node:zlib'
import type { Samples } from '../../model/sample.ts'
import { AT, NEEDS, SUMMARY_SIZE, Summary } from '../../model/summary.ts'
import { ByteReader, ByteWriter } from './bytes.ts'
import { ChunkError, packTimes, packValues, unpackTimes, unpackValues } from './codec.ts'

/**
 * A segment holds the samples of up to sixteen neighbouring series over an hour or a day, cut into chunks (an hour or six).
 *
 * Its body is packed columns one after the other; series that were measured together share their columns of times. Its
 * directory tells for every series where its chunks are, with a summary of each and of the whole, and has checksums of its own.
 */
export const GROUP_SERIES = 16

export const groupOf = (ref: number) => Math.floor(ref / GROUP_SERIES)
export const slotOf = (ref: number) => ref % GROUP_SERIES

const VERSION = 1
const HEADER_BYTES = 8
const CLOCK_DOUBLES = 7
const CLOCK_BYTES = 8 + CLOCK_DOUBLES * 8
/** What a chunk's times alone decide, in the order in which a clock has them. */
const CLOCK_FIELDS = [
  AT.count,
  AT.firstMs,
  AT.lastMs,
  AT.times,
  AT.timesLow,
  AT.timesSquared,
  AT.timesSquaredLow,
] as const
const OTHER_FIELDS = Array.from({ length: SUMMARY_SIZE }, (_, at) => at).filter(
  (at) => !(CLOCK_FIELDS as readonly number[]).includes(at) && at !== AT.first,
)
const OWN_CLOCK = 1 << 24
const MIN_IS_FIRST = 1 << 25
const MAX_IS_FIRST = 1 << 26
const MAX_IS_LAST = 1 << 27
const LAST_IS_FIRST = 1 << 28

/** One series' samples on their way into a segment. */
export interface SegmentSeries {
  readonly ref: number
  readonly samples: Samples
}

export interface EncodedSegment {
  readonly startMs: number
  readonly endMs: number
  readonly samples: number
  /** Bit `slotOf(ref)` is 1 for every series that it has. */
  readonly mask: number
  readonly directory: Buffer
  readonly body: Buffer
  /** What all samples of a series come to, by the series' place in the group. */
  readonly summaries: ReadonlyMap<number, Float64Array>
}

/** What became of a write of samples into a segment. */
export interface WrittenSegment {
  readonly level: number
  readonly toMs: number
  readonly group: number
  /** Undefined when there was nothing to write. */
  readonly id: number | undefined
  readonly mask: number
  /** Samples that were there already. */
  readonly duplicates: number
  /** Segments whose samples are in this one now. */
  readonly spent: readonly number[]
  /** Segments that could not be read, and stay as they were. */
  readonly kept: readonly { readonly id: number; readonly message: string }[]
}

interface Clock {
  readonly timesMs: Float64Array | undefined
  readonly summary: Float64Array
  readonly offset: number
  readonly length: number
}

/**
 * @param series of one group, each with at least one sample
 * @param chunkMs how long a chunk is; chunks begin after multiples of it
 * @param isFinal whether it is worth the time to make it as short as it gets
 */
export function encodeSegment(series: readonly SegmentSeries[], chunkMs: number, isFinal: boolean): EncodedSegment {
  const body = new ByteWriter(1 << 14)
  const clocks = new Clocks(body, isFinal)
  const entries = new ByteWriter(1 << 12)
  const table: { slot: number; offset: number; length: number }[] = []
  const summaries = new Map<number, Float64Array>()
  let [startMs, endMs, count, mask] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0]
  for (const { ref, samples } of series) {
    const offset = entries.length
    entries.uint32(0)
    summaries.set(slotOf(ref), writeEntry(entries, samples, chunkMs, clocks, body, isFinal))
    entries.setUint32(offset, crc32(entries.view(offset + 4)))
    table.push({ slot: slotOf(ref), offset, length: entries.length - offset })
    startMs = Math.min(startMs, samples.timesMs[0] as number)
    endMs = Math.max(endMs, samples.timesMs[samples.length - 1] as number)
    count += samples.length
    mask |= 1 << slotOf(ref)
  }
  return {
    startMs,
    endMs,
    samples: count,
    mask,
    directory: writeDirectory(clocks.all, table, entries),
    body: body.take(),
    summaries,
  }
}

function writeDirectory(
  clocks: readonly Clock[],
  table: readonly { slot: number; offset: number; length: number }[],
  entries: ByteWriter,
): Buffer {
  const head = new ByteWriter(1 << 12)
  head.byte(VERSION)
  head.byte(table.length)
  head.byte(clocks.length & 255)
  head.byte(clocks.length >> 8)
  head.uint32(0)
  for (const { offset, length, summary } of clocks) {
    head.uint32(offset)
    head.uint32(length)
    for (const at of CLOCK_FIELDS) head.double(summary[at] as number)
  }
  for (const { slot, offset, length } of table) {
    head.byte(slot)
    head.uint32(offset)
    head.uint32(length)
  }
  head.setUint32(4, headChecksum(head.view()))
  return Buffer.concat([head.view(), entries.view()])
}

function headChecksum(head: Uint8Array): number {
  return crc32(head.subarray(HEADER_BYTES), crc32(head.subarray(0, 4)))
}

/** Whole summary, then each chunk's place and summary. */
function writeEntry(
  entries: ByteWriter,
  samples: Samples,
  chunkMs: number,
  clocks: Clocks,
  body: ByteWriter,
  isFinal: boolean,
): Float64Array {
  const chunks = cut(samples, chunkMs).map((chunk) => {
    const clock = clocks.of(chunk.timesMs)
    const offset = body.length
    body.copy(packValues(chunk.values, chunk.stale, isFinal))
    return { clock, offset, length: body.length - offset, numbers: summarized(chunk) }
  })
  entries.varint(chunks.length)
  let all = (chunks[0] as (typeof chunks)[number]).numbers
  if (chunks.length > 1) {
    const whole = new Summary().begin(NEEDS.all)
    for (const { numbers } of chunks) whole.takePiece(numbers, 0)
    const clock = clocks.together(chunks.map((chunk) => chunk.clock))
    entries.varint(clock)
    writeSummary(entries, whole.numbers, clocks.all[clock] as Clock)
    all = whole.numbers
  }
  for (const { clock, offset, length, numbers } of chunks) {
    entries.varint(clock)
    entries.varint(offset)
    entries.varint(length)
    writeSummary(entries, numbers, clocks.all[clock] as Clock)
  }
  return all
}

/** Columns of times, each once. */
class Clocks {
  readonly all: Clock[] = []
  readonly #body: ByteWriter
  readonly #isFinal: boolean
  readonly #together = new Map<string, number>()

  constructor(body: ByteWriter, isFinal: boolean) {
    this.#body = body
    this.#isFinal = isFinal
  }

  of(timesMs: Float64Array): number {
    const known = this.all.findIndex((clock) => clock.timesMs !== undefined && areEqual(clock.timesMs, timesMs))
    if (known >= 0) return known
    const offset = this.#body.length
    this.#body.copy(packTimes(timesMs, this.#isFinal))
    const count = timesMs.length
    const summary = summarized({ length: count, timesMs, values: new Float64Array(count), stale: undefined })
    return this.all.push({ timesMs, summary, offset, length: this.#body.length - offset }) - 1
  }

  /** One that tells of several together; it has no column. */
  together(clocks: readonly number[]): number {
    const key = clocks.join()
    let at = this.#together.get(key)
    if (at === undefined) {
      const parts = clocks.map((clock) => (this.all[clock] as Clock).summary)
      const whole = new Summary().begin(NEEDS.all)
      for (const part of parts) whole.takePiece(part, 0)
      at = this.all.push({ timesMs: undefined, summary: whole.numbers, offset: 0, length: 0 }) - 1
      this.#together.set(key, at)
    }
    return at
  }
}

function areEqual(a: Float64Array, b: Float64Array): boolean {
  if (a === b) return true
  if (a.length !== b.length || a[0] !== b[0]) return false
  for (let i = a.length - 1; i > 0; i--) if (a[i] !== b[i]) return false
  return true
}

/** Every number of the samples that are no staleness markers; its origin is the first of them. */
export function summarized(samples: Samples): Float64Array {
  const { length, timesMs, values } = withoutMarkers(samples)
  const summary = new Summary().begin(NEEDS.all)
  summary.takeSamples(timesMs, values, 0, length)
  return summary.numbers
}

export function withoutMarkers(samples: Samples): Samples {
  const { length, stale } = samples
  if (stale?.includes(1) !== true) return stale === undefined ? samples : { ...samples, stale: undefined }
  const kept: number[] = []
  for (let i = 0; i < length; i++) if (stale[i] !== 1) kept.push(i)
  return {
    length: kept.length,
    timesMs: Float64Array.from(kept, (i) => samples.timesMs[i] as number),
    values: Float64Array.from(kept, (i) => samples.values[i] as number),
    stale: undefined,
  }
}

/** The number of the span of `lengthMs` that a time is in; spans are open on the left, as windows are. */
export function spanOf(timeMs: number, lengthMs: number): number {
  return Math.ceil(timeMs / lengthMs) - 1
}

function cut(samples: Samples, chunkMs: number): Samples[] {
  const { length, timesMs, values, stale } = samples
  const chunks: Samples[] = []
  let from = 0
  while (from < length) {
    const endMs = (spanOf(timesMs[from] as number, chunkMs) + 1) * chunkMs
    let to = from + 1
    while (to < length && (timesMs[to] as number) <= endMs) to++
    const part = stale?.subarray(from, to)
    chunks.push({
      length: to - from,
      timesMs: timesMs.subarray(from, to),
      values: values.subarray(from, to),
      stale: part?.includes(1) === true ? part : undefined,
    })
    from = to
  }
  return chunks
}

/** Leaves out what follows from the clock or the first value, and what is zero. */
function writeSummary(entries: ByteWriter, numbers: Float64Array, clock: Clock): void {
  let mask = 0
  const first = numbers[AT.first] as number
  const last = numbers[AT.last] as number
  const written: number[] = []
  if (CLOCK_FIELDS.some((at) => numbers[at] !== clock.summary[at])) {
    mask |= OWN_CLOCK
    for (const at of CLOCK_FIELDS) written.push(numbers[at] as number)
  }
  written.push(first)
  if (Object.is(last, first)) mask |= LAST_IS_FIRST
  if (Object.is(numbers[AT.min], first)) mask |= MIN_IS_FIRST
  if (Object.is(numbers[AT.max], last)) mask |= MAX_IS_LAST
  else if (Object.is(numbers[AT.max], first)) mask |= MAX_IS_FIRST
  for (const at of OTHER_FIELDS) {
    if (at === AT.last && mask & LAST_IS_FIRST) continue
    if (at === AT.min && mask & MIN_IS_FIRST) continue
    if (at === AT.max && mask & (MAX_IS_FIRST | MAX_IS_LAST)) continue
    if (Object.is(numbers[at], 0)) continue
    mask |= 1 << at
    written.push(numbers[at] as number)
  }
  entries.uint32(mask >>> 0)
  for (const number of written) entries.double(number)
}

/** A chunk of one series: where its columns are, and its numbers. */
export interface ChunkPlace {
  readonly clock: number
  readonly offset: number
  readonly length: number
  /** As in `Summary.numbers`. */
  readonly numbers: Float64Array
  /** The samples, staleness markers included. */
  readonly count: number
}

/** Reads a directory; nothing is checked before it is asked for. */
export class Directory {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #reader: ByteReader
  readonly #seriesCount: number
  readonly #clockCount: number
  readonly #entriesAt: number

  /** @throws ChunkError when the part that tells where everything is is damaged */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#reader = new ByteReader(bytes)
    if (bytes.length < HEADER_BYTES || bytes[0] !== VERSION) {
      throw new ChunkError('not a readable directory: its version is not known')
    }
    this.#seriesCount = bytes[1] as number
    this.#clockCount = (bytes[2] as number) | ((bytes[3] as number) << 8)
    this.#entriesAt = HEADER_BYTES + this.#clockCount * CLOCK_BYTES + this.#seriesCount * 9
    if (bytes.length < this.#entriesAt) throw new ChunkError('not a readable directory: it ends too early')
    if (headChecksum(this.#bytes.subarray(0, this.#entriesAt)) !== this.#view.getUint32(4, true)) {
      throw new ChunkError('not a readable directory: the checksum does not match')
    }
  }

  get byteLength(): number {
    return this.#bytes.length
  }

  /** Where a clock's column is in the body, and how many times it has. */
  clock(at: number): { readonly offset: number; readonly length: number; readonly count: number } {
    const place = HEADER_BYTES + at * CLOCK_BYTES
    return {
      offset: this.#view.getUint32(place, true),
      length: this.#view.getUint32(place + 4, true),
      count: this.#view.getFloat64(place + 8, true),
    }
  }

  /**
   * Puts the summary of all of a series' samples into `target` at `at`.
   *
   * @returns false when the segment does not have the series
   * @throws ChunkError when its entry is damaged
   */
  summary(slot: number, target: Float64Array, at: number): boolean {
    const reader = this.#entry(slot)
    if (reader === undefined) return false
    const chunks = reader.varint()
    const clock = reader.varint()
    if (chunks === 1) {
      reader.varint()
      reader.varint()
    }
    this.#readSummary(reader, clock, target, at)
    return true
  }

  /**
   * A series' chunks in the order of time; none when the segment does not have it.
   *
   * @throws ChunkError when its entry is damaged
   */
  chunks(slot: number): ChunkPlace[] {
    const reader = this.#entry(slot)
    if (reader === undefined) return []
    const count = reader.varint()
    if (count > 1) this.#readSummary(reader, reader.varint(), new Float64Array(SUMMARY_SIZE), 0)
    const chunks: ChunkPlace[] = []
    for (let i = 0; i < count; i++) {
      const clock = reader.varint()
      const offset = reader.varint()
      const length = reader.varint()
      const numbers = new Float64Array(SUMMARY_SIZE)
      this.#readSummary(reader, clock, numbers, 0)
      chunks.push({ clock, offset, length, numbers, count: this.clock(clock).count })
    }
    return chunks
  }

  /** The reader, at what is known of a series; valid until another series is asked for. */
  #entry(slot: number): ByteReader | undefined {
    const bytes = this.#bytes
    const view = this.#view
    const tableAt = HEADER_BYTES + this.#clockCount * CLOCK_BYTES
    for (let i = 0, at = tableAt; i < this.#seriesCount; i++, at += 9) {
      if (bytes[at] !== slot) continue
      const offset = this.#entriesAt + view.getUint32(at + 1, true)
      const end = offset + view.getUint32(at + 5, true)
      const isWhole = end <= bytes.length && end - offset > 4
      if (!isWhole || crc32(bytes.subarray(offset + 4, end)) !== view.getUint32(offset, true)) {
        throw new ChunkError("not a readable directory: the checksum of the series' entry does not match")
      }
      this.#reader.offset = offset + 4
      return this.#reader
    }
    return undefined
  }

  #readSummary(reader: ByteReader, clock: number, target: Float64Array, at: number): void {
    const mask = reader.uint32()
    const ownClock = (mask & OWN_CLOCK) !== 0
    const clockAt = HEADER_BYTES + clock * CLOCK_BYTES + 8
    for (let i = 0; i < CLOCK_DOUBLES; i++) {
      target[at + (CLOCK_FIELDS[i] as number)] = ownClock
        ? reader.double()
        : this.#view.getFloat64(clockAt + i * 8, true)
    }
    const first = reader.double()
    target[at + AT.first] = first
    for (const field of OTHER_FIELDS) {
      if (mask & (1 << field)) target[at + field] = reader.double()
      else if (field === AT.last && mask & LAST_IS_FIRST) target[at + field] = first
      else if (field === AT.min && mask & MIN_IS_FIRST) target[at + field] = first
      else if (field === AT.max && mask & MAX_IS_LAST) target[at + field] = target[at + AT.last] as number
      else if (field === AT.max && mask & MAX_IS_FIRST) target[at + field] = first
      else target[at + field] = 0
    }
  }
}

/** @throws ChunkError */
export function readTimes(directory: Directory, body: Uint8Array, clock: number): Float64Array {
  const { offset, length, count } = directory.clock(clock)
  return unpackTimes(body.subarray(offset, offset + length), count)
}

/** @throws ChunkError */
export function readChunk(body: Uint8Array, { offset, length, count }: ChunkPlace) {
  return unpackValues(body.subarray(offset, offset + length), count)
}

/** Every sample that a segment has of a series. */
export function readSeries(directory: Directory, body: Uint8Array, slot: number): Samples[] {
  return directory.chunks(slot).map((chunk) => {
    const timesMs = readTimes(directory, body, chunk.clock)
    return { length: chunk.count, timesMs, ...readChunk(body, chunk) }
  })
}
