import { type Kpi, kpiSeries } from '../../objective/kpi.ts'
import { KPI_BOARD_UID } from '../../objective/kpi-board.ts'
import { cardinalityOf } from '../../objective/kpi-cardinality.ts'
import { expression, kpiAlert } from '../../objective/kpi-rules.ts'
import { kpiSloId } from '../../objective/kpi-slo.ts'
import type { WebContext } from '../context.ts'
import { instant } from '../instant.ts'

/** A KPI and how it is now, for programs. */
export async function kpiView(context: WebContext, kpi: Kpi) {
  const { labels, windowMs, panel, slo, origin } = kpi
  const { metric, recorded } = cardinalityOf(kpi)
  return {
    name: kpi.name,
    description: kpi.description,
    unit: kpi.unit,
    metric: kpi.metric,
    kind: kpi.kind,
    labels:
      labels === undefined
        ? null
        : Object.fromEntries([...labels].map(([label, { values }]) => [label, values ?? null])),
    by: kpi.by,
    window_seconds: windowMs === undefined ? null : windowMs / 1000,
    aggregations: await Promise.all(kpi.aggregations.map((aggregation) => aggregationView(context, kpi, aggregation))),
    thresholds: kpi.thresholds.map(({ severity, side, limit, forMs, of }) => {
      const alert = kpiAlert(kpi, side)
      return {
        severity,
        side,
        limit,
        for_seconds: forMs / 1000,
        of,
        alert,
        state: stateOf(context, kpi, alert, severity),
      }
    }),
    dashboard: panel === undefined ? null : { uid: KPI_BOARD_UID, place: panel.place, panel: panel.kind },
    owner: kpi.owner ?? null,
    runbook: kpi.runbook ?? null,
    slo: slo === undefined ? null : { id: kpiSloId(kpi), objective: slo.objective },
    depends_on: kpi.dependsOn,
    series: { metric: await seriesNow(context, kpi), expected: metric, recorded },
    file: origin.file,
    line: origin.line,
  }
}

async function aggregationView(context: WebContext, kpi: Kpi, aggregation: Kpi['aggregations'][number]) {
  const series = kpiSeries(kpi.name, aggregation)
  const samples = await instant(context, series, context.clock.now())
  const values = samples.map(({ labels, value: number }) => ({
    labels: Object.fromEntries(kpi.by.map((label) => [label, labels.get(label)])),
    value: Number.isFinite(number) ? number : String(number),
  }))
  return { name: aggregation, series, expr: expression(kpi, aggregation), values }
}

async function seriesNow(context: WebContext, { metric }: Kpi): Promise<number> {
  const text = `count({__name__=~"${metric}(_bucket|_sum|_count)?"})`
  const [count] = await instant(context, text, context.clock.now())
  return count?.value ?? 0
}

/** The worst of the alerts of a threshold. */
function stateOf({ rules }: WebContext, kpi: Kpi, alert: string, severity: string): 'inactive' | 'pending' | 'firing' {
  const states = rules.groups
    .filter(({ group }) => group.name === `kpi-${kpi.name}`)
    .flatMap((group) => group.rules)
    .filter(({ rule }) => rule.kind === 'alerting' && rule.alert === alert)
    .filter(({ rule }) => (rule.labels.severity === 'critical') === (severity === 'critical'))
    .flatMap(({ alerts }) => alerts.map(({ state }) => state))
  return states.includes('firing') ? 'firing' : states.includes('pending') ? 'pending' : 'inactive'
}
