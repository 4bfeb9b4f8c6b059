import { poisson, Random } from './random.mjs'

/** Part of the key of the cache: raise it when the data becomes another. */
export const GENERATOR_VERSION = 1
export const SEED = 20_240_229

export const STEP_MS = 15_000
export const DAYS = 30
/** Scrapes of one target in the whole time, its gap included. */
export const SCRAPES = (DAYS * 86_400_000) / STEP_MS
export const PAIRS = 100
const TARGETS = 4
const JITTER_MS = 2
/** Where in the 15 s a target is scraped: far from every edge of a window that ends at a whole minute. */
const PHASE_MS = 4000

/** A restart of each target: some minutes without a scrape, then counters that begin anew. */
const GAP_SCRAPES = 40

/**
 * What the peers and we are asked about: 30 days at 15 s of
 * - `all_total` and `ok_total`, 100 pairs of counters: requests, and those that did not fail;
 * - `x`, 100 gauges: every second one a latency in seconds with three decimals, the others bytes of memory.
 *
 * Of each, two series are marked `in2="yes"`, ten `in10="yes"` and fifty `in50="yes"`, so that queries can ask for fewer.
 * Series of one target share the times of its scrapes, as those of a real one do.
 *
 * @param endMs the end of the time, a whole hour
 */
export function history(endMs) {
  const times = Array.from({ length: TARGETS }, (_, target) => scrapeTimes(endMs, target))
  const labelsOf = (pair) => ({
    job: 'shop',
    instance: `shop-${pair % TARGETS}`,
    pair: String(pair),
    ...(pair < 50 ? { in50: 'yes' } : {}),
    ...(pair < 10 ? { in10: 'yes' } : {}),
    ...(pair < 2 ? { in2: 'yes' } : {}),
  })
  const each = (name, valuesOf) =>
    Array.from({ length: PAIRS }, (_, pair) => ({
      labels: { __name__: name, ...labelsOf(pair) },
      times: times[pair % TARGETS],
      values: () => valuesOf(pair, times[pair % TARGETS]),
    }))
  return [
    { family: 'all', type: 'counter', series: each('all_total', (pair, column) => requests(pair, column).all) },
    { family: 'ok', type: 'counter', series: each('ok_total', (pair, column) => requests(pair, column).ok) },
    {
      family: 'x',
      type: 'gauge',
      series: each('x', (pair, column) => (pair % 2 === 0 ? latency : memory)(pair, column)),
    },
  ]
}

/** When a target was scraped; all its series share this column. */
export function scrapeTimes(endMs, target, { jitterMs = JITTER_MS, hasGap = true } = {}) {
  const random = new Random(SEED + 7919 * target)
  const startMs = endMs - SCRAPES * STEP_MS + PHASE_MS
  const gap = hasGap ? gapOf(target) : SCRAPES
  const column = []
  for (let i = 0; i < SCRAPES; i++) {
    const offsetMs = jitterMs === 0 ? 0 : Math.round((random.share() * 2 - 1) * jitterMs)
    if (i < gap || i >= gap + GAP_SCRAPES) column.push(startMs + i * STEP_MS + offsetMs)
  }
  return { target, timesMs: Float64Array.from(column), restartAt: gap }
}

/** The first scrape that a target misses. */
function gapOf(target) {
  return Math.floor(SCRAPES * (0.3 + 0.15 * target))
}

const hourly = new Map()

/** Draws how many requests come in 15 s at this hour of the day, `busy` at noon on average. */
function requestsAt(hour, busy) {
  const mean = busy * (0.55 - 0.45 * Math.cos((2 * Math.PI * hour) / 24))
  const key = mean.toFixed(6)
  const known = hourly.get(key)
  if (known !== undefined) return known
  const made = poisson(mean)
  hourly.set(key, made)
  return made
}

function requests(pair, { timesMs, restartAt }) {
  const random = new Random(SEED + 31 * pair + 1)
  const busy = 15 + 5 * (pair % 8)
  const failureShare = 0.0005 * (1 + (pair % 6))
  const all = new Float64Array(timesMs.length)
  const ok = new Float64Array(timesMs.length)
  let total = Math.floor(random.share() * 1e6)
  let good = total
  for (let i = 0; i < timesMs.length; i++) {
    if (i === restartAt) {
      total = 0
      good = 0
    }
    const count = requestsAt(Math.floor(timesMs[i] / 3_600_000) % 24, busy)(random)
    const failed = random.share() < count * failureShare ? 1 : 0
    total += count
    good += count - failed
    all[i] = total
    ok[i] = good
  }
  return { all, ok }
}

function latency(pair, { timesMs }) {
  const random = new Random(SEED + 31 * pair + 2)
  const usual = 0.08 + 0.0005 * pair
  return Float64Array.from(timesMs, () => Math.max(1, Math.round(1000 * (usual + 0.0155 * random.normal()))) / 1000)
}

function memory(pair, { timesMs }) {
  const random = new Random(SEED + 31 * pair + 3)
  let pages = 100_000 + 500 * pair
  return Float64Array.from(timesMs, () => {
    pages = Math.max(1000, pages + Math.round(20 * random.normal()))
    return pages * 4096
  })
}
