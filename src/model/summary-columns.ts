/** Which numbers of a summary are wanted, as bits; what every summary has needs none. */
export const NEEDS = {
  /** `drops`: what a counter's growth needs beside its first and last value. */
  growth: 1,
  /** `resets` and `changes`. */
  steps: 2,
  sum: 4,
  /** `min` and `max`. */
  extremes: 8,
  squares: 16,
  /** The sums over time that a straight line needs; goes with `sum`. */
  line: 32,
  all: 63,
} as const

/** Where each number stands in the columns of a stored summary. `…_LOW` is what the double before it could not hold. */
export const AT = {
  count: 0,
  firstMs: 1,
  lastMs: 2,
  first: 3,
  last: 4,
  min: 5,
  max: 6,
  drops: 7,
  dropsLow: 8,
  resets: 9,
  changes: 10,
  sum: 11,
  sumLow: 12,
  squares: 13,
  squaresLow: 14,
  times: 15,
  timesLow: 16,
  timesSquared: 17,
  timesSquaredLow: 18,
  timesValues: 19,
  timesValuesLow: 20,
} as const

/** How many numbers a stored summary has. */
export const SUMMARY_SIZE = 21
