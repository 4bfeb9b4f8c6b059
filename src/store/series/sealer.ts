import { setImmediate as yieldToOthers } from 'node:timers/promises'
import type { Clock } from '../../lib/clock.ts'
import type { Labels } from '../../model/labels.ts'
import type { Samples } from '../../model/sample.ts'
import type { Connection } from '../database.ts'
import type { Writer } from '../writer.ts'
import { type Catalog, DAY_MS, HOUR_MS } from './catalog.ts'
import type { Head } from './head.ts'
import type { History } from './history.ts'
import {
  deleteSpent,
  forgetSeries,
  retainSegments,
  type SegmentWrite,
  trimJournal,
  writeSegments,
} from './operations.ts'
import { GROUP_SERIES, type SegmentSeries, slotOf, spanOf } from './segment.ts'
import type { SeriesIndex } from './series-index.ts'
import { firstAfter } from './take-run.ts'

interface SealerOptions {
  readonly writer: Writer
  readonly reader: Connection
  readonly clock: Clock
  readonly onCorrupt: (what: string) => void
  readonly head: Head
  readonly catalog: Catalog
  readonly history: History
  readonly index: SeriesIndex
}

const SERIES_A_STEP = 192
/** Days are packed one group at a time: more would keep the writer from what others wait for. */
const GROUPS_A_STEP = 1
const ROWS_A_TURN = 20_000

/** Moves samples out of memory into segments, hours into days, and days out of the file. One at a time. */
export class Sealer {
  readonly #options: SealerOptions
  #running: Promise<unknown> = Promise.resolve()
  #refsAtLastForget = 0

  constructor(options: SealerOptions) {
    this.#options = options
  }

  /** Seals samples up to `cutMs`; everything before has to be in the journal. */
  seal(cutMs: number, pauseMs: number, signal: AbortSignal): Promise<number> {
    return this.#alone(() => this.#seal(cutMs, pauseMs, signal))
  }

  compact(beforeMs: number, pauseMs: number, signal: AbortSignal): Promise<number> {
    return this.#alone(() => this.#compact(beforeMs, pauseMs, signal))
  }

