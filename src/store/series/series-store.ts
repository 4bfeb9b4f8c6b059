import type { Clock } from '../../lib/clock.ts'
import type { Labels } from '../../model/labels.ts'
import type { Matcher } from '../../model/matcher.ts'
import type { MetricMeta, MetricType } from '../../model/metric.ts'
import type { SampleBatch, Samples } from '../../model/sample.ts'
import type { OnRefused, SampleSink } from '../../model/sink.ts'
import { Summary } from '../../model/summary.ts'
import type { Connection } from '../database.ts'
import { sql } from '../schema.ts'
import type { Writer } from '../writer.ts'
import { Catalog } from './catalog.ts'
import { DaySummaries } from './day-summaries.ts'
import { Head, type NewestSample } from './head.ts'
import { History } from './history.ts'
import { HistoryImport } from './history-import.ts'
import { JoinMemory, JoinRoom, joinSamples } from './join.ts'
import { describeMetric, SEALED_TO } from './operations.ts'
import { loadSeries, replayJournal } from './replay.ts'
import { SampleJournal } from './sample-journal.ts'
import { Sealer } from './sealer.ts'
import { SegmentReader } from './segment-reader.ts'
import { SeriesIndex } from './series-index.ts'
import { SeriesLimiter, type SeriesLimits } from './series-limiter.ts'

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

const FUTURE_MS = 10 * 60_000
/**
 * All series: the newest samples in memory, with a journal on disk so that none acknowledged is lost, and older ones in
 * packed segments of hours and days.
 */
export class SeriesStore implements SampleSink {
  readonly #writer: Writer
  readonly #reader: Connection
  readonly #clock: Clock
  readonly #limiter: SeriesLimiter
  readonly #onCorrupt: (what: string) => void
  readonly #index = new SeriesIndex()
  readonly #head = new Head()
  readonly #journal: SampleJournal
  readonly #catalog: Catalog
  readonly #history: History
  readonly #sealer: Sealer
  readonly #summary = new Summary()
  readonly #joinMemory = new JoinMemory()
  readonly #meta = new Map<string, MetricMeta>()
  readonly #refused = new Map<SeriesRefusal, number>()
  #nextRef = 1
  #firstOfRun = 1
  /** Series that were let go while somebody may still hold their numbers. */
  readonly #forgotten = new Map<number, Labels>()
  #samplesTotal = 0
  /** All series of an answer of the index. Rules have the same answer again and again, and one question at a time about it. */
  readonly #selected = new WeakMap<Uint32Array, readonly StoredSeries[]>()

