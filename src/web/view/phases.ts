import type { CheckHealth } from '../../model/health.ts'
import { METRIC_NAME } from '../../model/labels.ts'
import { createMatcher } from '../../model/matcher.ts'
import type { WebContext } from '../context.ts'
import type { PhaseView } from '../page/phases.tsx'

/** The order in which the phases of any probe follow each other. */
const ORDER = [
  'resolve',
  'setup',
  'connect',
  'tls',
  'auth',
  'request',
  'processing',
  'query',
  'check',
  'transfer',
  'rtt',
]

/**
 * Where the time of a check's last run went. A phase that failed has no measured time, as in blackbox_exporter; it gets what
 * is left of the run.
 */
export function phasesOf({ store }: WebContext, health: CheckHealth): readonly PhaseView[] {
  const { name, lastRunMs, latencyMs = 0 } = health
  if (lastRunMs === undefined) return []
  const matchers = [
    createMatcher(METRIC_NAME, '=~', 'probe_[a-z]+_duration_seconds'),
    createMatcher('job', '=', 'probe'),
    createMatcher('check', '=', name),
    createMatcher('phase', '!=', ''),
  ]
  const measured = new Map<string, number>()
  // A run's samples all carry the time at which it began.
  const startMs = lastRunMs - 1
  for (const series of store.series.select({ matchers, startMs, endMs: lastRunMs })) {
    const { length, values, stale } = series.samples(startMs, lastRunMs)
    if (length > 0 && stale?.[length - 1] !== 1)
      measured.set(series.labels.get('phase'), (values[length - 1] as number) * 1000)
  }
  if (measured.size === 0) return []
  const failed = health.status === 'healthy' ? undefined : health.phase
  const sumMs = [...measured.values()].reduce((sum, ms) => sum + ms, 0)
  if (failed !== undefined && (measured.get(failed) ?? 0) === 0) measured.set(failed, Math.max(0, latencyMs - sumMs))
  return [...measured]
    .filter(([phase, durationMs]) => durationMs > 0 || phase === failed)
    .sort(([a], [b]) => place(a) - place(b))
    .map(([phase, durationMs]) => ({ name: phase, durationMs, hasFailed: phase === failed }))
}

function place(phase: string): number {
  const at = ORDER.indexOf(phase)
  return at === -1 ? ORDER.length : at
}