  retain(rawBeforeMs: number, rollupBeforeMs: number): Promise<number> {
    return this.#alone(async () => {
      const { writer, catalog, history } = this.#options
      let total = 0
      for (let changed = -1; changed !== 0; total += changed) {
        changed = await writer.run(retainSegments, { rawBeforeMs, rollupBeforeMs })
      }
      if (total > 0) {
        catalog.reload()
        history.clear()
      }
      return total
    })
  }

  /** Forgets series that have nothing left and had no sample since `beforeMs`. */
  forget(beforeMs: number): Promise<{ readonly ref: number; readonly labels: Labels }[]> {
    return this.#alone(async () => {
      const { writer, head, index } = this.#options
      const masks = await this.#masks()
      const gone: { ref: number; labels: Labels }[] = []
      for (const ref of index.refs()) {
        const isKept = ((masks.get(Math.floor(ref / GROUP_SERIES)) ?? 0) >> slotOf(ref)) & 1
        // One that has just been made may have its first sample yet to come.
        const isNew = head.lastMs(ref) === Number.NEGATIVE_INFINITY && ref >= this.#refsAtLastForget
        const isInMemory = head.lastMs(ref) > head.sealedToMs(ref)
        if (isKept || isNew || isInMemory || head.lastMs(ref) > beforeMs) continue
        gone.push({ ref, labels: index.labelsOf(ref) as Labels })
      }
      this.#refsAtLastForget = head.capacity
      if (gone.length === 0) return gone
      await writer.run(forgetSeries, { refs: gone.map(({ ref }) => ref) })
      for (const { ref } of gone) {
        index.remove(ref)
        head.forget(ref)
      }
      return gone
    })
  }

  #alone<Result>(work: () => Promise<Result>): Promise<Result> {
    // Two that overlap would put the same samples into two segments.
    const result = this.#running.then(work)
    this.#running = result.catch(() => {})
    return result
  }

  async #seal(cutMs: number, pauseMs: number, signal: AbortSignal): Promise<number> {
    const { writer, reader, clock, head, catalog } = this.#options
    // What comes into the journal from here on may hold late samples of series that have been passed by already.
    const { lastId } = reader.statement('SELECT COALESCE(MAX(id), 0) AS lastId FROM journal').get() as {
      lastId: number
    }
    let [segments, samples] = [0, 0]
    let writes: SegmentWrite[] = []
    let refs: number[] = []
    const write = async () => {
      segments += await this.#write(writes)
      for (const ref of refs) head.dropTo(ref, cutMs)
      writes = []
      refs = []
    }
    const groupCount = Math.ceil(head.capacity / GROUP_SERIES)
    for (let group = 0; group < groupCount; group++) {
      const byHour = new Map<number, SegmentSeries[]>()
      for (let slot = 0; slot < GROUP_SERIES; slot++) {
        const ref = group * GROUP_SERIES + slot
        const due = head.samples(ref, Number.NEGATIVE_INFINITY, cutMs)
        if (due.length === 0) continue
        // From here on a late sample is refused rather than put where the segment would not have it.
        head.closeTo(ref, cutMs)
        refs.push(ref)
        samples += due.length
        for (const [toMs, part] of bySpan(due, HOUR_MS)) {
          const ofHour = byHour.get(toMs)
          if (ofHour === undefined) byHour.set(toMs, [{ ref, samples: part }])
          else ofHour.push({ ref, samples: part })
        }
      }
      for (const [hourMs, additions] of byHour) {
        const toMs = Math.min(hourMs, cutMs)
        writes.push({ level: 0, toMs, group, additions, sources: catalog.numbersOf(0, toMs, group) })
      }
      if (refs.length < SERIES_A_STEP) continue
      await write()
      if (pauseMs > 0) await clock.sleep(pauseMs, signal)
    }
    await write()
    head.release(cutMs, samples)
    await writer.run(trimJournal, { toMs: cutMs, lastId })
    return segments
  }

  async #compact(beforeMs: number, pauseMs: number, signal: AbortSignal): Promise<number> {
    const { clock, catalog } = this.#options
    const days = new Map<number, Set<number>>()
    for (const span of catalog.spans) {
      const dayMs = (spanOf(span.toMs, DAY_MS) + 1) * DAY_MS
      if (span.level !== 0 || span.isRollup || dayMs > beforeMs) continue
      const groups = days.get(dayMs) ?? new Set()
      for (const group of catalog.groupsOf(span).keys()) groups.add(group)
      days.set(dayMs, groups)
    }
    let segments = 0
    for (const [dayMs, groups] of days) {
      const waiting = [...groups]
      while (waiting.length > 0) {
        const writes = waiting.splice(0, GROUPS_A_STEP).map((group) => {
          const sources = catalog.numbersWithin(dayMs - DAY_MS, dayMs, group)
          return { level: 1, toMs: dayMs, group, additions: [], sources }
        })
        segments += await this.#write(writes)
        if (waiting.length > 0 && pauseMs > 0) await clock.sleep(pauseMs, signal)
      }
    }
    return segments
  }

  async #write(writes: readonly SegmentWrite[]): Promise<number> {
    const { writer, catalog, onCorrupt } = this.#options
    if (writes.length === 0) return 0
    const written = await writer.run(writeSegments, { writes })
    for (const result of written) {
      for (const { message } of result.kept) onCorrupt(message)
      catalog.replace(result)
    }
    if (written.some(({ spent }) => spent.length > 0)) await writer.run(deleteSpent, undefined)
    return written.length
  }

  /** Which series have a segment, by group. */
  async #masks(): Promise<Map<number, number>> {
    const { reader, catalog } = this.#options
    const masks = new Map<number, number>()
    let rows = 0
    for (const { level, toMs } of catalog.spans) {
      const found = reader
        .statement('SELECT series_group AS "group", series_mask AS mask FROM segment WHERE to_ms = ? AND level = ?')
        .all(toMs, level) as { group: number; mask: number }[]
      for (const { group, mask } of found) masks.set(group, (masks.get(group) ?? 0) | mask)
      rows += found.length
      if (rows < ROWS_A_TURN) continue
      rows = 0
      await yieldToOthers()
    }
    return masks
  }
}

/** Samples by the end of the span that they are in. */
export function bySpan(samples: Samples, spanMs: number): [toMs: number, samples: Samples][] {
  const { length, timesMs, values, stale } = samples
  const parts: [number, Samples][] = []
  for (let from = 0; from < length; ) {
    const toMs = (spanOf(timesMs[from] as number, spanMs) + 1) * spanMs
    const to = firstAfter(timesMs, length, toMs)
    // Copies, since a view would take its whole memory along to the writer's thread.
    const isAll = from === 0 && to === length
    parts.push([
      toMs,
      isAll
        ? samples
        : {
            length: to - from,
            timesMs: timesMs.slice(from, to),
            values: values.slice(from, to),
            stale: stale?.slice(from, to),
          },
    ])
    from = to
  }
  return parts
}
