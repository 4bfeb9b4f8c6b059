import { formatDuration } from '../model/duration.ts'
import type { RecordingRule } from '../model/rule.ts'
import { seriesOf, sliMetric, type Target } from './names.ts'
import { withWindow } from './query-template.ts'
import type { EventCount, Sli } from './slo.ts'
import { distinctWindows } from './windows.ts'

/** The share of errors over every window that alerts look at, and over the period. */
export function sliRules(target: Target): readonly RecordingRule[] {
  const { windows, slo } = target
  // A period that is an alert's window too has its rule twice in Sloth.
  const distinct = distinctWindows(windows).filter((ms) => slo.guards === undefined || ms !== windows.periodMs)
  return distinct.map((ms) => (ms === windows.periodMs ? periodRule(target) : windowRule(target, ms)))
}

/** The share of errors over the period, as the mean of what the shortest window said all the time. */
export function periodRule(target: Target): RecordingRule {
  const { windows, slo } = target
  if (!slo.steps.optimizesPeriod) return windowRule(target, windows.periodMs)
  const series = seriesOf(target, sliMetric(windows.page.quick.shortMs))
  const period = formatDuration(windows.periodMs)
  const expr = `sum_over_time(${series}[${period}])\n/ ignoring (sloth_window)\ncount_over_time(${series}[${period}])\n`
  return recorded(target, sliMetric(windows.periodMs), windows.periodMs, expr)
}

function windowRule(target: Target, windowMs: number): RecordingRule {
  const { sli, guards } = target.slo
  const query = guards === undefined ? plainQuery(sli) : guardedQuery(sli)
  return recorded(target, sliMetric(windowMs), windowMs, withWindow(query, formatDuration(windowMs)))
}

function plainQuery(sli: Sli): string {
  return sli.kind === 'raw' ? `(${sli.errorRatioQuery})` : `(${sli.errorQuery})\n/\n(${sli.totalQuery})\n`
}

/**
 * Without events there is no share rather than 0/0: one NaN would make the mean of the whole period NaN. Where nobody has counted
 * an error yet, there were none.
 */
function guardedQuery(sli: Sli): string {
  if (sli.kind === 'raw') return `(${sli.errorRatioQuery}) < Inf`
  const errors = sli.isZeroWhenAbsent ? `((${sli.errorQuery}) or 0 * (${sli.totalQuery}))` : `(${sli.errorQuery})`
  return `${errors}\n/\n((${sli.totalQuery}) > 0)\n`
}

/** How many events there were over a window. */
export function totalRule(target: Target, windowMs: number): RecordingRule | undefined {
  const { sli } = target.slo
  if (sli.kind === 'raw') return undefined
  return amountRule(target, totalMetric(windowMs), sli.totalQuery, sli.counts, windowMs)
}

/** How many errors there were over a window. */
export function errorRule(target: Target, windowMs: number): RecordingRule | undefined {
  const { sli } = target.slo
  if (sli.kind === 'raw') return undefined
  return amountRule(target, errorMetric(windowMs), sli.errorQuery, sli.counts, windowMs)
}

export function totalMetric(windowMs: number): string {
  return `slo:sli_total:events${formatDuration(windowMs)}`
}

export function errorMetric(windowMs: number): string {
  return `slo:sli_error:events${formatDuration(windowMs)}`
}

function amountRule(
  target: Target,
  metric: string,
  query: string,
  counts: EventCount,
  windowMs: number,
): RecordingRule | undefined {
  if (counts === 'unknown') return undefined
  const factor = counts === 'events' ? '' : ` * ${windowMs / 1000}`
  return recorded(target, metric, windowMs, withWindow(`(${query})${factor}`, formatDuration(windowMs)))
}

function recorded({ identity, labels }: Target, record: string, windowMs: number, expr: string): RecordingRule {
  return {
    kind: 'recording',
    record,
    expr,
    labels: { ...identity, sloth_window: formatDuration(windowMs), ...labels },
  }
}
