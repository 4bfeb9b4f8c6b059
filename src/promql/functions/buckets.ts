/** One bucket of a classic histogram: how many observations were at most `bound`. */
export interface Bucket {
  bound: number
  count: number
}

/** What `bucketQuantile` had to repair, for the info that it adds. */
export interface Repair {
  smallestBound: number
  largestBound: number
  largestDifference: number
}

/** Counts that differ by less than this share come from rounding and are no difference. */
const TOLERANCE = 1e-12
const SMALLEST_NORMAL = 2.2250738585072014e-308

/**
 * The φ-quantile of a histogram, interpolated linearly inside its bucket. Sorts and repairs the buckets in place.
 *
 * @returns the quantile, and what was repaired when the counts were not monotonic
 */
export function bucketQuantile(q: number, unsorted: Bucket[]): { value: number; repair: Repair | undefined } {
  const plain = (value: number) => ({ value, repair: undefined })
  if (Number.isNaN(q)) return plain(Number.NaN)
  if (q < 0) return plain(Number.NEGATIVE_INFINITY)
  if (q > 1) return plain(Number.POSITIVE_INFINITY)
  const buckets = sortAndJoin(unsorted)
  if (buckets.at(-1)?.bound !== Number.POSITIVE_INFINITY) return plain(Number.NaN)
  const repair = makeMonotonic(buckets)
  const last = buckets.length - 1
  const observations = (buckets[last] as Bucket).count
  if (buckets.length < 2 || observations === 0) return plain(Number.NaN)
  let rank = q * observations
  const at = firstReaching(rank, buckets, last)
  const { bound, count } = buckets[at] as Bucket
  // Beyond the last finite bound nothing is known.
  if (at === last) return { value: (buckets[last - 1] as Bucket).bound, repair }
  if (at === 0 && bound <= 0) return { value: bound, repair }
  const before = at === 0 ? { bound: 0, count: 0 } : (buckets[at - 1] as Bucket)
  rank -= before.count
  return { value: before.bound + (bound - before.bound) * (rank / (count - before.count)), repair }
}

/** Searches by halves, as Prometheus does: where counts are NaN that finds other buckets than one after the other. */
function firstReaching(rank: number, buckets: readonly Bucket[], end: number): number {
  let low = 0
  let high = end
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((buckets[middle] as Bucket).count >= rank) high = middle
    else low = middle + 1
  }
  return low
}

/** The share of observations between two values, interpolated as in `bucketQuantile`. */
export function bucketFraction(lower: number, upper: number, unsorted: Bucket[]): number {
  const buckets = sortAndJoin(unsorted)
  const all = buckets.at(-1)
  if (all?.bound !== Number.POSITIVE_INFINITY) return Number.NaN
  if (all.count === 0 || Number.isNaN(lower) || Number.isNaN(upper)) return Number.NaN
  if (lower >= upper) return 0
  return (rankOf(upper, buckets) - rankOf(lower, buckets)) / all.count
}

/** How many observations are below `value`. */
function rankOf(value: number, buckets: readonly Bucket[]): number {
  const all = (buckets.at(-1) as Bucket).count
  let rank = 0
  let from = (buckets[0] as Bucket).bound <= 0 ? Number.NEGATIVE_INFINITY : 0
  for (const { bound, count } of buckets) {
    if (from >= value) return Math.min(rank, all)
    if (bound > value) {
      // A bucket of infinite width cannot be divided: all of it counts as below its upper or above its lower bound.
      if (from === Number.NEGATIVE_INFINITY) return Math.min(count, all)
      return Math.min(rank + ((count - rank) * (value - from)) / (bound - from), all)
    }
    rank = count
    from = bound
  }
  return all
}

/** Ascending; buckets of equal bounds become one. */
function sortAndJoin(buckets: Bucket[]): Bucket[] {
  buckets.sort((a, b) => (a.bound < b.bound ? -1 : a.bound > b.bound ? 1 : 0))
  const joined: Bucket[] = []
  for (const bucket of buckets) {
    const last = joined.at(-1)
    if (last !== undefined && last.bound === bucket.bound) last.count += bucket.count
    else joined.push({ ...bucket })
  }
  return joined
}

/**
 * Counts must not fall from bucket to bucket, but do where buckets were scraped or computed at different moments. Tiny
 * differences are silently evened out, real drops are lifted to the count before.
 */
function makeMonotonic(buckets: Bucket[]): Repair | undefined {
  let repair: Repair | undefined
  let before = (buckets[0] as Bucket).count
  for (const bucket of buckets.slice(1)) {
    const { count, bound } = bucket
    if (count === before) continue
    if (almostEqual(before, count)) {
      bucket.count = before
    } else if (count < before) {
      bucket.count = before
      repair ??= {
        smallestBound: Number.POSITIVE_INFINITY,
        largestBound: Number.NEGATIVE_INFINITY,
        largestDifference: 0,
      }
      repair.smallestBound = Math.min(repair.smallestBound, bound)
      repair.largestBound = Math.max(repair.largestBound, bound)
      repair.largestDifference = Math.max(repair.largestDifference, before - count)
    } else before = count
  }
  return repair
}

function almostEqual(a: number, b: number): boolean {
  const size = Math.abs(a) + Math.abs(b)
  const difference = Math.abs(a - b)
  if (a === 0 || b === 0 || size < SMALLEST_NORMAL) return difference < TOLERANCE * SMALLEST_NORMAL
  return difference / Math.min(size, Number.MAX_VALUE) < TOLERANCE
}
