import type { Clock } from '../../lib/clock.ts'
import { BatchBuilder, type SampleBatch, type Samples } from '../../model/sample.ts'
import type { Writer } from '../writer.ts'
import { type Catalog, DAY_MS, HOUR_MS, SPAN_MS } from './catalog.ts'
import type { Head } from './head.ts'
import type { History } from './history.ts'
import { deleteSpent, type SegmentWrite, writeSegments } from './operations.ts'
import { bySpan } from './sealer.ts'
import { GROUP_SERIES, groupOf, spanOf } from './segment.ts'

interface HistoryImportOptions {
  readonly writer: Writer
  readonly clock: Clock
  readonly head: Head
  readonly catalog: Catalog
  readonly history: History
  readonly onCorrupt: (what: string) => void
  readonly append: (batch: SampleBatch) => Promise<void>
  /** How many samples the store has refused, by reason. */
  readonly refused: ReadonlyMap<string, number>
  readonly durable: () => Promise<void>
  readonly seal: (cutMs: number) => Promise<unknown>
}

/** What became of the samples. */
export interface ImportOutcome {
  readonly samples: number
  readonly refused: ReadonlyMap<string, number>
}

const FUTURE_MS = 10 * 60_000
/** Samples of the last hour go the way of live ones, which can come late by this much. */
const LATE_MS = 5 * 60_000
const MOST_BUFFERED = 6_000_000
const SAMPLES_A_WRITE = 400_000
const SAMPLES_A_BATCH = 50_000

/**
 * Takes history in, in any order of series and times, and puts it into segments of whole days as far as the days are over. A
 * sample whose time is taken already is counted, and what was there stays.
 */
export class HistoryImport {
  readonly #options: HistoryImportOptions
  readonly #liveAfterMs: number
  readonly #buffers = new Map<number, Column>()
  readonly #refused = new Map<string, number>()
  #live = new BatchBuilder(1024)
  #buffered = 0
  #samples = 0
  #isPrepared = false

  constructor(options: HistoryImportOptions) {
    this.#options = options
    this.#liveAfterMs = Math.floor((options.clock.now() - LATE_MS) / HOUR_MS) * HOUR_MS
  }

  /** @returns a promise when the caller has to wait until memory is free again */
  add(ref: number, timeMs: number, value: number, isStale: boolean): void | Promise<void> {
    if (timeMs > this.#options.clock.now() + FUTURE_MS) return this.#refuse('too-far-in-the-future', 1)
    this.#samples++
    if (timeMs > this.#liveAfterMs) {
      if (isStale) this.#live.addStale(ref, timeMs)
      else this.#live.add(ref, timeMs, value)
      return this.#live.length >= SAMPLES_A_BATCH ? this.#appendLive() : undefined
    }
    let column = this.#buffers.get(ref)
    if (column === undefined) {
      column = new Column()
      this.#buffers.set(ref, column)
    }
    column.add(timeMs, value, isStale)
    if (++this.#buffered >= MOST_BUFFERED) return this.#flush(false)
  }

  /** Writes what is left; everything is on disk when it resolves. */
  async finish(): Promise<ImportOutcome> {
    await this.#flush(true)
    await this.#appendLive()
    await this.#options.durable()
    return { samples: this.#samples, refused: this.#refused }
  }

  async #appendLive(): Promise<void> {
    const batch = this.#live
    this.#live = new BatchBuilder(1024)
    const { append, durable, head, refused } = this.#options
    const before = { length: head.length, refused: new Map(refused) }
    void append(batch).catch(() => {})
    const taken = head.length - before.length
    let known = batch.length - taken
    for (const [reason, count] of refused) {
      const more = count - (before.refused.get(reason) ?? 0)
      if (more === 0) continue
      this.#refuse(reason, more)
      known -= more
    }
    // What was there with the same value is no news either.
    if (known > 0) this.#refuse('duplicate-timestamp', known)
    this.#samples -= batch.length - taken
    await durable()
  }

  /** @param isLast false keeps the newest day of each series back, since more of it may be to come */
  async #flush(isLast: boolean): Promise<void> {
    const { catalog, durable, head } = this.#options
    if (!this.#isPrepared) await this.#options.seal(this.#liveAfterMs)
    this.#isPrepared = true
    // A segment must not come before the series that it is of.
    await durable()
    const writes = new Map<string, SegmentWrite & { additions: { ref: number; samples: Samples }[] }>()
    for (const [ref, column] of [...this.#buffers].sort(([a], [b]) => a - b)) {
      const { samples, duplicates } = column.take()
      this.#drop(duplicates)
      const days = bySpan(samples, DAY_MS)
      const kept = isLast ? undefined : days.pop()
      this.#buffers.delete(ref)
      if (kept !== undefined) this.#buffers.set(ref, Column.of(kept[1]))
      for (const [dayMs, ofDay] of days) {
        for (const [level, toMs, part] of this.#parts(ref, dayMs, ofDay)) {
          const group = groupOf(ref)
          const key = `${toMs} ${level} ${group}`
          const known = writes.get(key)
          if (known !== undefined) known.additions.push({ ref, samples: part })
          else {
            const fromMs = (spanOf(toMs, SPAN_MS[level]) as number) * SPAN_MS[level]
            const sources = catalog.numbersWithin(fromMs, toMs, group)
            writes.set(key, { level, toMs, group, sources, additions: [{ ref, samples: part }] })
          }
        }
      }
    }
    this.#buffered = [...this.#buffers.values()].reduce((sum, { length }) => sum + length, 0)
    for (const ref of this.#refsOf(writes.values())) head.sealTo(ref, this.#liveAfterMs)
    await this.#write([...writes.values()])
  }

  /** A day that is over and packed, or will be, is one segment; one that goes on is one of each hour. */
  *#parts(ref: number, dayMs: number, samples: Samples): Generator<[level: 0 | 1, toMs: number, samples: Samples]> {
    const { catalog } = this.#options
    if (dayMs <= this.#liveAfterMs || catalog.numbersOf(1, dayMs, groupOf(ref)).length > 0) yield [1, dayMs, samples]
    else for (const [toMs, part] of bySpan(samples, HOUR_MS)) yield [0, toMs, part]
  }

  async #write(writes: readonly SegmentWrite[]): Promise<void> {
    const { writer, catalog, history, onCorrupt } = this.#options
    const sizeOf = ({ additions }: SegmentWrite) => additions.reduce((sum, { samples }) => sum + samples.length, 0)
    for (let from = 0; from < writes.length; ) {
      let [to, size] = [from, 0]
      while (to < writes.length && size < SAMPLES_A_WRITE) size += sizeOf(writes[to++] as SegmentWrite)
      for (const result of await writer.run(writeSegments, { writes: writes.slice(from, to) })) {
        for (const { message } of result.kept) onCorrupt(message)
        catalog.replace(result)
        this.#drop(result.duplicates)
      }
      from = to
    }
    await writer.run(deleteSpent, undefined)
    history.clear()
  }

  *#refsOf(writes: Iterable<SegmentWrite>): Generator<number> {
    const groups = new Set<number>()
    for (const { group } of writes) groups.add(group)
    for (const group of groups) for (let slot = 0; slot < GROUP_SERIES; slot++) yield group * GROUP_SERIES + slot
  }

  #drop(duplicates: number): void {
    this.#samples -= duplicates
    if (duplicates > 0) this.#refuse('duplicate-timestamp', duplicates)
  }

  #refuse(reason: string, count: number): void {
    this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + count)
  }
}

