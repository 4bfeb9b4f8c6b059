import { ByteCache } from '../../lib/byte-cache.ts'
import type { Samples } from '../../model/sample.ts'
import { AT, SUMMARY_SIZE, Summary } from '../../model/summary.ts'
import { type Catalog, DAY_MS, type Span } from './catalog.ts'
import type { DaySummaries, GroupDays } from './day-summaries.ts'
import { type ChunkPlace, groupOf, slotOf } from './segment.ts'
import type { SegmentReader } from './segment-reader.ts'

const BUDGET_BYTES = 32 * (1 << 20)
/** Days or hours of one series at which windows that are asked for begin or end. */
const MOST_EDGES = 16
/** Rows that a series may get before its numbers have to move. */
const ROOM = 2
/** So many rows are worth adding up ahead. */
const WORTH_KEEPING = 4

/** Summaries of one series, span by span, from some time on. */
interface Rows {
  /** The spans after this are all there. */
  readonly fromMs: number
  /** Those up to this are all there. */
  toMs: number
  readonly version: number
  count: number
  /** `SUMMARY_SIZE` numbers each, in the order of time. */
  numbers: Float64Array
  readonly segments: number[]
  /** Chunks of the rows at which windows begin or end. */
  readonly chunks: Map<number, readonly ChunkPlace[]>
  /** What many rows add up to, for the windows that were asked for last; by the rows and what is needed of them. */
  readonly middles: Map<number, Float64Array>
}

/**
 * What is on disk of a series: samples of a window, or the window's sums, put together from summaries of days and hours, so
 * that only the chunks at its two edges are unpacked. Summaries of the series asked for last stay in memory.
 */
export class History {
  readonly #catalog: Catalog
  readonly #reader: SegmentReader
  readonly #rows = new ByteCache<Rows>(BUDGET_BYTES)
  readonly #days: DaySummaries

  constructor(catalog: Catalog, reader: SegmentReader, days: DaySummaries) {
    this.#catalog = catalog
    this.#reader = reader
    this.#days = days
  }

  clear(): void {
    this.#rows.clear()
    this.#days.clear()
    this.#reader.clear()
  }

  /**
   * Takes the samples with `startMs < t <= endMs` into a summary.
   *
   * @param sealedToMs up to when the series is on disk
   */
  summarize(summary: Summary, ref: number, startMs: number, endMs: number, sealedToMs: number): void {
    const rows = this.#rowsOf(ref, startMs, sealedToMs)
    const { numbers, count } = rows
    const to = firstNumberAfter(numbers, count, AT.firstMs, endMs)
    let row = firstNumberAfter(numbers, count, AT.lastMs, startMs)
    if (row < to && (numbers[row * SUMMARY_SIZE + AT.firstMs] as number) <= startMs) {
      this.#takeEdge(summary, ref, rows, row++, startMs, endMs)
    }
    if (row >= to) return
    const isEndCut = (numbers[(to - 1) * SUMMARY_SIZE + AT.lastMs] as number) > endMs
    takeMiddle(summary, rows, row, isEndCut ? to - 1 : to)
    if (isEndCut) this.#takeEdge(summary, ref, rows, to - 1, startMs, endMs)
  }

  /** Samples with `startMs < t <= endMs`, in pieces in the order of time that may reach over both ends. */
  samples(ref: number, startMs: number, endMs: number): Samples[] {
    const pieces: Samples[] = []
    for (const span of this.#catalog.spans) {
      if (span.toMs <= startMs || span.fromMs >= endMs) continue
      const segment = this.#catalog.segmentOf(span, ref)
      if (segment === undefined) continue
      for (const [i, place] of this.#reader.chunks(segment, ref).entries()) {
        if (isBeside(place, span, startMs, endMs)) continue
        const chunk = this.#reader.chunk(segment, ref, i, place)
        if (chunk !== undefined) pieces.push(chunk.samples)
      }
    }
    return inOrder(pieces)
  }

  /** Whether a series may have samples with `startMs <= t <= endMs`; exact to the chunk. */
  has(ref: number, startMs: number, endMs: number): boolean {
    const { spans } = this.#catalog
    for (let i = firstSpanAfter(spans, startMs - 1); i < spans.length; i++) {
      const span = spans[i] as Span
      if (span.fromMs >= endMs) continue
      const segment = this.#catalog.segmentOf(span, ref)
      if (segment === undefined) continue
      if (span.fromMs >= startMs && span.toMs <= endMs) return true
      if (this.#reader.chunks(segment, ref).some((place) => !isBeside(place, span, startMs - 1, endMs))) return true
    }
    return false
  }

  #takeEdge(summary: Summary, ref: number, rows: Rows, row: number, startMs: number, endMs: number): void {
    const segment = rows.segments[row] as number
    let places = rows.chunks.get(row)
    if (places === undefined) {
      places = this.#reader.chunks(segment, ref)
      if (rows.chunks.size >= MOST_EDGES) rows.chunks.clear()
      rows.chunks.set(row, places)
    }
    for (let i = 0; i < places.length; i++) {
      const place = places[i] as ChunkPlace
      const { numbers } = place
      const firstMs = numbers[AT.firstMs] as number
      const lastMs = numbers[AT.lastMs] as number
      if (lastMs <= startMs || firstMs > endMs) continue
      if (firstMs > startMs && lastMs <= endMs) {
        summary.takePiece(numbers, 0)
        continue
      }
      const chunk = this.#reader.chunk(segment, ref, i, place)
      if (chunk?.clean !== undefined) chunk.take(summary, chunk.clean, startMs, endMs)
      // Without its samples a chunk counts where it ends.
      else if (chunk !== undefined && lastMs <= endMs) summary.takePiece(numbers, 0)
    }
  }

