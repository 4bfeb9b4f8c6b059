import type { Clock } from '../../lib/clock.ts'
import type { Labels } from '../../model/labels.ts'
import type { BatchBuilder } from '../../model/sample.ts'
import type { SampleSink } from '../../model/sink.ts'
import { type ExpositionFormat, ExpositionReader } from '../../wire/exposition.ts'
import { SeriesTable } from '../../wire/series-table.ts'
import { TextTable } from '../../wire/text-table.ts'
import type { ScrapeLimits } from './config.ts'
import type { MetricDescriptions } from './metric-descriptions.ts'
import { canonicalBounds, type LabelMaker, ScrapeError } from './sample-labels.ts'

/** What one scrape brought; the counts mean what Prometheus' metrics of the same names mean. */
export interface ScrapeCounts {
  /** Samples that the target exposed. */
  scraped: number
  /** Samples left after `metric_relabel_configs`. */
  postRelabel: number
  /** Series that were not in the last scrape. */
  added: number
  /** Samples of a series that stood in the same scrape before; the first one counts. */
  duplicates: number
  /** Series that the store refused. */
  refused: number
}

/** In place of the store's number of a series. */
const DROPPED = 0xffffffff
const PENDING = 0xfffffffe
const REFUSED = 0xfffffffd

/** Lines between looks at the clock while reading. */
const LINES_PER_SLICE = 2048
/** Samples between looks at the clock while they are put together. */
const SAMPLES_PER_SLICE = 8192
/** How long reading may keep others from the thread. */
const SLICE_MS = 8
/** How long until the store is asked again for a series that it refused. */
const REFUSED_FOR_MS = 5 * 60_000
/** As Prometheus: series that are gone are kept in the cache until they are more than the living ones and this many. */
const MAX_GONE = 1000

interface Options {
  readonly labelsOf: LabelMaker
  readonly limits: ScrapeLimits
  readonly honorTimestamps: boolean
  readonly trackTimestampsStaleness: boolean
  readonly sink: SampleSink
  readonly descriptions: MetricDescriptions
  readonly clock: Clock
}

/**
 * The series of one target: what is known of them by their text, what was there in the last scrape, and so what is new and
 * what is gone. A scrape is `read` and then either `commit`ted or, when anything about it failed, followed by `fail`.
 */
export class ScrapedSeries {
  counts: ScrapeCounts = noCounts()

  readonly #options: Options
  #table = new SeriesTable()
  /** By number in the table: the store's number or one of the words above. */
  #refs = new Uint32Array(64)
  /** By number in the table: the last round in which it was read; 0 is never. */
  #seen = new Uint32Array(64)
  /** By number in the table: the last round whose sample, at the time of the scrape, was stored. */
  #stored = new Uint32Array(64)
  #round = 0
  /** The last round that was committed and had content: series not seen since are new when they return. */
  #knownSince = 0
  #lastStored = 0
  #living = 0
  #livingAtCommit = 0
  #hasContent = false

  /** Labels of series that the store has to be asked for. */
  readonly #pending = new Map<number, Labels>()
  /** Names and values of series that are new in this scrape. */
  #texts: TextTable | undefined
  /** Numbers of the store that more than one text means. */
  readonly #shared = new Set<number>()
  /** What a predecessor stored last, to be declared gone if it does not come again. */
  #inherited: readonly number[] = []
  #askAgainAtMs = 0

  #ids = new Uint32Array(64)
  #values = new Float64Array(64)
  /** NaN for the time of the scrape; undefined when all have that. */
  #timesMs: Float64Array | undefined
  #length = 0

  constructor(options: Options) {
    this.#options = options
  }

