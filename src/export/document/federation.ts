import { Turns } from '../../lib/turns.ts'
import { compareLabels, compareText, Labels } from '../../model/labels.ts'
import type { Matcher } from '../../model/matcher.ts'
import type { ExpositionSample, MetricFamily } from '../../wire/exposition-family.ts'
import { FRESH_MS, type SeriesSource } from './exposed.ts'

/**
 * The newest sample of every series that one of the selectors wants, with its time, as Prometheus' `/federate` has it:
 * without types, by name. Everything in the store can be had, wherever it came from.
 *
 * @param nowMs epoch milliseconds
 */
export async function federatedFamilies(
  series: SeriesSource,
  selectors: readonly (readonly Matcher[])[],
  nowMs: number,
): Promise<MetricFamily[]> {
  const turns = new Turns()
  const startMs = nowMs - FRESH_MS
  const seen = new Set<string>()
  const byName = new Map<string, ExpositionSample[]>()
  for (const matchers of selectors) {
    for (const selected of series.select({ matchers, startMs, endMs: nowMs })) {
      if (turns.isOver()) await turns.next()
      const { labels } = selected
      if (selectors.length > 1) {
        if (seen.has(labels.key)) continue
        seen.add(labels.key)
      }
      const newest = selected.newest(startMs, nowMs)
      if (newest === undefined || newest.isStale) continue
      const sample = { labels: withInstance(labels), value: newest.value, timestampMs: newest.timeMs }
      const family = byName.get(labels.name)
      if (family === undefined) byName.set(labels.name, [sample])
      else family.push(sample)
    }
  }
  return [...byName]
    .sort(([a], [b]) => compareText(a, b))
    .map(([name, samples]) => ({
      name,
      type: 'unknown' as const,
      help: '',
      samples: samples.sort((a, b) => compareLabels(a.labels, b.labels)),
    }))
}

/**
 * A series without `instance` gets an empty one, so that a Prometheus with `honor_labels` does not take midwatch for the
 * instance that was measured.
 */
function withInstance(labels: Labels): Labels {
  if (labels.has('instance')) return labels
  const pairs = [...labels, ['instance', ''] as const].sort(([a], [b]) => compareText(a, b))
  return Labels.fromSortedPairs(pairs.flat())
}
