import type { RecordingRule, Rule, RuleGroup } from '../model/rule.ts'
import { burnAlerts, lowTrafficAlert } from './alert-rules.ts'
import { burnPairs } from './burn-policy.ts'
import { metaRules } from './meta-rules.ts'
import type { Target } from './names.ts'
import { errorRule, periodRule, sliRules, totalRule } from './sli-rules.ts'
import { identityOf, SEVERITIES, type Slo } from './slo.ts'
import type { AlertWindows } from './windows.ts'

export interface CompileOptions {
  /** What `sloth_slo_info` names as its maker. */
  readonly version: string
  /** On all rules; they win over those of the spec. */
  readonly extraLabels?: Readonly<Record<string, string>>
  readonly alerts?: boolean
  readonly recordings?: boolean
  /** How often what changes slowly is evaluated, for SLOs with guards; undefined is as often as everything. */
  readonly slowIntervalMs?: number | undefined
}

/** The rules of an SLO, as Sloth makes them: what is measured, what follows for the budget, and who is told when. */
export function compileSlo(slo: Slo, windows: AlertWindows, options: CompileOptions): readonly RuleGroup[] {
  const { version, extraLabels = {}, alerts = true, recordings = true, slowIntervalMs } = options
  const { id, labels, steps, guards, origin } = slo
  const target: Target = {
    slo,
    windows,
    identity: identityOf(slo),
    labels: { ...labels, ...extraLabels },
  }
  const group = (kind: string, rules: readonly Rule[], intervalMs?: number): readonly RuleGroup[] =>
    rules.length === 0
      ? []
      : [{ name: `sloth-slo-${kind}-${id}`, file: origin.file, intervalMs, queryOffsetMs: 0, limit: 0, rules }]
  const period = [periodRule(target)]
  const meta = steps.meta ? metaRules(target, version) : []
  // The mean of a month is not news every 15 seconds.
  const isApart = guards !== undefined && steps.sli && steps.meta
  const sli = steps.sli ? [...sliRules(target), ...(isApart ? [] : period), ...eventRules(target)] : []
  const lowTraffic = lowTrafficAlert(target)
  const told = steps.alerts ? [...burnAlerts(target), ...(lowTraffic === undefined ? [] : [lowTraffic])] : []
  return [
    ...(recordings ? group('sli-recordings', sli) : []),
    ...(recordings
      ? group('meta-recordings', isApart ? [...period, ...meta] : meta, isApart ? slowIntervalMs : undefined)
      : []),
    ...(alerts ? group('alerts', told) : []),
  ]
}

/** How many events and errors there were, where an alert asks for it. */
function eventRules(target: Target): readonly RecordingRule[] {
  const { slo, windows } = target
  const { guards, policy } = slo
  if (guards === undefined || guards.minEvents === 0) return []
  const long = SEVERITIES.filter((severity) => slo[severity] !== undefined).flatMap((severity) =>
    burnPairs(windows, severity, policy).map(({ longMs }) => longMs),
  )
  const { lowTraffic } = guards
  const isTold = lowTraffic !== undefined && slo[lowTraffic.severity] !== undefined
  const within = isTold ? [lowTraffic.withinMs ?? windows.page.slow.longMs] : []
  const totals = [...new Set([...long, ...within])].sort((a, b) => a - b)
  return [
    ...totals.flatMap((ms) => totalRule(target, ms) ?? []),
    ...within.flatMap((ms) => errorRule(target, ms) ?? []),
  ]
}
