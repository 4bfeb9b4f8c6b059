import type { Clock } from '../../lib/clock.ts'
import { createMatcher } from '../../model/matcher.ts'
import type { Head } from './head.ts'
import type { SeriesIndex } from './series-index.ts'

export interface SeriesLimits {
  /** Series that had a sample within the last hour; in all, four times as many are remembered. */
  readonly series: number
  readonly seriesPerMetric: number
}

export type LimitRefusal = 'series-limit' | 'metric-series-limit'

interface Count {
  /** Series with a sample within the last hour, or made since. */
  readonly active: number
  readonly known: number
  readonly atMs: number
}

const ACTIVE_MS = 3_600_000
const COUNT_AGAIN_MS = 60_000
const REMEMBERED_SHARE = 4

/** Whether there is room for one more series: what has ended takes none, however long its history is kept. */
export class SeriesLimiter {
  readonly #limits: SeriesLimits
  readonly #index: SeriesIndex
  readonly #head: Head
  readonly #clock: Clock
  /** Series of an earlier run that have no sample in memory have ended. */
  readonly #firstOfRun: () => number
  #all: Count | undefined
  readonly #byMetric = new Map<string, Count>()

  constructor(limits: SeriesLimits, index: SeriesIndex, head: Head, clock: Clock, firstOfRun: () => number) {
    this.#limits = limits
    this.#index = index
    this.#head = head
    this.#clock = clock
    this.#firstOfRun = firstOfRun
  }

  /**
   * Why a series can't be made.
   *
   * @param added how many others would be made before it, and how many of those of the same metric
   */
  refusal(metricName: string, added = 0, addedOfMetric = 0): LimitRefusal | undefined {
    const { series, seriesPerMetric } = this.#limits
    const known = this.#index.size + added
    if (known >= series && (known >= series * REMEMBERED_SHARE || this.#active() + added >= series)) {
      return 'series-limit'
    }
    const ofMetric = this.#index.countOf(metricName) + addedOfMetric
    if (ofMetric >= seriesPerMetric && this.#activeOf(metricName) + addedOfMetric >= seriesPerMetric) {
      return 'metric-series-limit'
    }
    return undefined
  }

  /** What to tell who is refused. */
  message(refusal: LimitRefusal, metricName: string): string {
    const { series, seriesPerMetric } = this.#limits
    return refusal === 'series-limit'
      ? `there are ${series} series already, which is the limit (storage.limits.series)`
      : `${metricName} has ${seriesPerMetric} series already, which is the limit for one metric (storage.limits.series_per_metric)`
  }

  #active(): number {
    const { size } = this.#index
    if (!this.#isRecent(this.#all)) this.#all = this.#count(this.#index.refs(), size)
    return this.#all.active + size - this.#all.known
  }

  #activeOf(metricName: string): number {
    const known = this.#index.countOf(metricName)
    let count = this.#byMetric.get(metricName)
    if (!this.#isRecent(count)) {
      count = this.#count(this.#index.find([createMatcher('__name__', '=', metricName)]), known)
      this.#byMetric.set(metricName, count)
    }
    return count.active + known - count.known
  }

  #isRecent(count: Count | undefined): count is Count {
    return count !== undefined && Math.abs(this.#clock.now() - count.atMs) < COUNT_AGAIN_MS
  }

  #count(refs: Iterable<number>, known: number): Count {
    const atMs = this.#clock.now()
    const firstOfRun = this.#firstOfRun()
    let active = 0
    for (const ref of refs) {
      const lastMs = this.#head.lastMs(ref)
      if (lastMs > atMs - ACTIVE_MS || (lastMs === Number.NEGATIVE_INFINITY && ref >= firstOfRun)) active++
    }
    return { active, known, atMs }
  }
}
