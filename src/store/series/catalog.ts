import type { Connection } from '../database.ts'
import { GROUP_SERIES, groupOf, slotOf, type WrittenSegment } from './segment.ts'

/** All segments of one span of time. */
export interface Span {
  readonly level: number
  /** Exclusive. */
  readonly fromMs: number
  /** Inclusive. */
  readonly toMs: number
  /** True when samples were let go and only their sums are left. */
  isRollup: boolean
  /** Numbers and masks of segments by group; read when first asked for. */
  segments: Map<number, { readonly id: number; readonly mask: number }> | undefined
}

const NOT_SPENT = 'id NOT IN (SELECT id FROM spent_segment)'

export const HOUR_MS = 3_600_000
export const DAY_MS = 24 * HOUR_MS
/** How long a chunk is in a segment of each level. */
export const CHUNK_MS = [HOUR_MS, 6 * HOUR_MS] as const
export const SPAN_MS = [HOUR_MS, DAY_MS] as const

/** Which segments there are, span by span in the order of time. */
export class Catalog {
  readonly #reader: Connection
  #spans: Span[] = []
  #rollupsToMs: number | undefined
  /** Counts changes of what was there before. */
  #version = 0
  readonly #groupVersions = new Map<number, number>()

  constructor(reader: Connection) {
    this.#reader = reader
    this.reload()
  }

  get spans(): readonly Span[] {
    return this.#spans
  }

  /** Changes whenever segments of a group were replaced or went. */
  versionOf(group: number): number {
    return this.#version + (this.#groupVersions.get(group) ?? 0)
  }

  /** Up to here there are only roll-ups; undefined when there are none. */
  get rollupsToMs(): number | undefined {
    return this.#rollupsToMs
  }

  /** Reads from the file what there is, after segments were changed or deleted. */
  reload(): void {
    // Found by jumping from span to span along the index: there may be many thousand segments in each.
    const next = this.#reader.statement(
      `SELECT level, to_ms AS toMs, body IS NULL AS isRollup FROM segment
       WHERE (to_ms, level) > (?, ?) AND ${NOT_SPENT} ORDER BY to_ms, level LIMIT 1`,
    )
    const spans: Span[] = []
    let found = next.get(Number.MIN_SAFE_INTEGER, 0) as { level: number; toMs: number; isRollup: number } | undefined
    while (found !== undefined) {
      const { level, toMs, isRollup } = found
      spans.push(spanAt(level, toMs, isRollup === 1))
      found = next.get(toMs, level) as typeof found
    }
    this.#spans = spans
    this.#rollupsToMs = spans.findLast(({ isRollup }) => isRollup)?.toMs
    this.#version++
  }

  /** Takes up a segment that was written, in the place of those whose samples it has now. */
  replace({ level, toMs, group, id, mask, spent }: WrittenSegment): void {
    if (spent.length > 0) this.#remove(group, new Set(spent))
    if (id === undefined) return
    let span = this.#spans.findLast((known) => known.toMs === toMs && known.level === level)
    if (span === undefined) {
      span = { ...spanAt(level, toMs, false), segments: new Map() }
      const at = this.#spans.findLastIndex((known) => known.toMs < toMs || (known.toMs === toMs && known.level < level))
      this.#spans.splice(at + 1, 0, span)
    }
    const segments = this.#segmentsOf(span)
    // Whoever has read the group up to here finds a new end by itself.
    const isNewEnd = span === this.#spans.at(-1) && spent.length === 0 && segments.get(group)?.id !== id
    segments.set(group, { id, mask })
    if (!isNewEnd) this.#change(group)
  }

  /** The segment of a group in a span, as a list of one or none. */
  numbersOf(level: number, toMs: number, group: number): number[] {
    const span = this.#spans.find((known) => known.toMs === toMs && known.level === level)
    const segment = span === undefined ? undefined : this.#segmentsOf(span).get(group)
    return segment === undefined ? [] : [segment.id]
  }

  /** All segments of a group with samples in spans that end in `(fromMs, toMs]`. */
  numbersWithin(fromMs: number, toMs: number, group: number): number[] {
    return this.#spans.flatMap((span) => {
      const segment =
        span.toMs > fromMs && span.toMs <= toMs && !span.isRollup ? this.#segmentsOf(span).get(group) : undefined
      return segment === undefined ? [] : [segment.id]
    })
  }

  #remove(group: number, ids: ReadonlySet<number>): void {
    this.#spans = this.#spans.filter((span) => {
      const segments = span.segments
      const segment = segments?.get(group)
      if (segments === undefined || segment === undefined || !ids.has(segment.id)) return true
      segments.delete(group)
      return segments.size > 0
    })
    this.#change(group)
  }

  #change(group: number): void {
    this.#groupVersions.set(group, (this.#groupVersions.get(group) ?? 0) + 1)
  }

  /** The number of the segment that has a series in a span. */
  segmentOf(span: Span, ref: number): number | undefined {
    const segment = this.#segmentsOf(span).get(groupOf(ref))
    return segment !== undefined && segment.mask & (1 << slotOf(ref)) ? segment.id : undefined
  }

  groupsOf(span: Span): ReadonlyMap<number, { readonly id: number; readonly mask: number }> {
    return this.#segmentsOf(span)
  }

  /** Which series have a segment that ends after `afterMs`. */
  *sealedAfter(afterMs: number): Generator<{ readonly refs: number[]; readonly toMs: number }> {
    for (const span of this.#spans) {
      if (span.toMs <= afterMs) continue
      for (const [group, { mask }] of this.#segmentsOf(span)) {
        const refs: number[] = []
        for (let slot = 0; slot < GROUP_SERIES; slot++) if (mask & (1 << slot)) refs.push(group * GROUP_SERIES + slot)
        yield { refs, toMs: span.toMs }
      }
    }
  }

  #segmentsOf(span: Span): Map<number, { readonly id: number; readonly mask: number }> {
    if (span.segments === undefined) {
      const rows = this.#reader
        .statement(
          `SELECT series_group AS "group", id, series_mask AS mask FROM segment
           WHERE to_ms = ? AND level = ? AND ${NOT_SPENT}`,
        )
        .all(span.toMs, span.level) as { group: number; id: number; mask: number }[]
      span.segments = new Map(rows.map(({ group, id, mask }) => [group, { id, mask }]))
    }
    return span.segments
  }
}

function spanAt(level: number, toMs: number, isRollup: boolean): Span {
  const lengthMs = SPAN_MS[level as 0 | 1]
  // One that was cut off early ends within its hour.
  const fromMs = (Math.ceil(toMs / lengthMs) - 1) * lengthMs
  return { level, fromMs, toMs, isRollup, segments: undefined }
}