  #rowsOf(ref: number, startMs: number, sealedToMs: number): Rows {
    const version = this.#catalog.versionOf(groupOf(ref))
    const known = this.#rows.get(ref)
    if (known !== undefined && known.version === version && known.fromMs <= startMs) {
      if (known.toMs < sealedToMs) this.#load(known, ref, known.toMs, sealedToMs)
      return known
    }
    const { spans } = this.#catalog
    const first = firstSpanAfter(spans, startMs)
    const before = spans[first - 1]
    const rows: Rows = {
      fromMs: before?.toMs ?? Number.NEGATIVE_INFINITY,
      toMs: startMs,
      version,
      count: 0,
      numbers: new Float64Array(SUMMARY_SIZE * (spans.length - first + ROOM)),
      segments: [],
      chunks: new Map(),
      middles: new Map(),
    }
    this.#load(rows, ref, startMs, sealedToMs)
    return rows
  }

  /** Adds what spans that end in `(fromMs, toMs]` have. */
  #load(rows: Rows, ref: number, fromMs: number, toMs: number): void {
    const { spans } = this.#catalog
    const slot = slotOf(ref)
    let days: GroupDays | undefined
    for (let i = firstSpanAfter(spans, fromMs); i < spans.length; i++) {
      const span = spans[i] as Span
      const segment = this.#catalog.segmentOf(span, ref)
      if (segment === undefined) continue
      if ((rows.count + 1) * SUMMARY_SIZE > rows.numbers.length) {
        const larger = new Float64Array(rows.numbers.length * 2)
        larger.set(rows.numbers)
        rows.numbers = larger
      }
      const at = rows.count * SUMMARY_SIZE
      let isThere: boolean | undefined
      if (span.level > 0) {
        days ??= this.#days.of(groupOf(ref), rows.version, {
          afterMs: fromMs,
          toMs: Math.ceil(toMs / DAY_MS) * DAY_MS,
        })
        isThere = days.read(span.toMs, slot, rows.numbers, at)
      }
      isThere ??= this.#reader.summary(segment, ref, rows.numbers, at)
      if (!isThere) continue
      rows.segments.push(segment)
      rows.count++
    }
    rows.toMs = Math.max(rows.toMs, toMs)
    this.#rows.set(ref, rows, rows.numbers.byteLength + 1000)
  }
}

/** A window moves on every few seconds and has the same whole days for an hour: those are added up once. */
function takeMiddle(summary: Summary, rows: Rows, from: number, to: number): void {
  if (to - from < WORTH_KEEPING) {
    summary.takePieces(rows.numbers, from, to)
    return
  }
  const key = (from * 65_536 + to) * 64 + summary.needs
  let middle = rows.middles.get(key)
  if (middle === undefined) {
    const whole = new Summary().begin(summary.needs)
    whole.takePieces(rows.numbers, from, to)
    middle = whole.numbers
    if (rows.middles.size >= MOST_EDGES) rows.middles.clear()
    rows.middles.set(key, middle)
  }
  summary.takePiece(middle, 0)
}

function isBeside({ numbers, count }: ChunkPlace, span: Span, startMs: number, endMs: number): boolean {
  // Staleness markers stand outside of what the summary knows: such a chunk is looked at.
  if (numbers[AT.count] !== count) return span.toMs <= startMs || span.fromMs >= endMs
  return (numbers[AT.lastMs] as number) <= startMs || (numbers[AT.firstMs] as number) > endMs
}

/** Segments hold each sample once; only one that was left behind damaged can stand out of line. */
function inOrder(pieces: Samples[]): Samples[] {
  for (let i = 1; i < pieces.length; i++) {
    if (((pieces[i] as Samples).timesMs[0] as number) < ((pieces[i - 1] as Samples).timesMs[0] as number)) {
      return pieces.sort((a, b) => (a.timesMs[0] as number) - (b.timesMs[0] as number))
    }
  }
  return pieces
}

/** The first row whose number at `field` is above `limit`. */
function firstNumberAfter(numbers: Float64Array, count: number, field: number, limit: number): number {
  let low = 0
  let high = count
  while (low < high) {
    const middle = (low + high) >> 1
    if ((numbers[middle * SUMMARY_SIZE + field] as number) <= limit) low = middle + 1
    else high = middle
  }
  return low
}

/** The first span that ends after `timeMs`. */
function firstSpanAfter(spans: readonly Span[], timeMs: number): number {
  let low = 0
  let high = spans.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((spans[middle] as Span).toMs <= timeMs) low = middle + 1
    else high = middle
  }
  return low
}
