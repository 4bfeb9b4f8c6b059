import type { Clock } from '../../lib/clock.ts'
import { every } from '../../lib/every.ts'
import { formatDuration } from '../../model/duration.ts'
import { BatchBuilder } from '../../model/sample.ts'
import type { SampleSink } from '../../model/sink.ts'
import { formatOfContentType } from '../../wire/exposition-media.ts'
import type { ScrapeConfig } from './config.ts'
import type { ExpositionFetcher } from './fetch-exposition.ts'
import type { Gate } from './gate.ts'
import type { MetricDescriptions } from './metric-descriptions.ts'
import { labelMaker, reportLabels, ScrapeError } from './sample-labels.ts'
import { ScrapedSeries } from './scraped-series.ts'
import { phaseOf, type Target } from './target.ts'

/** How the last scrape of a target went. */
export interface TargetHealth {
  readonly health: 'up' | 'down' | 'unknown'
  /** '' when there was none. */
  readonly lastError: string
  /** Epoch milliseconds; undefined before the first scrape. */
  readonly lastScrapeMs: number | undefined
  readonly lastDurationMs: number
}

/** What the scrapers of one job share. */
export interface ScraperContext {
  readonly config: ScrapeConfig
  readonly sink: SampleSink
  readonly clock: Clock
  readonly fetcher: ExpositionFetcher
  readonly descriptions: MetricDescriptions
  readonly gate: Gate
  /** Something that a person has to know and that the target's own state does not show. */
  readonly onError: (error: Error) => void
}

/**
 * What becomes of a target's series when its scraper stops: `keep` leaves them as they are (the program stops, or a
 * successor inherits them), `mark-gone` declares them gone.
 */
export type StopMode = 'keep' | 'mark-gone'

const REPORTS = [
  ['up', 'gauge', 'Whether the last scrape of the target succeeded.'],
  ['scrape_duration_seconds', 'gauge', 'How long the scrape took.'],
  ['scrape_samples_scraped', 'gauge', 'Samples that the target exposed.'],
  ['scrape_samples_post_metric_relabeling', 'gauge', 'Samples left after metric_relabel_configs.'],
  ['scrape_series_added', 'gauge', 'Series that the scrape before did not have.'],
] as const

/** Timers fire a little late; a scrape that is at most this late counts as in time, as in Prometheus. */
const TOLERANCE_MS = 2

/** Scrapes one target at its interval and hands the samples on. */
export class TargetScraper {
  readonly target: Target
  readonly #context: ScraperContext
  readonly #series: ScrapedSeries
  readonly #reportRefs: (number | undefined)[] = []
  readonly #stop = new AbortController()
  readonly #writes = new Set<Promise<void>>()
  #loop: Promise<void> = Promise.resolve()
  #health: TargetHealth = { health: 'unknown', lastError: '', lastScrapeMs: undefined, lastDurationMs: 0 }
  /** Why no scrape is made: the job has too many targets. */
  #refusal: string | undefined
  #warned = ''
  #unknownContentType: string | undefined
  #bodyBytes = 0
  /** Kept between scrapes, with the room that the last one needed. */
  readonly #batch = new BatchBuilder()
  /** A predecessor has reported for this target. */
  #isFollower = false

