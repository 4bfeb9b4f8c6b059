import { formatFloat } from '../lib/go-format.ts'
import { formatDuration } from '../model/duration.ts'
import type { AlertingRule } from '../model/rule.ts'
import { burnPairs } from './burn-policy.ts'
import { seriesOf, sliMetric, type Target } from './names.ts'
import { errorMetric, totalMetric } from './sli-rules.ts'
import { SEVERITIES, type Severity, type Slo, type SloAlert } from './slo.ts'

const WHOSE = '{{$labels.sloth_service}} {{$labels.sloth_slo}}'

/** midwatch's own word for how urgent it is, by which people are told. */
const URGENCY: Readonly<Record<Severity, string>> = { page: 'critical', ticket: 'medium' }

/** One alert for each severity that is wanted. */
export function burnAlerts(target: Target): readonly AlertingRule[] {
  return SEVERITIES.flatMap((severity) => {
    const alert = target.slo[severity]
    return alert === undefined ? [] : [burnAlert(target, severity, alert)]
  })
}

function burnAlert(target: Target, severity: Severity, alert: SloAlert): AlertingRule {
  const { slo, windows } = target
  const budget = formatFloat((100 - slo.objective) / 100, 'g')
  const above = (windowMs: number, factor: number) =>
    `    max(${seriesOf(target, sliMetric(windowMs))} > (${formatFloat(factor, 'g')} * ${budget})) without (sloth_window)\n`
  const pairs = burnPairs(windows, severity, slo.policy).map(({ shortMs, longMs, shortFactor, longFactor }) =>
    [
      '(\n',
      [above(shortMs, shortFactor), above(longMs, longFactor), ...enough(target, longMs)].join('    and\n'),
      ')\n',
    ].join(''),
  )
  const own = slo.guards === undefined ? {} : { description: describe(target) }
  return {
    kind: 'alerting',
    alert: alert.name,
    expr: pairs.join('or\n'),
    labels: { ...severityLabels(severity, slo), ...alert.labels },
    forMs: 0,
    keepFiringForMs: 0,
    annotations: {
      title: `(${severity}) ${WHOSE} SLO error budget burn rate is too fast.`,
      summary: `${WHOSE} SLO error budget burn rate is over expected.`,
      ...own,
      ...alert.annotations,
    },
  }
}

/** The condition that there are events to judge by. */
function enough(target: Target, windowMs: number): readonly string[] {
  const { minEvents } = target.slo.guards ?? { minEvents: 0 }
  if (minEvents === 0) return []
  return [`    max(${seriesOf(target, totalMetric(windowMs))} >= ${minEvents}) without (sloth_window)\n`]
}

/** The id makes rules of several SLOs whose alerts have one name different from each other; their series have it anyway. */
function severityLabels(severity: Severity, { id, guards }: Slo): Readonly<Record<string, string>> {
  return { sloth_severity: severity, ...(guards === undefined ? {} : { severity: URGENCY[severity], sloth_id: id }) }
}

function describe({ slo, windows }: Target): string {
  const objective = `${formatFloat(slo.objective, 'f')} % over ${formatDuration(windows.periodMs)}`
  return `{{ $value | humanizePercentage }} of the events are errors, and the objective is ${objective}.`
}

/** Where there are too few events for burn rates, some errors in a row are worth a look. */
export function lowTrafficAlert(target: Target): AlertingRule | undefined {
  const { slo, windows } = target
  const { lowTraffic, minEvents = 0 } = slo.guards ?? {}
  if (lowTraffic === undefined || minEvents === 0) return undefined
  const { errors, severity, withinMs = windows.page.slow.longMs } = lowTraffic
  const alert = slo[severity]
  if (alert === undefined) return undefined
  const within = formatDuration(withinMs)
  return {
    kind: 'alerting',
    alert: alert.name,
    expr: `max(${seriesOf(target, errorMetric(withinMs))} >= ${errors}) without (sloth_window)\nand\nmax(${seriesOf(target, totalMetric(withinMs))} < ${minEvents}) without (sloth_window)\n`,
    labels: { ...severityLabels(severity, slo), slo_condition: 'low traffic', ...alert.labels },
    forMs: 0,
    keepFiringForMs: 0,
    annotations: {
      title: `(${severity}) ${WHOSE} has errors and little traffic.`,
      summary: `${WHOSE} has errors and little traffic.`,
      description: `{{ $value | printf "%.0f" }} errors within ${within}, which had fewer than ${minEvents} events: too few for burn rates.`,
      ...alert.annotations,
    },
  }
}
