import { formatFloat } from '../lib/go-format.ts'
import type { RecordingRule } from '../model/rule.ts'
import { seriesOf, sliMetric, type Target } from './names.ts'
import { hours } from './windows.ts'

/** What the objective is, how fast the budget burns, and what is left of it. */
export function metaRules(target: Target, version: string): readonly RecordingRule[] {
  const { slo, windows, identity, labels } = target
  const all = { ...identity, ...labels }
  const rule = (record: string, expr: string, more: Readonly<Record<string, string>> = {}): RecordingRule => ({
    kind: 'recording',
    record,
    expr,
    labels: { ...all, ...more },
  })
  const ratio = formatFloat(slo.objective / 100, 'g')
  const budget = seriesOf(target, 'slo:error_budget:ratio')
  const burnRate = (windowMs: number) =>
    `${seriesOf(target, sliMetric(windowMs))}\n/ on(sloth_id, sloth_slo, sloth_service) group_left\n${budget}\n`
  return [
    rule('slo:objective:ratio', `vector(${ratio})`),
    rule('slo:error_budget:ratio', `vector(1-${ratio})`),
    rule('slo:time_period:days', `vector(${formatFloat(hours(windows.periodMs) / 24, 'g')})`),
    rule('slo:current_burn_rate:ratio', burnRate(windows.page.quick.shortMs)),
    rule('slo:period_burn_rate:ratio', burnRate(windows.periodMs)),
    rule('slo:period_error_budget_remaining:ratio', `1 - ${seriesOf(target, 'slo:period_burn_rate:ratio')}`),
    rule('sloth_slo_info', 'vector(1)', {
      sloth_version: version,
      sloth_mode: slo.origin.mode,
      sloth_spec: slo.origin.spec,
      sloth_objective: formatFloat(slo.objective, 'f'),
    }),
  ]
}
