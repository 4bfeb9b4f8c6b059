import type { Board, Section } from '../dashboard/build.ts'
import type { Draft, Limit } from '../dashboard/draft.ts'
import { bars, type Column, graph, heat, stat, table } from '../dashboard/panel.ts'
import type { Unit } from '../dashboard/unit.ts'
import { type Kpi, type KpiThreshold, kpiSeries, kpiTitle } from './kpi.ts'
import { kpiAlert } from './kpi-rules.ts'

export const KPI_BOARD_UID = 'midwatch-kpis'

const COLUMNS = 24
const NUMBERS_A_LINE = 6
const GRAPHS_A_LINE = 2

/** The dashboard of KPIs: a number for each that has thresholds, then its panel at the place that it says. */
export function kpiBoard(kpis: readonly Kpi[]): Board {
  const shown = kpis.filter(({ panel }) => panel !== undefined)
  const watched = shown.filter(({ thresholds }) => thresholds.length > 0)
  const places = Map.groupBy(shown, ({ panel }) => panel?.place ?? '')
  const sections: Section[] = [...places].map(([title, ofPlace]) => ({
    title,
    panels: filled(ofPlace.map(panelOf), GRAPHS_A_LINE),
  }))
  if (watched.length > 0)
    sections.unshift({ title: 'Is it fine?', panels: filled(watched.map(numberOf), NUMBERS_A_LINE) })
  return {
    uid: KPI_BOARD_UID,
    title: 'KPIs',
    description: 'Key figures, made of kpis.yml: change that file instead.',
    tags: ['kpi'],
    span: '24h',
    ...(watched.length === 0 ? {} : { alerts: alertsOf(watched) }),
    sections,
  }
}

function alertsOf(kpis: readonly Kpi[]): readonly string[] {
  return [...new Set(kpis.flatMap((kpi) => kpi.thresholds.map(({ side }) => kpiAlert(kpi, side))))]
}

/** Gives panels of a line the widths that fill it. */
function filled(panels: readonly Draft[], aLine: number): readonly Draft[] {
  return panels.map((panel, i) => {
    const before = i - (i % aLine)
    const count = Math.min(aLine, panels.length - before)
    const edge = (k: number) => Math.floor((k * COLUMNS) / count)
    return { ...panel, width: edge(i - before + 1) - edge(i - before) }
  })
}

/** The worst of its series now. */
function numberOf(kpi: Kpi): Draft {
  const { name, thresholds } = kpi
  const of = (thresholds[0] as KpiThreshold).of
  const isHigh = thresholds.some(({ side }) => side === 'high')
  return stat({
    key: `number ${name}`,
    title: kpiTitle(name),
    description: `${descriptionOf(kpi)} ${isHigh ? 'The greatest' : 'The least'} of its series (${of}).`,
    unit: unitOf(kpi.unit),
    ask: `${isHigh ? 'max' : 'min'}(${kpiSeries(name, of)})`,
    ...colours(thresholds),
    noValue: 'nobody reports it',
  })
}

function panelOf(kpi: Kpi): Draft {
  const { name, by, aggregations, thresholds, panel, metric, unit } = kpi
  const common = {
    key: `panel ${name}`,
    title: kpiTitle(name),
    description: descriptionOf(kpi),
    unit: unitOf(unit),
    ...colours(thresholds),
  }
  const whose = by.map((label) => `{{${label}}}`).join(' ')
  const asks = aggregations.map((aggregation) => ({
    expr: kpiSeries(name, aggregation),
    legend: [whose, aggregation].filter((part) => part !== '').join(' '),
  }))
  const [first] = asks
  switch (panel?.kind ?? 'graph') {
    case 'graph':
      return graph({ ...common, ask: asks })
    case 'number':
      return stat({ ...common, ask: asks, height: 8, isLine: true })
    case 'bars':
      return bars({ ...common, ask: { ...asks[0], expr: `sort_desc(${first?.expr})`, legend: whose || name } })
    case 'heatmap':
      return heat({
        ...common,
        ask: { expr: `sum by (le) (increase(${metric}_bucket[$__rate_interval]))`, legend: '{{le}}' },
      })
    case 'table': {
      const { limits: _, base: __, ...rest } = common
      return table({ ...rest, columns: columnsOf(kpi), ask: asks.map(({ expr }) => ({ expr: summed(expr, by) })) })
    }
  }
}

/** Without the labels that every series of a KPI has by itself. */
function summed(expr: string, by: readonly string[]): string {
  return by.length === 0 ? `max(${expr})` : `max by (${by.join(', ')}) (${expr})`
}

function columnsOf({ by, aggregations, unit, thresholds }: Kpi): readonly Column[] {
  return [
    ...by.map((label) => ({ field: label, title: label })),
    ...aggregations.map((aggregation, i): Column => {
      const judged = thresholds.filter(({ of }) => of === aggregation)
      const field = aggregations.length === 1 ? 'Value' : `Value #${String.fromCharCode(65 + i)}`
      return {
        field,
        title: aggregation,
        unit: unitOf(unit),
        ...(judged.length === 0 ? {} : colours(judged)),
      }
    }),
  ]
}

function descriptionOf({ name, description, owner, runbook, dependsOn, thresholds, ...kpi }: Kpi): string {
  const alerts = [...new Set(thresholds.map(({ side }) => kpiAlert({ name }, side)))]
  const parts = [
    description === '' ? `${kpiTitle(name)}, in ${kpi.unit}.` : description,
    owner === undefined ? '' : `Owner: ${owner}.`,
    dependsOn.length === 0 ? '' : `Depends on ${dependsOn.join(', ')}.`,
    runbook === undefined ? '' : `[Runbook](${runbook}).`,
    alerts.length === 0 ? '' : `${alerts.length === 1 ? 'Alert' : 'Alerts'}: ${alerts.join(', ')}.`,
  ]
  return parts.filter((part) => part !== '').join(' ')
}

/** Green between the limits, orange beyond a warning, red beyond a critical one. */
function colours(thresholds: readonly KpiThreshold[]): { base: 'green' | 'orange' | 'red'; limits: readonly Limit[] } {
  const limitOf = (severity: KpiThreshold['severity'], side: KpiThreshold['side']) =>
    thresholds.find((one) => one.severity === severity && one.side === side)?.limit
  const lows = { critical: limitOf('critical', 'low'), warning: limitOf('warning', 'low') }
  const highs = { critical: limitOf('critical', 'high'), warning: limitOf('warning', 'high') }
  const base = lows.critical !== undefined ? 'red' : lows.warning !== undefined ? 'orange' : 'green'
  const steps: (Limit | undefined)[] = [
    lows.critical === undefined
      ? undefined
      : { at: lows.critical, color: lows.warning === undefined ? 'green' : 'orange' },
    lows.warning === undefined ? undefined : { at: lows.warning, color: 'green' },
    highs.warning === undefined ? undefined : { at: highs.warning, color: 'orange' },
    highs.critical === undefined ? undefined : { at: highs.critical, color: 'red' },
  ]
  return { base, limits: steps.filter((step) => step !== undefined) }
}

const UNITS: Readonly<Record<string, Unit>> = {
  none: 'short',
  count: 'short',
  percent: 'percent',
  ratio: 'percentunit',
  seconds: 's',
  milliseconds: 'ms',
  days: 'd',
  bytes: 'bytes',
  dollars: 'currencyUSD',
  euros: 'currencyEUR',
}

/** Grafana's name for a unit; one that it has not stands behind the number. */
function unitOf(unit: string): Unit {
  return (Object.hasOwn(UNITS, unit) ? UNITS[unit] : undefined) ?? `suffix: ${unit}`
}
