import { formatDuration } from '../model/duration.ts'
import type { AlertingRule, RecordingRule, RuleGroup } from '../model/rule.ts'
import { type Kpi, type KpiAggregation, type KpiThreshold, kpiSeries, kpiTitle } from './kpi.ts'

/** What midwatch routes by; a warning is nothing that has to be looked at now. */
const SEVERITIES = { critical: 'critical', warning: 'medium' } as const
const QUANTILES: Partial<Record<KpiAggregation, number>> = { p50: 0.5, p95: 0.95, p99: 0.99 }
const DEFAULT_WINDOW_MS = 300_000

/** The rules of a KPI: what is recorded, and the alerts on that. Critical alerts come first, since warnings look at them. */
export function kpiGroup(kpi: Kpi): RuleGroup {
  return {
    name: `kpi-${kpi.name}`,
    file: kpi.origin.file,
    intervalMs: undefined,
    queryOffsetMs: 0,
    limit: 0,
    rules: [
      ...kpi.aggregations.map((aggregation) => recording(kpi, aggregation, expression(kpi, aggregation))),
      ...badSeries(kpi),
      ...kpi.thresholds.map((threshold) => alerting(kpi, threshold)),
    ],
  }
}

/** `KpiCognitiveLoadHigh`: the same for both severities. */
export function kpiAlert({ name }: Pick<Kpi, 'name'>, side: KpiThreshold['side']): string {
  const words = name.split('_').map((word) => word.charAt(0).toUpperCase() + word.slice(1))
  return `Kpi${words.join('')}${side === 'high' ? 'High' : 'Low'}`
}

function recording(kpi: Kpi, aggregation: string, expr: string): RecordingRule {
  return { kind: 'recording', record: kpiSeries(kpi.name, aggregation), expr, labels: labelsOf(kpi) }
}

function labelsOf({ name, unit, owner }: Kpi): Readonly<Record<string, string>> {
  return { kpi: name, unit, ...(owner === undefined ? {} : { owner }) }
}

/** What is asked for an aggregation of the metric. */
export function expression(kpi: Kpi, aggregation: KpiAggregation): string {
  const { kind, metric, by, windowMs } = kpi
  const over = formatDuration(windowMs ?? DEFAULT_WINDOW_MS)
  const across = (operator: string, inner: string) =>
    `${operator}${by.length === 0 ? '' : ` by (${by.join(', ')}) `}(${inner})`
  const quantile = QUANTILES[aggregation]
  switch (kind) {
    case 'counter':
      return across('sum', `${aggregation === 'rate' ? 'rate' : 'increase'}(${metric}[${over}])`)
    case 'histogram': {
      if (quantile !== undefined) {
        const labels = ['le', ...by].join(', ')
        return `histogram_quantile(${quantile}, sum by (${labels}) (rate(${metric}_bucket[${over}])))`
      }
      if (aggregation === 'rate') return across('sum', `rate(${metric}_count[${over}])`)
      if (aggregation === 'sum') return across('sum', `increase(${metric}_sum[${over}])`)
      // Without observations there is no mean, rather than one that is not a number.
      return `${across('sum', `rate(${metric}_sum[${over}])`)} / (${across('sum', `rate(${metric}_count[${over}])`)} > 0)`
    }
    case 'gauge': {
      const looked = (name: string) => (windowMs === undefined ? metric : `${name}_over_time(${metric}[${over}])`)
      if (quantile !== undefined) {
        const inner = windowMs === undefined ? metric : `quantile_over_time(${quantile}, ${metric}[${over}])`
        return `quantile${by.length === 0 ? '' : ` by (${by.join(', ')}) `}(${quantile}, ${inner})`
      }
      switch (aggregation) {
        case 'rate':
          return across('avg', `deriv(${metric}[${over}])`)
        case 'max':
        case 'min':
          return across(aggregation, looked(aggregation))
        case 'sum':
          return across('sum', looked('avg'))
        default:
          return across('avg', looked('avg'))
      }
    }
  }
}

/** For the objective of a gauge: 1 while it is bad. */
function badSeries(kpi: Kpi): readonly RecordingRule[] {
  const { slo, kind, thresholds, aggregations } = kpi
  if (slo === undefined || kind !== 'gauge' || slo.good.kind === 'not') return []
  const of = thresholds[0]?.of ?? aggregations[0] ?? 'mean'
  const sign = slo.good.kind === 'below' ? '>' : '<'
  return [recording(kpi, 'bad', `${kpiSeries(kpi.name, of)} ${sign} bool ${slo.good.limit}`)]
}

function alerting(kpi: Kpi, { severity, side, limit, forMs, of }: KpiThreshold): AlertingRule {
  const { name, by, thresholds, runbook, description, dependsOn } = kpi
  const alert = kpiAlert(kpi, side)
  const beyond = `${kpiSeries(name, of)} ${side === 'high' ? '>' : '<'} ${limit}`
  const isWorse = severity === 'warning' && thresholds.some((one) => one.severity === 'critical' && one.side === side)
  const labels = ['kpi', ...by].join(', ')
  // One trouble is one alert: the warning waits for the critical one to be over.
  const expr = isWorse
    ? `${beyond}\nunless on (${labels})\nALERTS{alertname="${alert}", alertstate="firing", kpi="${name}", severity="critical"}`
    : beyond
  const whose = by.map((label) => `{{ $labels.${label} }}`).join(', ')
  const than = `${side === 'high' ? 'over' : 'under'} ${plain(shown(limit, kpi.unit))}`
  const held = forMs === 0 ? '' : `, for ${formatDuration(forMs)}`
  const parts = [
    `${plain(kpiTitle(name))} is ${valueTemplate(kpi.unit)} (${of}; threshold ${than}${held}).`,
    plain(description),
    dependsOn.length === 0 ? '' : `It depends on ${dependsOn.join(', ')}.`,
  ]
  return {
    kind: 'alerting',
    alert,
    expr,
    labels: { severity: SEVERITIES[severity] },
    forMs,
    keepFiringForMs: 0,
    annotations: {
      summary: `${plain(kpiTitle(name))}${whose === '' ? '' : ` of ${whose}`} is too ${side}`,
      description: parts.filter((part) => part !== '').join(' '),
      ...(runbook === undefined ? {} : { runbook_url: plain(runbook) }),
    },
  }
}

/** Text of the operator inside a template. */
function plain(text: string): string {
  return text.replaceAll('{{', '{{ "{{" }}')
}

/** The template that shows a value in its unit. */
function valueTemplate(unit: string): string {
  switch (unit) {
    case 'ratio':
      return '{{ $value | humanizePercentage }}'
    case 'percent':
      return '{{ printf "%.4g" $value }} %'
    case 'seconds':
      return '{{ $value | humanizeDuration }}'
    case 'bytes':
      return '{{ $value | humanize1024 }}B'
    default:
      return `{{ $value | humanize }}${unit === 'none' ? '' : ` ${plain(unit)}`}`
  }
}

function shown(limit: number, unit: string): string {
  if (unit === 'none') return String(limit)
  // Without the noise that 100 * 0.07 has.
  if (unit === 'ratio') return `${Number((100 * limit).toPrecision(12))} %`
  return unit === 'percent' ? `${limit} %` : `${limit} ${unit}`
}
