import { parse } from '../promql/index.ts'
import { bucketMatcher } from './bucket-limit.ts'
import { eventsSli } from './event-count.ts'
import { type Kpi, kpiSeries, kpiTitle } from './kpi.ts'
import { kpiAlert } from './kpi-rules.ts'
import { WINDOW_TEXT, withWindow } from './query-template.ts'
import { ALL_STEPS, type Guards, type Sli, type Slo, type SloAlert } from './slo.ts'

const SERVICE = 'kpi'
const MIN_EVENTS = 10
const LOW_TRAFFIC = { errors: 3, withinMs: undefined, severity: 'ticket' } as const

/** The id under which the objective of a KPI is found among all SLOs. */
export function kpiSloId({ name }: Pick<Kpi, 'name'>): string {
  return `${SERVICE}-${name}`
}

/** The SLO that a KPI asks for; undefined when it asks for none. */
export function kpiSlo(kpi: Kpi): Slo | undefined {
  const { name, slo, owner, runbook, description, origin } = kpi
  if (slo === undefined) return undefined
  const alert: SloAlert = {
    name: `${kpiAlert(kpi, 'high').replace(/High$/, '')}Objective`,
    labels: {},
    annotations: {
      summary: `${kpiTitle(name)} misses its objective of ${slo.objective} % too fast`,
      ...(runbook === undefined ? {} : { runbook_url: runbook.replaceAll('{{', '{{ "{{" }}') }),
    },
  }
  return {
    id: kpiSloId(kpi),
    service: SERVICE,
    name,
    description,
    objective: slo.objective,
    periodMs: slo.periodMs,
    labels: { kpi: name, ...(owner === undefined ? {} : { owner }) },
    ...sliOf(kpi, slo.good),
    page: alert,
    ticket: alert,
    policy: 'workbook',
    windows: undefined,
    steps: ALL_STEPS,
    checks: [],
    origin: { ...origin, mode: 'cli-gen-prom', spec: 'prometheus/v1' },
  }
}

function sliOf({ name, metric, kind }: Kpi, good: NonNullable<Kpi['slo']>['good']): { sli: Sli; guards: Guards } {
  const counted = { minEvents: MIN_EVENTS, lowTraffic: LOW_TRAFFIC }
  if (good.kind === 'not') {
    return { sli: events(`sum(rate(${metric}{${good.matchers}}[${WINDOW_TEXT}]))`, sumOfRate(metric)), guards: counted }
  }
  if (kind === 'histogram') {
    const total = sumOfRate(`${metric}_count`)
    const within = sumOfRate(`${metric}_bucket{${bucketMatcher(good.limit)}}`)
    return { sli: events(`${total} - ${within}`, total), guards: counted }
  }
  // Each look is an event, so there are always enough of them, and a few bad ones are no errors of anybody.
  const looks = `${kpiSeries(name, 'bad')}[${WINDOW_TEXT}]`
  const sli = events(`sum(sum_over_time(${looks}))`, `sum(count_over_time(${looks}))`)
  return { sli, guards: { minEvents: 0, lowTraffic: undefined } }
}

function sumOfRate(selector: string): string {
  return `sum(rate(${selector}[${WINDOW_TEXT}]))`
}

function events(errorQuery: string, totalQuery: string): Sli {
  const query = (text: string) => ({ text, expr: parse(withWindow(text, '5m')) })
  return eventsSli(query(errorQuery), query(totalQuery))
}
