import type { Clock } from '../../lib/clock.ts'
import { Labels } from '../../model/labels.ts'
import type { Matcher } from '../../model/matcher.ts'
import type { MetricMeta, MetricType } from '../../model/metric.ts'
import { BatchBuilder, type SampleBatch, type Samples } from '../../model/sample.ts'
import type { SampleSink } from '../../model/sink.ts'
import type { Connection } from '../database.ts'
import { sql } from '../schema.ts'
import type { Writer } from '../writer.ts'
import { decodeChunk } from './chunk.ts'
import { HeadSeries } from './head.ts'
import { joinSamples } from './join.ts'
import { decodeJournal, encodeJournal } from './journal.ts'
import {
  appendJournal,
  describeMetric,
  type NewSeries,
  retainChunks,
  type Seal,
  sealChunks,
  trimJournal,
} from './operations.ts'
import { SeriesIndex } from './series-index.ts'

export interface SeriesLimits {
  readonly series: number
  readonly seriesPerMetric: number
}

/** Why a series or a sample was refused; each is counted. */
export const SERIES_REFUSALS = [
  'out-of-order',
  'duplicate-timestamp',
  'too-old',
  'too-far-in-the-future',
  'series-limit',
  'metric-series-limit',
  'unknown-series',
] as const
export type SeriesRefusal = (typeof SERIES_REFUSALS)[number]

interface SeriesStoreOptions {
  readonly writer: Writer
  readonly reader: Connection
  readonly clock: Clock
  readonly limits: SeriesLimits
  /** Told of journal entries and chunks that can't be read. */
  readonly onCorrupt: (what: string) => void
}

/** A selected series, in the shape that the query engine asks for. */
export interface StoredSeries {
  readonly labels: Labels
  samples(startMs: number, endMs: number): Samples
}

const FUTURE_MS = 10 * 60_000
const SEALS_A_STEP = 200
/**
 * How long samples gather before they go to disk. Nobody is told that a probe's sample is safe, so that one commit can carry
 * those of many probes; whoever has to tell asks for `durable()`.
 */
const GATHER_MS = 200

/**
 * All series: the newest samples in memory, with a journal on disk so that none acknowledged is lost, and older ones in
 * compressed chunks of about an hour.
 */
export class SeriesStore implements SampleSink {
  readonly #writer: Writer
  readonly #reader: Connection
  readonly #clock: Clock
  readonly #limits: SeriesLimits
  readonly #onCorrupt: (what: string) => void
  readonly #index = new SeriesIndex()
  readonly #heads: (HeadSeries | undefined)[] = []
  readonly #meta = new Map<string, MetricMeta>()
  readonly #refused = new Map<SeriesRefusal, number>()
  #newSeries: NewSeries[] = []
  #pending = new BatchBuilder(1024)
  #waiting: { resolve: () => void; reject: (error: unknown) => void }[] = []
  #flushing = false
  #timer: NodeJS.Timeout | undefined
  #nextRef = 1
  #samplesTotal = 0
  /** Counts moves of samples into chunks, so that a query under way notices that what it has read of them is old. */
  #moves = 0
  #sealing: Promise<unknown> = Promise.resolve()
  readonly #unreadable = new Set<number>()

  constructor({ writer, reader, clock, limits, onCorrupt }: SeriesStoreOptions) {
    this.#writer = writer
    this.#reader = reader
    this.#clock = clock
    this.#limits = limits
    this.#onCorrupt = onCorrupt
    this.#load()
  }