  constructor(target: Target, context: ScraperContext) {
    const { config, sink, descriptions, clock } = context
    this.target = target
    this.#context = context
    this.#series = new ScrapedSeries({
      labelsOf: labelMaker(target.labels, config),
      limits: config.limits,
      honorTimestamps: config.honorTimestamps,
      trackTimestampsStaleness: config.trackTimestampsStaleness,
      sink,
      descriptions,
      clock,
    })
  }

  get health(): TargetHealth {
    return this.#health
  }

  /** Makes every scrape fail with this message until it is set to undefined. */
  refuse(message: string | undefined): void {
    this.#refusal = message
  }

  /** Begins to scrape; `inherited` are series of a predecessor that are gone unless the first scrape brings them. */
  start(inherited: readonly number[] = []): void {
    const { clock, onError } = this.#context
    this.#series.inherit(inherited)
    this.#isFollower = inherited.length > 0
    this.#loop = every(this.target.intervalMs, (dueMs, signal) => this.#scrape(dueMs, signal), {
      clock,
      signal: this.#stop.signal,
      phaseMs: phaseOf(this.target),
      onError: (error) => onError(error as Error),
    })
  }

  /** @returns the store's numbers of the target's series, for a successor's `start`; none after `mark-gone` */
  async stop(mode: StopMode): Promise<readonly number[]> {
    this.#stop.abort()
    await this.#loop
    const live = this.#series.liveRefs()
    if (mode === 'mark-gone' && (this.#isFollower || this.#health.lastScrapeMs !== undefined)) {
      const batch = new BatchBuilder(live.length + REPORTS.length)
      const timeMs = Math.max(this.#context.clock.now(), (this.#health.lastScrapeMs ?? 0) + 1)
      for (const ref of live) batch.addStale(ref, timeMs)
      for (const index of REPORTS.keys()) {
        const ref = this.#reportRef(index)
        if (ref !== undefined) batch.addStale(ref, timeMs)
      }
      this.#write(batch)
    }
    await Promise.all(this.#writes)
    return mode === 'keep' ? live : []
  }

  async #scrape(dueMs: number, signal: AbortSignal): Promise<void> {
    const { clock, gate } = this.#context
    await gate.run(async () => {
      if (signal.aborted) return
      const startMs = clock.now()
      const isInTime = startMs - dueMs <= Math.min(TOLERANCE_MS, this.target.intervalMs / 100)
      await this.#scrapeAt(isInTime ? dueMs : startMs, signal)
    })
  }

  async #scrapeAt(timeMs: number, signal: AbortSignal): Promise<void> {
    const { clock, descriptions } = this.#context
    const startMs = clock.monotonicMs()
    const failure = await this.#attempt(signal)
    // Whoever stops us decides what becomes of the series; half a scrape says nothing of the target.
    if (signal.aborted) return
    const { counts } = this.#series
    const batch = this.#batch
    // What a scrape has left that was thrown out of its course.
    batch.clear()
    if (failure === undefined) {
      await this.#series.commit(batch, timeMs)
      descriptions.flush()
    } else {
      this.#series.fail(batch, timeMs)
    }
    const durationMs = clock.monotonicMs() - startMs
    this.#health = {
      health: failure === undefined ? 'up' : 'down',
      lastError: failure?.message ?? '',
      lastScrapeMs: timeMs,
      lastDurationMs: durationMs,
    }
    const report = [
      failure === undefined ? 1 : 0,
      durationMs / 1000,
      counts.scraped,
      counts.postRelabel,
      counts.added,
    ] as const
    for (const [i, value] of report.entries()) {
      const ref = this.#reportRef(i)
      if (ref !== undefined) batch.add(ref, timeMs, value)
    }
    this.#write(batch)
    this.#warn()
  }

  /** @returns why the scrape failed, if it did */
  async #attempt(signal: AbortSignal): Promise<Error | undefined> {
    const { clock, fetcher } = this.#context
    const { url, timeoutMs } = this.target
    this.#series.counts = { scraped: 0, postRelabel: 0, added: 0, duplicates: 0, refused: 0 }
    if (this.#refusal !== undefined) return new ScrapeError(this.#refusal)
    const deadline = new AbortController()
    const timeout = new ScrapeError(`timed out after ${formatDuration(timeoutMs)}`)
    const over = new AbortController()
    void clock.sleep(timeoutMs, over.signal).then(
      () => deadline.abort(timeout),
      () => undefined,
    )
    try {
      const both = AbortSignal.any([signal, deadline.signal])
      const expectedBytes = this.#bodyBytes
      const { body, contentType, release } = await fetcher.fetch({ url, timeoutMs, signal: both, expectedBytes })
      over.abort()
      this.#bodyBytes = body.length
      const format = formatOfContentType(contentType)
      this.#unknownContentType = format === undefined ? (contentType ?? 'none') : undefined
      try {
        await this.#series.read(body, format ?? 'text')
      } finally {
        release()
      }
      return undefined
    } catch (error) {
      return deadline.signal.aborted ? timeout : readable(error)
    } finally {
      over.abort()
    }
  }

  /** Tells once of what does not fail a scrape, and again when it has changed. */
  #warn(): void {
    const { duplicates, refused } = this.#series.counts
    const warnings = [
      ...(this.#unknownContentType === undefined
        ? []
        : [`its Content-Type (${this.#unknownContentType}) is none of an exposition; it was read as text/plain`]),
      ...(duplicates === 0 ? [] : ['series that stand more than once in one scrape; the first of each counts']),
      ...(refused === 0 ? [] : ['new series that were refused because of the limits of the store']),
    ].join('; ')
    if (warnings !== '' && warnings !== this.#warned) {
      this.#context.onError(new Error(`scrape of ${this.target.shownUrl}: ${warnings}`))
    }
    // What is refused is asked for only now and then; a round without that says nothing.
    if (warnings !== '') this.#warned = warnings
  }

  #reportRef(index: number): number | undefined {
    const { sink } = this.#context
    const known = this.#reportRefs[index]
    if (known !== undefined) return known
    const [name, type, help] = REPORTS[index] as (typeof REPORTS)[number]
    const ref = sink.ref(reportLabels(name, this.target.labels))
    sink.describe(name, { type, help })
    this.#reportRefs[index] = ref
    return ref
  }

  /** The store answers from memory at once; a slow disk must not make scrapes late. */
  #write(batch: BatchBuilder): void {
    const write: Promise<void> = this.#context.sink
      .append(batch)
      .catch((error: unknown) => this.#context.onError(error as Error))
      .finally(() => this.#writes.delete(write))
    this.#writes.add(write)
    batch.clear()
  }
}

/** The first cause of several that is said in words; Node gives an empty message when all addresses of a name fail. */
function readable(error: unknown): Error {
  if (error instanceof AggregateError && error.message === '') return readable(error.errors[0])
  return error instanceof Error ? error : new Error(String(error))
}
