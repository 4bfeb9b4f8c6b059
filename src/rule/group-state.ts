import { alertSeries } from '../alert/alert-series.ts'
import type { AlertInstance } from '../model/alert.ts'
import type { AlertingRule, RecordingRule, RuleGroup } from '../model/rule.ts'
import { parse, SharedParts, walk } from '../promql/index.ts'
import { conditionOf } from './condition.ts'
import type { RuleState } from './rule-state.ts'
import { parseTemplate, type Template } from './template.ts'

/** A group with its rules and what is counted of its evaluations. */
export interface GroupState {
  readonly group: RuleGroup
  readonly rules: readonly RuleState[]
  readonly shared: SharedParts
  lastSlotMs: number | undefined
  missed: number
  iterations: number
  failures: number
  evaluationSeconds: number
  isRunning: boolean
}

const ABSENCE: ReadonlySet<string> = new Set(['absent', 'absent_over_time'])

/** A group that was never evaluated, with the alerts of the last run. */
export function start(group: RuleGroup, restored: ReadonlyMap<string, readonly AlertInstance[]>): GroupState {
  const seen = new Map<string, number>()
  const rules = group.rules.map((rule): RuleState => {
    const name = rule.kind === 'alerting' ? rule.alert : rule.record
    const identity = JSON.stringify([group.file, group.name, name, Object.entries(rule.labels).sort()])
    const nth = seen.get(identity) ?? 0
    seen.set(identity, nth + 1)
    const key = `${identity}#${nth}`
    const alerts = rule.kind === 'alerting' ? (restored.get(key) ?? []) : []
    const expression = parse(rule.expr)
    return {
      rule,
      key,
      expression,
      condition: conditionOf(expression),
      asksAbsence: [...walk(expression)].some((part) => part.kind === 'call' && ABSENCE.has(part.name)),
      labelTemplates: templates(rule.kind === 'alerting' ? rule.labels : {}),
      annotationTemplates: templates(rule.kind === 'alerting' ? rule.annotations : {}),
      alerts: new Map(alerts.map((alert) => [alert.labels.key, alert])),
      series:
        rule.kind === 'alerting'
          ? new Map(alertSeries(alerts, rule.alert, rule.labels).map(({ labels }) => [labels.key, labels]))
          : new Map(),
      recorded: new WeakMap(),
      health: 'unknown',
      lastError: undefined,
      lastEvaluationMs: undefined,
      evaluationSeconds: 0,
    }
  })
  return {
    group,
    rules,
    shared: new SharedParts(rules.map(({ rule, expression }) => ({ expr: expression, writes: writtenBy(rule) }))),
    lastSlotMs: undefined,
    missed: 0,
    iterations: 0,
    failures: 0,
    evaluationSeconds: 0,
    isRunning: false,
  }
}

function templates(texts: Readonly<Record<string, string>>): ReadonlyMap<string, Template> {
  return new Map(
    Object.entries(texts)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, text]) => [name, parseTemplate(text)]),
  )
}

function writtenBy(rule: RecordingRule | AlertingRule): readonly string[] {
  return rule.kind === 'recording' ? [rule.record] : ['ALERTS', 'ALERTS_FOR_STATE']
}

/** Names a group among those of all files. */
export function groupKey({ file, name }: Pick<RuleGroup, 'file' | 'name'>): string {
  return JSON.stringify([file, name])
}

export function nameOf({ rule }: RuleState): string {
  return rule.kind === 'alerting' ? rule.alert : rule.record
}
