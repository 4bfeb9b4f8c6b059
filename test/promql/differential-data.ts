import { parseLabels, type SeriesValue } from '../../src/rule/unit-test/series-notation.ts'
import { seededRandom } from './seeded-random.ts'
import { TestStorage } from './test-storage.ts'
import type { WrittenSeries } from './written-series.ts'

/** Where the data begins; queries may be asked from a little before it to a little behind its end. */
export const DATA_START_MS = 1_700_000_000_000
export const SCRAPE_MS = 15_000
export const SCRAPES = 480

/** The same series for both sides. */
export interface Data {
  readonly storage: TestStorage
  readonly series: readonly WrittenSeries[]
}

/** What a series has at scrape `i`: a number, or a staleness marker, or nothing. */
type Next = (i: number) => number | 'stale' | undefined

/**
 * Gauges that wander, vanish or are seldom written, counters that restart, whole and broken histograms. Counters and
 * buckets stand on whole seconds; gauges on any millisecond.
 */
export function makeData(seed: number): Data {
  const random = seededRandom(seed)
  const storage = new TestStorage()
  const series: WrittenSeries[] = []
  const add = (text: string, next: Next, jitterMs = 0) => {
    const labels = parseLabels(text)
    const samples: { timeMs: number; value: SeriesValue }[] = []
    const phaseMs = Math.floor(random() * 10) * 1000
    for (let i = 0; i < SCRAPES; i++) {
      const value = next(i)
      if (value === undefined) continue
      const timeMs = DATA_START_MS + i * SCRAPE_MS + phaseMs + Math.floor(random() * jitterMs)
      samples.push({ timeMs, value: value === 'stale' ? { kind: 'stale' } : { kind: 'value', number: value } })
    }
    storage.appendSamples(labels, samples)
    series.push({ labels, samples })
  }
  /** Now and then a scrape is missing, at times many in a row, at different times for every series. */
  const withGaps = (next: (i: number) => number): Next => {
    const shift = Math.floor(random() * 97)
    return (i) => {
      const value = next(i)
      return (i > 40 && (i + shift) % 97 < 4) || random() < 0.02 ? undefined : value
    }
  }
  const wandering = () => {
    let level = random() * 100
    return () => {
      level += random() * 20 - 10
      return Number(level.toFixed(6))
    }
  }
  const targets = ['a', 'b', 'c'].flatMap((job) =>
    ['i0', 'i1', 'i2'].map((instance, k) => `job="${job}",zone="z${k % 2}",instance="${instance}"`),
  )
  for (const labels of targets) {
    for (const name of ['g1', 'g2']) add(`${name}{${labels}}`, withGaps(wandering()), 900)
    add(`even{${labels}}`, withGaps(wandering()))
    add(`gone{${labels}}`, vanishing(random, wandering()), 900)
    for (const name of ['c1_total', 'c2_total']) {
      let count = 1000 + Math.floor(random() * 1000)
      // Restarts stay far from 0, where Prometheus 2 extrapolates differently when scrapes are missing.
      add(
        `${name}{${labels}}`,
        withGaps(() => (count = random() < 0.01 ? 500 : count + Math.floor(random() * 30))),
      )
    }
  }
  for (const labels of targets.slice(0, 4)) {
    let count = 1000
    add(`c0_total{${labels}}`, () => (count = random() < 0.02 ? 0 : count + Math.floor(random() * 5)))
    const level = wandering()
    add(`rare{${labels}}`, (i) => (i % 27 === 0 ? level() : undefined), 900)
    const odd = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -0]
    const even = wandering()
    add(`gx{${labels}}`, () => (random() < 0.3 ? odd[Math.floor(random() * odd.length)] : even()), 900)
  }
  add('one', wandering(), 900)
  for (const [job, bounds] of [
    ['a', ['0.1', '0.5', '2.5', '+Inf']],
    ['b', ['-1', '0', '3', '1e2', '+Inf']],
  ] as const) {
    const growth = bounds.map(() => 1 + Math.floor(random() * 5))
    for (const [b, le] of bounds.entries()) {
      const rate = growth.slice(0, b + 1).reduce((sum, each) => sum + each, 0)
      add(`h_bucket{job="${job}",le="${le}"}`, (i) => 100 + rate * i)
    }
  }
  for (const [job, bounds] of [
    ['noinf', ['1', '2', '3']],
    ['infonly', ['+Inf']],
    ['falling', ['1', '2', '3', '4', '+Inf']],
    ['words', ['1', 'two', '3', '+Inf']],
    ['twice', ['1', '1.0', '1e0', '2', '+Inf']],
    ['zero', ['1', '+Inf']],
    ['negative', ['-3', '-2', '+Inf']],
  ] as const) {
    for (const le of bounds) {
      let count = 0
      const most = job === 'zero' ? 0 : 5
      add(`bad_bucket{job="${job}",le="${le}"}`, () => (count += Math.floor(random() * most)))
    }
  }
  return { storage, series }
}

/** There for some scrapes, declared gone, away for some, and there again. */
function vanishing(random: () => number, next: () => number): Next {
  let left = 20 + Math.floor(random() * 60)
  let isThere = random() < 0.7
  return () => {
    left--
    if (left > 0) return isThere ? next() : undefined
    left = 5 + Math.floor(random() * 60)
    isThere = !isThere
    return isThere ? next() : 'stale'
  }
}