  /**
   * Reads an exposition; nothing reaches the store before `commit`.
   *
   * @throws ExpositionError, or ScrapeError when a limit is exceeded; `counts` hold what was read until then
   */
  async read(body: Buffer, format: ExpositionFormat): Promise<void> {
    const { honorTimestamps, limits, descriptions, clock } = this.#options
    this.counts = noCounts()
    this.#length = 0
    this.#living = 0
    this.#forgetPending()
    this.#round++
    const { counts } = this
    const sampleLimit = limits.samples === 0 ? Infinity : limits.samples
    const asksAgain = clock.now() >= this.#askAgainAtMs
    let stored = 0
    let typeFamily = ''
    let sliceStart = performance.now()
    const reader = new ExpositionReader(body, format, this.#table)
    for (let lines = 1; ; lines++) {
      if (lines % LINES_PER_SLICE === 0 && performance.now() - sliceStart > SLICE_MS) {
        await new Promise<void>((resolve) => setImmediate(resolve))
        sliceStart = performance.now()
      }
      const entry = reader.next()
      if (entry === 'end') break
      if (entry !== 'sample') {
        if (entry === 'type') typeFamily = reader.family
        descriptions.note(entry, reader, format)
        continue
      }
      counts.scraped++
      let id = reader.seriesId
      if (id === 0) id = this.#takeUp(reader, typeFamily)
      else if ((this.#refs[id] as number) >= REFUSED) this.#reconsider(id, reader, typeFamily, asksAgain)
      const seen = this.#seen[id] as number
      if (seen !== this.#round) this.#living++
      this.#seen[id] = this.#round
      if (this.#refs[id] === DROPPED) continue
      counts.postRelabel++
      const hasTime = honorTimestamps && !Number.isNaN(reader.timestampMs)
      if (seen === this.#round && !hasTime) {
        counts.duplicates++
        continue
      }
      if (++stored > sampleLimit) continue
      if (seen === 0 || seen < this.#knownSince) counts.added++
      this.#record(id, reader.value, hasTime ? reader.timestampMs : Number.NaN)
    }
    if (stored > sampleLimit) {
      throw new ScrapeError(`sample_limit exceeded (samples: ${stored}, limit: ${limits.samples})`)
    }
    this.#hasContent = body.length > 0
  }

  /** Puts what has been read into `batch`, and a staleness marker for each series that is no longer there. */
  async commit(batch: BatchBuilder, timeMs: number): Promise<void> {
    await this.#askForRefs()
    const tracksTimes = this.#options.trackTimestampsStaleness
    const round = this.#round
    const shared = this.#shared
    const sharedSeen = new Set<number>()
    const [refs, ids, values, timesMs, storedIn] = [this.#refs, this.#ids, this.#values, this.#timesMs, this.#stored]
    let sliceStart = performance.now()
    for (let i = 0; i < this.#length; i++) {
      if (i % SAMPLES_PER_SLICE === SAMPLES_PER_SLICE - 1 && performance.now() - sliceStart > SLICE_MS) {
        await new Promise<void>((resolve) => setImmediate(resolve))
        sliceStart = performance.now()
      }
      const id = ids[i] as number
      const ref = refs[id] as number
      if (ref >= REFUSED) continue
      const ownMs = timesMs === undefined ? Number.NaN : (timesMs[i] as number)
      const isNow = Number.isNaN(ownMs)
      if (isNow && shared.size > 0 && shared.has(ref)) {
        if (sharedSeen.has(ref)) {
          this.counts.duplicates++
          continue
        }
        sharedSeen.add(ref)
      }
      if (isNow || tracksTimes) storedIn[id] = round
      batch.add(ref, isNow ? timeMs : ownMs, values[i] as number)
    }
    this.#markGone(batch, timeMs)
    this.#lastStored = round
    if (this.#hasContent) {
      this.#knownSince = round
      this.#livingAtCommit = this.#living
    }
    this.#tidy()
  }

  /** The scrape failed: everything that was there gets a staleness marker. */
  fail(batch: BatchBuilder, timeMs: number): void {
    this.#forgetPending()
    this.#length = 0
    this.#round++
    this.#markGone(batch, timeMs)
    this.#lastStored = this.#round
    this.#tidy()
  }

  /** The store's numbers of the series that are there now. */
  liveRefs(): number[] {
    const refs = new Set(this.#inherited)
    for (let id = 1; id <= this.#table.size; id++) if (this.#isStored(id)) refs.add(this.#refs[id] as number)
    return [...refs]
  }

  /** Takes over the series of a predecessor: those that the next scrape does not bring are gone. */
  inherit(refs: readonly number[]): void {
    this.#inherited = refs
  }

  /** What the cache holds in memory. */
  get byteLength(): number {
    return (
      this.#table.byteLength + this.#refs.byteLength * 3 + this.#ids.byteLength * 3 + (this.#timesMs?.byteLength ?? 0)
    )
  }

  #isStored(id: number): boolean {
    return this.#stored[id] === this.#lastStored && this.#lastStored !== 0
  }

  #takeUp(reader: ExpositionReader, typeFamily: string): number {
    const labels = this.#makeLabels(reader, typeFamily)
    const id = this.#table.add(reader.bytes, reader.seriesStart, reader.seriesEnd)
    if (id >= this.#refs.length) this.#growSeries()
    this.#seen[id] = 0
    this.#stored[id] = 0
    this.#refs[id] = labels === undefined ? DROPPED : PENDING
    if (labels !== undefined) this.#pending.set(id, labels)
    return id
  }

  /** A series whose scrape failed before the store was asked for it, or that the store refused some time ago. */
  #reconsider(id: number, reader: ExpositionReader, typeFamily: string, asksAgain: boolean): void {
    const ref = this.#refs[id]
    if (ref === DROPPED || (ref === REFUSED && !asksAgain) || this.#pending.has(id)) return
    const labels = this.#makeLabels(reader, typeFamily)
    this.#refs[id] = labels === undefined ? DROPPED : PENDING
    if (labels !== undefined) this.#pending.set(id, labels)
  }

  #makeLabels(reader: ExpositionReader, typeFamily: string): Labels | undefined {
    this.#texts ??= new TextTable()
    const pairs = reader.labelPairs(this.#texts)
    if (pairs.includes(`${typeFamily}_bucket`) || pairs.includes(typeFamily)) canonicalBounds(pairs, reader.type)
    return this.#options.labelsOf(pairs)
  }

  #record(id: number, value: number, timeMs: number): void {
    const at = this.#length++
    if (at === this.#ids.length) this.#growSamples()
    this.#ids[at] = id
    this.#values[at] = value
    if (!Number.isNaN(timeMs)) this.#timesMs ??= new Float64Array(this.#ids.length).fill(Number.NaN)
    if (this.#timesMs !== undefined) this.#timesMs[at] = timeMs
  }

  async #askForRefs(): Promise<void> {
    const { sink, clock } = this.#options
    const fresh = new Set<number>()
    let sliceStart = performance.now()
    for (const [id, labels] of this.#pending) {
      if (performance.now() - sliceStart > SLICE_MS) {
        await new Promise<void>((resolve) => setImmediate(resolve))
        sliceStart = performance.now()
      }
      const ref = sink.ref(labels)
      this.#refs[id] = ref ?? REFUSED
      if (ref === undefined) this.counts.refused++
      else if (fresh.has(ref)) this.#shared.add(ref)
      else fresh.add(ref)
    }
    if (this.counts.refused > 0) this.#askAgainAtMs = clock.now() + REFUSED_FOR_MS
    if (fresh.size > 0) {
      for (let id = 1; id <= this.#table.size; id++) {
        const ref = this.#refs[id] as number
        if (!this.#pending.has(id) && fresh.has(ref)) this.#shared.add(ref)
      }
    }
    this.#forgetPending()
  }

  #forgetPending(): void {
    this.#pending.clear()
    this.#texts = undefined
  }

  /** Markers for what the last round stored and this one did not. */
  #markGone(batch: BatchBuilder, timeMs: number): void {
    const gone = new Set(this.#inherited)
    this.#inherited = []
    for (let id = 1; id <= this.#table.size; id++) if (this.#isStored(id)) gone.add(this.#refs[id] as number)
    if (gone.size === 0) return
    // Another text may have brought the same series.
    for (let i = 0; i < this.#length; i++) gone.delete(this.#refs[this.#ids[i] as number] as number)
    for (const ref of gone) batch.addStale(ref, timeMs)
  }

  /** Forgets series that neither the last good scrape nor the last attempt brought, once they are many. */
  #tidy(): void {
    if (this.#table.size <= this.#livingAtCommit * 2 + MAX_GONE) return
    const old = { refs: this.#refs, seen: this.#seen, stored: this.#stored }
    const size = this.#table.size
    const renumbered = this.#table.compact(
      (id) => old.seen[id] === this.#knownSince || (old.seen[id] as number) >= this.#round - 1,
    )
    const capacity = Math.max(64, this.#table.size + 1)
    this.#refs = new Uint32Array(capacity)
    this.#seen = new Uint32Array(capacity)
    this.#stored = new Uint32Array(capacity)
    for (let id = 1; id <= size; id++) {
      const now = renumbered[id] as number
      if (now === 0) continue
      this.#refs[now] = old.refs[id] as number
      this.#seen[now] = old.seen[id] as number
      this.#stored[now] = old.stored[id] as number
    }
    this.#length = 0
  }

  #growSeries(): void {
    const capacity = this.#refs.length * 2
    const grow = (column: Uint32Array) => {
      const wider = new Uint32Array(capacity)
      wider.set(column)
      return wider
    }
    this.#refs = grow(this.#refs)
    this.#seen = grow(this.#seen)
    this.#stored = grow(this.#stored)
  }

  #growSamples(): void {
    const capacity = this.#ids.length * 2
    const ids = new Uint32Array(capacity)
    ids.set(this.#ids)
    this.#ids = ids
    const values = new Float64Array(capacity)
    values.set(this.#values)
    this.#values = values
    if (this.#timesMs === undefined) return
    const timesMs = new Float64Array(capacity)
    timesMs.set(this.#timesMs)
    this.#timesMs = timesMs
  }
}

function noCounts(): ScrapeCounts {
  return { scraped: 0, postRelabel: 0, added: 0, duplicates: 0, refused: 0 }
}