  get stats() {
    let headSamples = 0
    for (const head of this.#heads) headSamples += head?.length ?? 0
    return { series: this.#index.size, headSamples, samplesTotal: this.#samplesTotal, refused: this.#refused }
  }

  ref(labels: Labels): number | undefined {
    const known = this.#index.refOf(labels)
    if (known !== undefined) return known
    if (this.#index.size >= this.#limits.series) return this.#refuse('series-limit')
    if (this.#index.countOf(labels.name) >= this.#limits.seriesPerMetric) return this.#refuse('metric-series-limit')
    const ref = this.#nextRef++
    this.#index.add(ref, labels)
    this.#newSeries.push({ id: ref, labels: JSON.stringify(labels.pairs) })
    return ref
  }

  /**
   * Why the limits would refuse one of these series if all of them were made now; nothing is made.
   *
   * @returns undefined when there is room for all
   */
  refusalOf(sets: Iterable<Labels>): { readonly labels: Labels; readonly message: string } | undefined {
    const { series, seriesPerMetric } = this.#limits
    const added = new Set<string>()
    const addedByMetric = new Map<string, number>()
    for (const labels of sets) {
      if (this.#index.refOf(labels) !== undefined || added.has(labels.key)) continue
      const ofMetric = addedByMetric.get(labels.name) ?? 0
      if (this.#index.size + added.size >= series) {
        this.#refuse('series-limit')
        return { labels, message: `there are ${series} series already, which is the limit (storage.limits.series)` }
      }
      if (this.#index.countOf(labels.name) + ofMetric >= seriesPerMetric) {
        this.#refuse('metric-series-limit')
        const limit = `the limit for one metric (storage.limits.series_per_metric)`
        return { labels, message: `${labels.name} has ${seriesPerMetric} series already, which is ${limit}` }
      }
      added.add(labels.key)
      addedByMetric.set(labels.name, ofMetric + 1)
    }
    return undefined
  }

  append(batch: SampleBatch): Promise<void> {
    const latestMs = this.#clock.now() + FUTURE_MS
    for (let i = 0; i < batch.length; i++) {
      const ref = batch.refs[i] as number
      const timeMs = batch.timesMs[i] as number
      const isStale = batch.stale?.[i] === 1
      const refusal = this.#take(ref, timeMs, batch.values[i] as number, isStale, latestMs)
      if (refusal !== undefined) {
        this.#refuse(refusal)
        continue
      }
      if (isStale) this.#pending.addStale(ref, timeMs)
      else this.#pending.add(ref, timeMs, batch.values[i] as number)
      this.#samplesTotal++
    }
    const done = new Promise<void>((resolve, reject) => this.#waiting.push({ resolve, reject }))
    this.#timer ??= setTimeout(() => void this.#flush(), GATHER_MS)
    return done
  }

  /** Resolves when everything appended so far is on disk; asks for it at once. */
  async durable(): Promise<void> {
    const done = this.append(new BatchBuilder(1).take())
    // Together: a refusal of `done` while the flush goes on with later samples must find somebody who listens.
    await Promise.all([done, this.#flush()])
  }

  describe(metricName: string, meta: MetricMeta): void {
    const known = this.#meta.get(metricName)
    if (known?.type === meta.type && known.help === meta.help && known.unit === meta.unit) return
    this.#meta.set(metricName, meta)
    // Worth keeping, not worth waiting for: it comes again with the next push or scrape.
    this.#writer.run(describeMetric, { name: metricName, ...meta }).catch(() => this.#meta.delete(metricName))
  }

  metaOf(metricName: string): MetricMeta | undefined {
    return this.#meta.get(metricName)
  }

  get metadata(): ReadonlyMap<string, MetricMeta> {
    return this.#meta
  }

  /** Series that satisfy the matchers and may have samples with `startMs < t <= endMs`. */
  select({
    matchers,
    startMs,
    endMs,
  }: {
    matchers: readonly Matcher[]
    startMs: number
    endMs: number
  }): StoredSeries[] {
    return this.#index.find(matchers).map((ref) => {
      // Evaluation asks for parts of one span again and again: the chunks are read once, unless there are more meanwhile.
      let older: readonly Samples[] = []
      let readAt = -1
      return {
        labels: this.#index.labelsOf(ref) as Labels,
        samples: (fromMs: number, toMs: number) => {
          if (readAt !== this.#moves) older = this.#chunks(ref, startMs, endMs)
          readAt = this.#moves
          // The writer's thread has put samples into a chunk a moment before they leave memory: they count once.
          const chunkedToMs = older.at(-1)?.timesMs.at(-1) ?? startMs
          const newest = this.#heads[ref]?.samples(Math.max(startMs, chunkedToMs), endMs)
          return joinSamples(older, newest, fromMs, toMs)
        },
      }
    })
  }

  /** Label sets of the series that satisfy the matchers; with a span, of those that may have samples in it. */
  find(matchers: readonly Matcher[], span?: { readonly startMs: number; readonly endMs: number }): Labels[] {
    const refs = this.#index.find(matchers)
    const isThere = span === undefined ? () => true : this.#presence(span.startMs, span.endMs)
    return refs.filter(isThere).map((ref) => this.#index.labelsOf(ref) as Labels)
  }

  labelNames(): string[] {
    return this.#index.labelNames()
  }

  labelValues(name: string): string[] {
    return this.#index.labelValues(name)
  }

  /**
   * Moves samples up to `cutMs` from memory and journal into chunks, some series at a time with a pause between.
   *
   * One at a time: two that overlap would put the same samples into two chunks.
   *
   * @returns how many chunks were written
   */
  seal(cutMs: number, pauseMs: number, signal: AbortSignal): Promise<number> {
    const sealed = this.#sealing.then(() => this.#seal(cutMs, pauseMs, signal))
    this.#sealing = sealed.catch(() => {})
    return sealed
  }

  async #seal(cutMs: number, pauseMs: number, signal: AbortSignal): Promise<number> {
    await this.durable()
    // What comes into the journal from here on may hold late samples of series that have been passed by already.
    const { lastId } = this.#reader.statement('SELECT COALESCE(MAX(id), 0) AS lastId FROM journal').get() as {
      lastId: number
    }
    let sealed = 0
    let step: Seal[] = []
    const write = async () => {
      const seals = step
      step = []
      await this.#writer.run(sealChunks, { seals })
      for (const { seriesId } of seals) this.#heads[seriesId]?.dropTo(cutMs)
      this.#moves++
      sealed += seals.length
    }
    for (const [ref, head] of this.#heads.entries()) {
      if (head === undefined) continue
      const { length, timesMs, values, stale } = head.samples(Number.NEGATIVE_INFINITY, cutMs)
      // From here on a late sample is refused rather than put where the chunk would not have it.
      head.closeTo(cutMs)
      if (length === 0) continue
      step.push({ seriesId: ref, timesMs: timesMs.slice(), values: values.slice(), stale: stale?.slice() })
      if (step.length < SEALS_A_STEP) continue
      await write()
      await this.#clock.sleep(pauseMs, signal)
    }
    if (step.length > 0) await write()
    await this.#writer.run(trimJournal, { toMs: cutMs, lastId })
    return sealed
  }

  /** Applies the retention step by step; see `retainChunks`. */
  async retain(rawBeforeMs: number, rollupBeforeMs: number): Promise<number> {
    let total = 0
    for (let changed = -1; changed !== 0; total += changed) {
      changed = await this.#writer.run(retainChunks, { rawBeforeMs, rollupBeforeMs })
    }
    return total
  }

  #take(ref: number, timeMs: number, value: number, isStale: boolean, latestMs: number): SeriesRefusal | undefined {
    if (timeMs > latestMs) return 'too-far-in-the-future'
    const head = this.#head(ref)
    return head === undefined ? 'unknown-series' : head.add(timeMs, value, isStale)
  }

  #head(ref: number): HeadSeries | undefined {
    const known = this.#heads[ref]
    if (known !== undefined) return known
    if (this.#index.labelsOf(ref) === undefined) return undefined
    const made = new HeadSeries()
    this.#heads[ref] = made
    return made
  }

  #refuse(reason: SeriesRefusal): undefined {
    this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + 1)
    return undefined
  }

  /** Tells whether a series may have samples with `startMs <= t <= endMs`, without reading any. */
  #presence(startMs: number, endMs: number): (ref: number) => boolean {
    const sealed = new Set<number>()
    const rows = this.#reader
      .statement('SELECT DISTINCT series_id AS ref FROM chunk WHERE end_ms >= ? AND start_ms <= ?')
      .all(startMs, endMs) as { ref: number }[]
    for (const { ref } of rows) sealed.add(ref)
    return (ref) => sealed.has(ref) || this.#heads[ref]?.overlaps(startMs, endMs) === true
  }

  /** One journal entry at a time; what arrives meanwhile becomes the next one. */
  async #flush(): Promise<void> {
    clearTimeout(this.#timer)
    if (this.#flushing) return
    this.#flushing = true
    while (this.#waiting.length > 0) {
      const waiting = this.#waiting
      const series = this.#newSeries
      const batch = this.#pending.take()
      this.#waiting = []
      this.#newSeries = []
      try {
        if (batch.length > 0 || series.length > 0) await this.#writer.run(appendJournal, journalOf(batch, series))
        for (const { resolve } of waiting) resolve()
      } catch (error) {
        // The series stay known in memory; the next entry has to bring them to disk.
        this.#newSeries = [...series, ...this.#newSeries]
        for (const { reject } of waiting) reject(error)
      }
    }
    this.#flushing = false
    this.#timer = undefined
  }

  #chunks(ref: number, startMs: number, endMs: number): Samples[] {
    // Most queries look at the last minutes, which are in memory: ten thousand series must not cost as many statements.
    if ((this.#heads[ref]?.sealedToMs ?? Number.NEGATIVE_INFINITY) <= startMs) return []
    const rows = this.#reader
      .statement(
        `SELECT id, body, start_ms AS startMs FROM chunk
         WHERE series_id = ? AND end_ms > ? AND start_ms <= ? AND body IS NOT NULL ORDER BY end_ms`,
      )
      .all(ref, startMs, endMs) as { id: number; body: Uint8Array; startMs: number }[]
    return rows.flatMap(({ id, body, startMs: fromMs }) => {
      try {
        return [decodeChunk(body)]
      } catch (error) {
        // Told once, not with every query.
        if (!this.#unreadable.has(id)) {
          this.#unreadable.add(id)
          this.#onCorrupt(`chunk of series ${this.#index.labelsOf(ref)} from ${fromMs}: ${(error as Error).message}`)
        }
        return []
      }
    })
  }

  #load(): void {
    for (const { id, labels } of this.#reader.all(sql.selectFrom('series').selectAll().orderBy('id'))) {
      this.#index.add(id, Labels.fromSortedPairs(JSON.parse(labels) as string[]))
      this.#nextRef = id + 1
    }
    for (const { name, type, help, unit } of this.#reader.all(sql.selectFrom('metric').selectAll())) {
      this.#meta.set(name, { type: type as MetricType, help, ...(unit === '' ? {} : { unit }) })
    }
    const sealed = this.#reader
      .statement('SELECT series_id AS ref, MAX(end_ms) AS toMs FROM chunk GROUP BY series_id')
      .all() as { ref: number; toMs: number }[]
    for (const { ref, toMs } of sealed) {
      const head = this.#head(ref)
      head?.closeTo(toMs)
    }
    const entries = this.#reader.statement('SELECT id, body FROM journal ORDER BY id').all() as {
      id: number
      body: Uint8Array
    }[]
    for (const { id, body } of entries) {
      try {
        const { length, refs, timesMs, values, stale } = decodeJournal(body)
        for (let i = 0; i < length; i++) {
          this.#head(refs[i] as number)?.add(timesMs[i] as number, values[i] as number, stale?.[i] === 1)
        }
      } catch (error) {
        this.#onCorrupt(`journal entry ${id}: ${(error as Error).message}`)
      }
    }
  }
}

function journalOf(batch: SampleBatch, series: readonly NewSeries[]) {
  let minMs = Number.POSITIVE_INFINITY
  let maxMs = Number.NEGATIVE_INFINITY
  for (const timeMs of batch.timesMs) {
    minMs = Math.min(minMs, timeMs)
    maxMs = Math.max(maxMs, timeMs)
  }
  return { series, minMs, maxMs, body: batch.length === 0 ? undefined : encodeJournal(batch) }
}
