import { formatDuration } from '../../model/duration.ts'
import type { Rule, RuleGroup } from '../../model/rule.ts'

/** Rule groups as they stand below `groups` in an object. */
export function ruleGroups(groups: readonly RuleGroup[]): Record<string, unknown>[] {
  return groups.map(printGroup)
}

function printGroup({ name, intervalMs, queryOffsetMs, limit, rules }: RuleGroup): Record<string, unknown> {
  return {
    name,
    ...(intervalMs === undefined ? {} : { interval: formatDuration(intervalMs) }),
    ...(queryOffsetMs === 0 ? {} : { query_offset: formatDuration(queryOffsetMs) }),
    ...(limit === 0 ? {} : { limit }),
    rules: rules.map(printRule),
  }
}

function printRule(rule: Rule): Record<string, unknown> {
  const labels = Object.keys(rule.labels).length === 0 ? {} : { labels: rule.labels }
  if (rule.kind === 'recording') return { record: rule.record, expr: rule.expr, ...labels }
  return {
    alert: rule.alert,
    expr: rule.expr,
    ...(rule.forMs === 0 ? {} : { for: formatDuration(rule.forMs) }),
    ...(rule.keepFiringForMs === 0 ? {} : { keep_firing_for: formatDuration(rule.keepFiringForMs) }),
    ...labels,
    ...(Object.keys(rule.annotations).length === 0 ? {} : { annotations: rule.annotations }),
  }
}