  constructor({ writer, reader, clock, limits, onCorrupt }: SeriesStoreOptions) {
    this.#writer = writer
    this.#reader = reader
    this.#clock = clock
    this.#limiter = new SeriesLimiter(limits, this.#index, this.#head, clock, () => this.#firstOfRun)
    this.#onCorrupt = onCorrupt
    this.#journal = new SampleJournal(writer, this.#index)
    this.#catalog = new Catalog(reader)
    const nameOf = (ref: number) => String(this.#index.labelsOf(ref) ?? ref)
    this.#history = new History(this.#catalog, new SegmentReader(reader, onCorrupt, nameOf), new DaySummaries(reader))
    this.#sealer = new Sealer({
      writer,
      reader,
      clock,
      onCorrupt,
      head: this.#head,
      catalog: this.#catalog,
      history: this.#history,
      index: this.#index,
    })
    this.#load()
    this.#firstOfRun = this.#nextRef
  }

  get stats() {
    const { length: headSamples } = this.#head
    return { series: this.#index.size, headSamples, samplesTotal: this.#samplesTotal, refused: this.#refused }
  }

  /** From when to when there may be samples, and up to when only their sums are left; undefined when there are none. */
  get span(): { readonly fromMs: number; readonly toMs: number; readonly rollupsToMs: number | undefined } | undefined {
    const { spans, rollupsToMs } = this.#catalog
    let fromMs = spans[0]?.fromMs ?? Number.POSITIVE_INFINITY
    let toMs = spans.at(-1)?.toMs ?? Number.NEGATIVE_INFINITY
    for (const ref of this.#index.refs()) {
      const lastMs = this.#head.lastMs(ref)
      if (lastMs > toMs) toMs = lastMs
    }
    if (spans.length === 0) fromMs = Math.min(fromMs, this.#firstInHeadMs())
    return fromMs <= toMs ? { fromMs, toMs, rollupsToMs } : undefined
  }

  /** Of series that nothing is on disk of but the journal. */
  #firstInHeadMs(): number {
    let firstMs = Number.POSITIVE_INFINITY
    for (const ref of this.#index.refs()) {
      const { length, timesMs } = this.#head.samples(ref, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)
      if (length > 0) firstMs = Math.min(firstMs, timesMs[0] as number)
    }
    return firstMs
  }

  ref(labels: Labels): number | undefined {
    const known = this.#index.refOf(labels)
    if (known !== undefined) return known
    const refusal = this.#limiter.refusal(labels.name)
    if (refusal !== undefined) return this.#refuse(refusal)
    const ref = this.#nextRef++
    this.#index.add(ref, labels)
    this.#journal.addSeries(ref)
    return ref
  }

  /**
   * Why the limits would refuse one of these series if all of them were made now; nothing is made.
   *
   * @returns undefined when there is room for all
   */
  refusalOf(sets: Iterable<Labels>): { readonly labels: Labels; readonly message: string } | undefined {
    const added = new Set<string>()
    const addedByMetric = new Map<string, number>()
    for (const labels of sets) {
      if (this.#index.refOf(labels) !== undefined || added.has(labels.key)) continue
      const ofMetric = addedByMetric.get(labels.name) ?? 0
      const refusal = this.#limiter.refusal(labels.name, added.size, ofMetric)
      if (refusal !== undefined) {
        this.#refuse(refusal)
        return { labels, message: this.#limiter.message(refusal, labels.name) }
      }
      added.add(labels.key)
      addedByMetric.set(labels.name, ofMetric + 1)
    }
    return undefined
  }

  /** The labels of a series by its number; undefined when it is known no more. */
  labelsOf(ref: number): Labels | undefined {
    return this.#index.labelsOf(ref)
  }

  append(batch: SampleBatch, onRefused?: OnRefused): Promise<void> {
    const latestMs = this.#clock.now() + FUTURE_MS
    for (let i = 0; i < batch.length; i++) {
      const ref = this.#known(batch.refs[i] as number)
      const timeMs = batch.timesMs[i] as number
      const isStale = batch.stale?.[i] === 1
      const refusal = this.#take(ref, timeMs, batch.values[i] as number, isStale, latestMs)
      if (refusal !== undefined) {
        this.#refuse(refusal)
        onRefused?.(refusal, i)
        continue
      }
      this.#journal.add(ref, timeMs, batch.values[i] as number, isStale)
      this.#samplesTotal++
    }
    return this.#journal.written()
  }

  /** Resolves when everything appended so far is on disk; asks for it at once. */
  async durable(): Promise<void> {
    const done = this.#journal.written()
    // Together: a refusal of `done` while the flush goes on with later samples must find somebody who listens.
    await Promise.all([done, this.#journal.flush()])
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
  }: {
    readonly matchers: readonly Matcher[]
    readonly startMs: number
    readonly endMs: number
  }): readonly StoredSeries[] {
    const rollupsMs = this.#catalog.rollupsToMs ?? Number.NEGATIVE_INFINITY
    const rollupsToMs = rollupsMs > startMs ? rollupsMs : undefined
    const refs = this.#index.find(matchers)
    const known = rollupsToMs === undefined ? this.#selected.get(refs) : undefined
    if (known !== undefined && refs.every((ref) => this.#head.noneAfterMs(ref) > startMs)) return known
    const room = new JoinRoom(this.#joinMemory)
    const selected: StoredSeries[] = []
    for (const ref of refs) {
      if (this.#head.noneAfterMs(ref) <= startMs) continue
      selected.push(new StoredSeries(this, ref, this.#index.labelsOf(ref) as Labels, rollupsToMs, room))
    }
    if (rollupsToMs === undefined && selected.length === refs.length) this.#selected.set(refs, selected)
    return selected
  }

  /** Samples of a series with `startMs < t <= endMs`. */
  samplesOf(ref: number, startMs: number, endMs: number, room?: JoinRoom): Samples {
    const older = this.#head.sealedToMs(ref) > startMs ? this.#history.samples(ref, startMs, endMs) : []
    return joinSamples(older, this.#head.samples(ref, startMs, endMs), startMs, endMs, room)
  }

  /** The window `(startMs, endMs]` of a series in a few numbers. */
  summaryOf(ref: number, startMs: number, endMs: number, needs: number): Summary {
    const summary = this.#summary.begin(needs)
    const sealedToMs = this.#head.sealedToMs(ref)
    if (sealedToMs > startMs) this.#history.summarize(summary, ref, startMs, endMs, sealedToMs)
    this.#head.summarize(summary, ref, startMs, endMs)
    return summary
  }

  /** The newest sample of a series in `(startMs, endMs]`. */
  newestOf(ref: number, startMs: number, endMs: number): NewestSample | undefined {
    const newest = this.#head.newest(ref, startMs, endMs)
    if (newest !== undefined) return newest
    const { length, timesMs, values, stale } = this.samplesOf(ref, startMs, endMs)
    if (length === 0) return undefined
    const at = length - 1
    return { timeMs: timesMs[at] as number, value: values[at] as number, isStale: stale?.[at] === 1 }
  }

  /** Label sets of the series that satisfy the matchers; with a span, of those that may have samples in it. */
  find(matchers: readonly Matcher[], span?: Span): Labels[] {
    return Array.from(this.#refs(matchers, span), (ref) => this.#index.labelsOf(ref) as Labels)
  }

  /** Names of the labels of all series, or of those that `find` would find; sorted. */
  labelNames(matchers: readonly Matcher[] = [], span?: Span): string[] {
    const isAll = matchers.length === 0 && span === undefined
    return isAll ? this.#index.labelNames() : this.#index.labelNames(this.#refs(matchers, span))
  }

  /** Values of a label of all series, or of those that `find` would find; sorted. */
  labelValues(name: string, matchers: readonly Matcher[] = [], span?: Span): string[] {
    const isAll = matchers.length === 0 && span === undefined
    return isAll ? this.#index.labelValues(name) : this.#index.labelValues(name, this.#refs(matchers, span))
  }

  /**
   * Moves samples up to `cutMs` from memory and journal into segments, some series at a time with a pause between.
   *
   * @returns how many segments were written
   */
  async seal(cutMs: number, pauseMs: number, signal: AbortSignal): Promise<number> {
    await this.durable()
    return await this.#sealer.seal(cutMs, pauseMs, signal)
  }

  /** Puts the hours of days that ended by `beforeMs` together, which packs them closer; returns how many segments were written. */
  compact(beforeMs: number, pauseMs: number, signal: AbortSignal): Promise<number> {
    return this.#sealer.compact(beforeMs, pauseMs, signal)
  }

  /**
   * Applies the retention step by step: what is older than `rawBeforeMs` keeps its sums only, what is older than
   * `rollupBeforeMs` goes, and series of which nothing is left are forgotten.
   */
  async retain(rawBeforeMs: number, rollupBeforeMs: number): Promise<number> {
    const changed = await this.#sealer.retain(rawBeforeMs, rollupBeforeMs)
    for (const { ref, labels } of await this.#sealer.forget(rollupBeforeMs)) this.#forgotten.set(ref, labels)
    return changed
  }

  /** Takes history in, in any order, straight into segments. */
  importer(): HistoryImport {
    return new HistoryImport({
      writer: this.#writer,
      clock: this.#clock,
      head: this.#head,
      catalog: this.#catalog,
      history: this.#history,
      onCorrupt: this.#onCorrupt,
      append: (batch) => this.append(batch),
      refused: this.#refused,
      durable: () => this.durable(),
      seal: (cutMs) => this.seal(cutMs, 0, new AbortController().signal),
    })
  }

  #take(ref: number, timeMs: number, value: number, isStale: boolean, latestMs: number): SeriesRefusal | undefined {
    if (timeMs > latestMs) return 'too-far-in-the-future'
    if (ref >= this.#nextRef) return 'unknown-series'
    return this.#head.add(ref, timeMs, value, isStale)
  }

  /** Whoever still holds the number of a forgotten series means its labels. */
  #known(ref: number): number {
    const labels = this.#forgotten.size === 0 ? undefined : this.#forgotten.get(ref)
    return labels === undefined ? ref : (this.ref(labels) ?? Number.POSITIVE_INFINITY)
  }

  #refs(matchers: readonly Matcher[], span: Span | undefined): Uint32Array {
    const refs = this.#index.find(matchers)
    return span === undefined ? refs : refs.filter(this.#presence(span.startMs, span.endMs))
  }

  #refuse(reason: SeriesRefusal): undefined {
    this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + 1)
    return undefined
  }

  /** Tells whether a series may have samples with `startMs <= t <= endMs`, without reading any. */
  #presence(startMs: number, endMs: number): (ref: number) => boolean {
    return (ref) => this.#head.overlaps(ref, startMs, endMs) || this.#history.has(ref, startMs, endMs)
  }

  #load(): void {
    this.#nextRef = loadSeries(this.#reader, this.#index) + 1
    for (const { name, type, help, unit } of this.#reader.all(sql.selectFrom('metric').selectAll())) {
      this.#meta.set(name, { type: type as MetricType, help, ...(unit === '' ? {} : { unit }) })
    }
    const { minMs } = this.#reader.statement('SELECT MIN(min_ms) AS minMs FROM journal').get() as {
      minMs: number | null
    }
    const setting = this.#reader.statement('SELECT value FROM setting WHERE key = ?').get(SEALED_TO)
    const sealedToMs = setting === undefined ? Number.NEGATIVE_INFINITY : Number((setting as { value: string }).value)
    // What is in segments and in the journal as well counts once; a series that was passed by has it in the journal only.
    const doubtMs = Math.min(sealedToMs, minMs === null ? sealedToMs : minMs - 1)
    // From the last one on, which makes room for all of them at once.
    for (const ref of this.#index.refs().reverse()) this.#head.sealTo(ref, doubtMs)
    for (const { refs, toMs } of this.#catalog.sealedAfter(doubtMs)) {
      for (const ref of refs) this.#head.sealTo(ref, toMs)
    }
    replayJournal(this.#reader, this.#head, this.#nextRef, this.#onCorrupt)
    // What was read once stays no use in the connection's cache.
    this.#reader.raw.pragma('shrink_memory')
  }
}

interface Span {
  readonly startMs: number
  readonly endMs: number
}

/** A selected series, in the shape that the query engine asks for. */
export class StoredSeries {
  readonly labels: Labels
  readonly ref: number
  readonly rollupsToMs: number | undefined
  readonly #store: SeriesStore
  readonly #room: JoinRoom

  constructor(store: SeriesStore, ref: number, labels: Labels, rollupsToMs: number | undefined, room: JoinRoom) {
    this.#store = store
    this.#room = room
    this.ref = ref
    this.labels = labels
    this.rollupsToMs = rollupsToMs
  }

  /** Valid until the samples of another series of the same selection are asked for. */
  samples(startMs: number, endMs: number): Samples {
    return this.#store.samplesOf(this.ref, startMs, endMs, this.#room)
  }

  summarize(startMs: number, endMs: number, needs: number): Summary {
    return this.#store.summaryOf(this.ref, startMs, endMs, needs)
  }

  newest(startMs: number, endMs: number): NewestSample | undefined {
    return this.#store.newestOf(this.ref, startMs, endMs)
  }
}
