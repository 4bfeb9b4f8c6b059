import type { Labels } from '../../model/labels.ts'
import type { Matcher } from '../../model/matcher.ts'
import type { Samples } from '../../model/sample.ts'

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
   * The same window in a few numbers, without its samples, for a store that keeps aggregates of chunks. Undefined when
   * reading the samples is as cheap, or when the numbers are not known.
   */
  summarize?(startMs: number, endMs: number): WindowSummary | undefined
}

/** A window of one series in a few numbers; staleness markers are left out of all of them. `count` may be 0. */
export interface WindowSummary {
  readonly count: number
  readonly firstMs: number
  readonly firstValue: number
  readonly lastMs: number
  readonly lastValue: number
  /** The sum as a compensated pair: `sum + compensation`. */
  readonly sum: number
  readonly compensation: number
  /** NaN only when every value is NaN. */
  readonly min: number
  readonly max: number
  /** `lastValue - firstValue` plus the value before every drop. */
  readonly increase: number
  /** How often a value was smaller than the one before. */
  readonly resets: number
  /** How often a value differed from the one before; NaN after NaN is no change. */
  readonly changes: number
  readonly mean: number
  /** Sum of squared differences from the mean. */
  readonly m2: number
}
