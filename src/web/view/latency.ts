import { METRIC_NAME } from '../../model/labels.ts'
import { createMatcher } from '../../model/matcher.ts'
import type { WebContext } from '../context.ts'
import type { LatencyPoint, LatencySeries } from '../page/latency-chart.tsx'

const DAY_MS = 86_400_000
const MIN_GAP_MS = 120_000

/** How long the runs of a check took within the last 24 hours; a gap where some runs are missing. */
export function latencyOf(
  { store, clock }: WebContext,
  { name, everyMs }: { readonly name: string; readonly everyMs: number },
): LatencySeries {
  const toMs = clock.now()
  const fromMs = toMs - DAY_MS
  const matchers = [
    createMatcher(METRIC_NAME, '=', 'probe_duration_seconds'),
    createMatcher('job', '=', 'probe'),
    createMatcher('check', '=', name),
  ]
  const gapMs = Math.max(2.5 * everyMs, MIN_GAP_MS)
  const measured: LatencyPoint[] = []
  for (const { samples } of store.series.select({ matchers, startMs: fromMs, endMs: toMs })) {
    const { length, timesMs, values, stale } = samples(fromMs, toMs)
    for (let i = 0; i < length; i++) {
      const latencyMs = stale?.[i] === 1 ? undefined : (values[i] as number) * 1000
      measured.push({ atMs: timesMs[i] as number, latencyMs })
    }
  }
  measured.sort((a, b) => a.atMs - b.atMs)
  const points: LatencyPoint[] = []
  let previousMs = Number.POSITIVE_INFINITY
  for (const point of measured) {
    if (point.atMs - previousMs > gapMs) points.push({ atMs: previousMs + 1, latencyMs: undefined })
    points.push(point)
    previousMs = point.atMs
  }
  return { fromMs, toMs, points }
}
