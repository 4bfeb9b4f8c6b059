import { METRIC_NAME } from '../../model/labels.ts'
import { createMatcher } from '../../model/matcher.ts'
import type { WebContext } from '../context.ts'
import type { LatencyPoint, LatencySeries } from '../page/latency-chart.tsx'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** A check that is younger than a day gets less, so that its line is more than a stroke. */
const WINDOWS_MS = [HOUR_MS, 6 * HOUR_MS, DAY_MS]
const MIN_GAP_MS = 120_000

/** How long the runs of a check took, within the last 24 hours at most; a gap where some runs are missing. */
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
  for (const series of store.series.select({ matchers, startMs: fromMs, endMs: toMs })) {
    const { length, timesMs, values, stale } = series.samples(fromMs, toMs)
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
  const ageMs = toMs - (points[0]?.atMs ?? fromMs)
  const windowMs = WINDOWS_MS.find((one) => one >= ageMs) ?? DAY_MS
  return { fromMs: toMs - windowMs, toMs, points }
}
