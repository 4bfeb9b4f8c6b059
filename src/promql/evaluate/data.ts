import type { Labels } from '../../model/labels.ts'
import type { Matcher } from '../../model/matcher.ts'
import type { Samples } from '../../model/sample.ts'
import type { Summary } from '../../model/summary.ts'

/** Where samples come from. A store of series has this shape. */
export interface Queryable {
  /** The series that satisfy all matchers and may have samples in the range. Each label set appears once. */
  select(request: SelectRequest): readonly SelectedSeries[] | Promise<readonly SelectedSeries[]>
}

export interface SelectRequest {
  readonly matchers: readonly Matcher[]
  /** Epoch milliseconds, exclusive. */
  readonly startMs: number
  /** Epoch milliseconds, inclusive. */
  readonly endMs: number
}

export interface SelectedSeries {
  readonly labels: Labels
  /** The samples with `startMs < time <= endMs`, staleness markers included as flags. */
  samples(startMs: number, endMs: number): Samples
  /**
   * The same window in a few numbers, for a store that keeps summaries of parts of a series; staleness markers are left out.
   *
   * @param needs which numbers, as bits of `NEEDS`; those that every summary has need none
   * @returns valid until the next call on any series; undefined when the samples have to be read
   */
  summarize?(startMs: number, endMs: number, needs: number): Summary | undefined
  /**
   * The newest sample with `startMs < time <= endMs`, a staleness marker included.
   *
   * @returns valid until the next call on any series; undefined when there is none
   */
  newest?(startMs: number, endMs: number): NewestSample | undefined
  /**
   * Samples up to here (epoch milliseconds) are roll-ups: the first and last of each part of a day, and its sums. Undefined
   * when all are as they came.
   */
  readonly rollupsToMs?: number | undefined
}

export interface NewestSample {
  /** Epoch milliseconds. */
  readonly timeMs: number
  readonly value: number
  /** The sample is a staleness marker: the series was declared gone. */
  readonly isStale: boolean
}
