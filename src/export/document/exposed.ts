import { Turns } from '../../lib/turns.ts'
import { compareLabels, compareText, Labels, METRIC_NAME } from '../../model/labels.ts'
import { createMatcher, type Matcher } from '../../model/matcher.ts'
import type { MetricMeta } from '../../model/metric.ts'
import type { HistogramState, PushedRow } from '../../store/pushed-operations.ts'
import type { StoredSeries } from '../../store/series/series-store.ts'
import {
  type ExposedFamily,
  type ExposedSeries,
  type HistogramValue,
  isSelected,
  unitOfName,
} from './exposed-family.ts'
import { type OwnMetric, ownFamilies } from './own-families.ts'
import { probeMetricMeta } from './probe-metrics.ts'

/** How old the newest sample of a series may be; as PromQL's lookback. */
export const FRESH_MS = 5 * 60_000

/** What alerting rules make; whoever evaluates the same rules has them. */
const ALERT_SERIES: ReadonlySet<string> = new Set(['ALERTS', 'ALERTS_FOR_STATE'])

/** Where the samples of the store come from. */
export interface SeriesSource {
  select(request: {
    readonly matchers: readonly Matcher[]
    readonly startMs: number
    readonly endMs: number
  }): readonly StoredSeries[]
  metaOf(name: string): MetricMeta | undefined
}

/** Everything that `/metrics` tells of. */
export interface ExposedSources {
  /** Epoch milliseconds. */
  readonly nowMs: number
  readonly series: SeriesSource
  readonly pushed: Iterable<PushedRow>
  /** midwatch's own. */
  readonly own: Iterable<OwnMetric>
  /** Names of the checks there are. */
  readonly checks: ReadonlySet<string>
  /** The `instance` of what is measured about this machine. */
  readonly host: string
  /** The series that recording rules make: by their name the expression. */
  readonly recorded: ReadonlyMap<string, string>
}

/**
 * What midwatch has measured, was pushed, knows of itself and has calculated, by name; not what it got from other programs'
 * `/metrics` or from senders that other systems can ask themselves.
 *
 * Where a plain series has a name that a histogram of the same exposition needs (`x`, `x_bucket`, `x_sum`, `x_count`), the
 * histogram is shown and the plain one is not: no text format can hold both.
 *
 * @param selectors keep the series that one of them matches; all series when undefined
 */
export async function exposedFamilies(
  sources: ExposedSources,
  selectors?: readonly (readonly Matcher[])[],
): Promise<ExposedFamily[]> {
  const collector = new Collector(selectors)
  for (const { series, ...meta } of ownFamilies(sources.own)) {
    for (const one of series) collector.add(meta.name, meta, one)
  }
  await addPushed(sources, collector)
  await addStored(sources, collector)
  return collector.families()
}

async function addPushed({ pushed, series, nowMs }: ExposedSources, collector: Collector): Promise<void> {
  const turns = new Turns()
  for (const { labels: text, kind, value, histogram, updatedMs, ttlMs } of [...pushed]) {
    if (ttlMs !== undefined && nowMs - updatedMs > ttlMs) continue
    const labels = Labels.fromSortedPairs(JSON.parse(text) as string[])
    const { name } = labels
    const meta = () => ({ help: '', unit: unitOfName(name), ...series.metaOf(name), type: kind })
    const one = histogram === undefined ? { labels, value } : { labels, histogram: histogramValue(histogram) }
    collector.add(name, meta, one)
    if (turns.isOver()) await turns.next()
  }
}

/** A pushed histogram counts each bucket by itself. */
function histogramValue({ bounds, counts, sum, count }: HistogramState): HistogramValue {
  let below = 0
  return { bounds, cumulative: counts.map((each) => (below += each)), sum, count }
}

async function addStored(sources: ExposedSources, collector: Collector): Promise<void> {
  const { series, nowMs, checks, host, recorded } = sources
  const turns = new Turns()
  const metaOf = (name: string): MetricMeta => {
    const expression = recorded.get(name)
    if (expression !== undefined) return { ...unknownMeta(name), help: `Recorded by a rule: ${expression}` }
    return probeMetricMeta(name) ?? series.metaOf(name) ?? unknownMeta(name)
  }
  const add = async (matchers: readonly Matcher[], isOurs: (labels: Labels) => boolean) => {
    const startMs = nowMs - FRESH_MS
    for (const selected of series.select({ matchers, startMs, endMs: nowMs })) {
      if (turns.isOver()) await turns.next()
      const { labels } = selected
      const { name } = labels
      // Alerts carry the labels of what they are about.
      if (ALERT_SERIES.has(name) || !isOurs(labels)) continue
      const newest = selected.newest(startMs, nowMs)
      if (newest !== undefined && !newest.isStale)
        collector.add(name, () => metaOf(name), { labels, value: newest.value })
    }
  }
  // A target of a scrape job may be called `probe` too, but the checks have names.
  await add([createMatcher('job', '=', 'probe')], (labels) => checks.has(labels.get('check')))
  await add([createMatcher('job', '=', 'node'), createMatcher('instance', '=', host)], () => true)
  for (const name of recorded.keys()) await add([createMatcher(METRIC_NAME, '=', name)], () => true)
}

function unknownMeta(name: string): MetricMeta {
  return { type: 'unknown', help: '', unit: unitOfName(name) }
}

interface Gathered {
  meta: MetricMeta
  readonly series: Map<string, ExposedSeries>
}

/** Puts series into families: every name once, every label set once. */
class Collector {
  readonly #selectors: readonly (readonly Matcher[])[] | undefined
  readonly #families = new Map<string, Gathered>()

  constructor(selectors: readonly (readonly Matcher[])[] | undefined) {
    this.#selectors = selectors
  }

  add(name: string, meta: MetricMeta | (() => MetricMeta), series: ExposedSeries): void {
    if (this.#selectors !== undefined && !isSelected(series, this.#selectors)) return
    let family = this.#families.get(name)
    if (family === undefined) {
      family = { meta: typeof meta === 'function' ? meta() : meta, series: new Map() }
      this.#families.set(name, family)
    }
    const { key } = series.labels
    if (family.series.has(key)) return
    family.series.set(key, series)
  }

  families(): ExposedFamily[] {
    const histograms = new Set<string>()
    for (const [name, { series }] of this.#families) {
      for (const one of series.values()) {
        if (!('histogram' in one)) continue
        histograms.add(name)
        break
      }
    }
    return [...this.#families]
      .filter(([name]) => !isPartOf(name, histograms))
      .sort(([a], [b]) => compareText(a, b))
      .map(([name, { meta, series }]) => {
        const all = [...series.values()]
        const isHistogram = histograms.has(name)
        const kept = isHistogram ? all.filter((one) => 'histogram' in one) : all
        kept.sort((a, b) => compareLabels(a.labels, b.labels))
        return { name, ...meta, ...(isHistogram ? { type: 'histogram' } : {}), series: kept }
      })
  }
}

function isPartOf(name: string, histograms: ReadonlySet<string>): boolean {
  const bare = name.replace(/_(?:bucket|sum|count)$/, '')
  return bare !== name && histograms.has(bare)
}
