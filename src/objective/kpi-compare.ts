import { type Kpi, kpiSeries } from './kpi.ts'

/** What became of a KPI between two versions of the files. */
export interface KpiChange {
  readonly kpi: string
  /** `breaking`: pushes, rules, dashboards or history that worked no longer do. */
  readonly effect: 'breaking' | 'compatible'
  readonly message: string
}

/** Compares what is now with what was before. */
export function compareKpis(before: readonly Kpi[], now: readonly Kpi[]): readonly KpiChange[] {
  const was = new Map(before.map((kpi) => [kpi.name, kpi]))
  const is = new Map(now.map((kpi) => [kpi.name, kpi]))
  const renamed = new Map<string, string>()
  for (const kpi of now) {
    if (was.has(kpi.name)) continue
    const old = before.find(({ name, metric }) => metric === kpi.metric && !is.has(name))
    if (old !== undefined) renamed.set(old.name, kpi.name)
  }
  const newNames = new Set(renamed.values())
  return [
    ...before.flatMap((old): readonly KpiChange[] => {
      const kpi = is.get(old.name)
      if (kpi !== undefined) return changes(old, kpi)
      const name = renamed.get(old.name)
      const series = old.aggregations.map((aggregation) => kpiSeries(old.name, aggregation)).join(', ')
      const what = name === undefined ? 'is gone' : `is called ${name} now`
      return [{ kpi: old.name, effect: 'breaking', message: `${what}: ${series} and its alerts end` }]
    }),
    ...now
      .filter(({ name }) => !was.has(name) && !newNames.has(name))
      .map(({ name }): KpiChange => ({ kpi: name, effect: 'compatible', message: 'is new' })),
  ]
}

function changes(old: Kpi, kpi: Kpi): readonly KpiChange[] {
  const all: KpiChange[] = []
  const add = (effect: KpiChange['effect'], message: string) => void all.push({ kpi: kpi.name, effect, message })
  const isOther = (a: unknown, b: unknown) => JSON.stringify(a) !== JSON.stringify(b)
  if (old.metric !== kpi.metric) {
    add(
      'breaking',
      `the metric was ${old.metric} and is ${kpi.metric}: what is sent under the old name no longer counts`,
    )
  }
  if (old.kind !== kpi.kind) {
    add('breaking', `was a ${old.kind} and is a ${kpi.kind}: a name keeps its kind, so pushes will be refused`)
  }
  if (old.unit !== kpi.unit) {
    add('breaking', `the unit was ${old.unit} and is ${kpi.unit}: its history and its thresholds mean something else`)
  }
  compareLabels(old, kpi, add)
  if (isOther(old.by, kpi.by)) {
    const said = ({ by }: Kpi) => (by.length === 0 ? 'one number' : `by ${by.join(', ')}`)
    add('breaking', `its series were ${said(old)} and are ${said(kpi)}: rules and panels over them find other labels`)
  }
  for (const aggregation of old.aggregations) {
    if (kpi.aggregations.includes(aggregation)) continue
    add('breaking', `${kpiSeries(kpi.name, aggregation)} is no longer recorded`)
  }
  for (const aggregation of kpi.aggregations) {
    if (!old.aggregations.includes(aggregation))
      add('compatible', `${kpiSeries(kpi.name, aggregation)} is recorded, too`)
  }
  if (old.buckets !== undefined && isOther(old.buckets, kpi.buckets)) {
    add('breaking', 'has other buckets: a histogram keeps those that it has, so pushes with others will be refused')
  }
  if (old.slo !== undefined && kpi.slo === undefined) {
    add('breaking', 'has no objective any more: the error budget and its alerts end')
  } else if (isOther(old.slo, kpi.slo)) {
    add('compatible', old.slo === undefined ? 'has an objective now' : 'has another objective')
  }
  if (old.windowMs !== kpi.windowMs) add('compatible', 'looks over another window, so its numbers come out otherwise')
  if (isOther(old.thresholds, kpi.thresholds)) add('compatible', 'has other thresholds')
  if (old.owner !== kpi.owner) {
    add(
      'compatible',
      `the owner was ${old.owner ?? 'nobody'} and is ${kpi.owner ?? 'nobody'}: its series go on under another label`,
    )
  }
  const rest = ({ description, panel, runbook, dependsOn }: Kpi) => [description, panel, runbook, dependsOn]
  if (isOther(rest(old), rest(kpi))) add('compatible', 'description, panel, runbook or dependencies are others')
  return all
}

function compareLabels(old: Kpi, kpi: Kpi, add: (effect: KpiChange['effect'], message: string) => void): void {
  if (kpi.labels === undefined) {
    if (old.labels !== undefined) add('compatible', 'takes any label now')
    return
  }
  if (old.labels === undefined) {
    add(
      'breaking',
      `took any label and takes only ${[...kpi.labels.keys()].join(', ') || 'none'}: pushes with others are refused`,
    )
    return
  }
  for (const [label, before] of old.labels) {
    const now = kpi.labels.get(label)
    if (now === undefined) {
      add('breaking', `the label ${label} is gone: pushes with it are refused`)
      continue
    }
    if (now.values === undefined) continue
    const refused = before.values?.filter((value) => !now.values?.includes(value))
    if (refused === undefined) add('breaking', `${label} took any value and takes only ${now.values.join(', ')}`)
    else if (refused.length > 0) add('breaking', `${label} no longer takes ${refused.join(', ')}`)
  }
  for (const label of kpi.labels.keys()) if (!old.labels.has(label)) add('compatible', `has the label ${label}, too`)
}