/** Samples of one series as they come. */
class Column {
  length = 0
  #timesMs = new Float64Array(256)
  #values = new Float64Array(256)
  #stale: Uint8Array | undefined
  #isInOrder = true

  static of({ length, timesMs, values, stale }: Samples): Column {
    const column = new Column()
    for (let i = 0; i < length; i++) column.add(timesMs[i] as number, values[i] as number, stale?.[i] === 1)
    return column
  }

  add(timeMs: number, value: number, isStale: boolean): void {
    const { length } = this
    if (length === this.#timesMs.length) this.#grow()
    if (length > 0 && timeMs <= (this.#timesMs[length - 1] as number)) this.#isInOrder = false
    this.#timesMs[length] = timeMs
    this.#values[length] = isStale ? Number.NaN : value
    if (isStale) this.#stale ??= new Uint8Array(this.#timesMs.length)
    if (this.#stale !== undefined) this.#stale[length] = isStale ? 1 : 0
    this.length++
  }

  /** In the order of time, of each time the one that came first. */
  take(): { readonly samples: Samples; readonly duplicates: number } {
    const { length } = this
    const plain = {
      length,
      timesMs: this.#timesMs.subarray(0, length),
      values: this.#values.subarray(0, length),
      stale: this.#stale?.subarray(0, length),
    }
    if (this.#isInOrder) return { samples: plain, duplicates: 0 }
    const order = Array.from({ length }, (_, i) => i).sort(
      (a, b) => (plain.timesMs[a] as number) - (plain.timesMs[b] as number) || a - b,
    )
    const kept = order.filter((at, i) => i === 0 || plain.timesMs[at] !== plain.timesMs[order[i - 1] as number])
    const samples = {
      length: kept.length,
      timesMs: Float64Array.from(kept, (at) => plain.timesMs[at] as number),
      values: Float64Array.from(kept, (at) => plain.values[at] as number),
      stale: plain.stale === undefined ? undefined : Uint8Array.from(kept, (at) => plain.stale?.[at] ?? 0),
    }
    return { samples, duplicates: length - kept.length }
  }

  #grow(): void {
    const capacity = this.#timesMs.length * 2
    const grown = <Numbers extends Uint8Array | Float64Array>(larger: Numbers, column: Numbers): Numbers => {
      larger.set(column)
      return larger
    }
    this.#timesMs = grown(new Float64Array(capacity), this.#timesMs)
    this.#values = grown(new Float64Array(capacity), this.#values)
    if (this.#stale !== undefined) this.#stale = grown(new Uint8Array(capacity), this.#stale)
  }
}
