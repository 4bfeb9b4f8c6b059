import { expect, test } from 'vitest'
import { build, printed } from '../../src/dashboard/build.ts'
import { kpiBoard } from '../../src/objective/kpi-board.ts'
import { kpiAlert } from '../../src/objective/kpi-rules.ts'
import { faultsOf } from '../dashboard/faults.ts'
import { type JsonObject, panelsOf, text } from '../dashboard/written-dashboard.ts'
import { kpiFile, kpisOf } from './kpi-support.ts'

const PANELS = ['graph', 'number', 'bars', 'table', 'heatmap'] as const

/** Some KPIs of every kind of panel, with and without thresholds. */
function kpis(count: number) {
  const entries = Array.from({ length: count }, (_, i) => {
    const panel = PANELS[i % PANELS.length]
    const kind = panel === 'heatmap' ? 'histogram, aggregations: [p95]' : 'gauge, aggregations: [mean, max], by: [team]'
    const limits = i % 3 === 0 ? '' : ', thresholds: { critical: { low: 1, high: 90 }, warning: { low: 5, high: 75 } }'
    return `{ name: kpi_${i}, unit: points, kind: ${kind}${limits}, dashboard: { panel: ${panel}, place: Row ${i % 4} } }`
  })
  return kpisOf(kpiFile(...entries))
}

test.each([1, 2, 5, 7, 11, 23, 60])('the dashboard of %d KPIs keeps every rule for dashboards', (count) => {
  const some = kpis(count)
  const dashboard = JSON.parse(printed(build(kpiBoard(some)))) as JsonObject
  const faults = faultsOf(dashboard, {
    all: new Map([['kpis.json', dashboard]]),
    labelsOf: () => new Set(['team', 'alertname', 'alertstate']),
    otherAlerts: some.flatMap((kpi) => kpi.thresholds.map(({ side }) => kpiAlert(kpi, side))),
  })
  expect(faults).toEqual([])
  expect(panelsOf(dashboard).length).toBe(count + some.filter(({ thresholds }) => thresholds.length > 0).length)
})

test('a KPI keeps the number of its panel when others come before it', () => {
  const idOf = (count: number) =>
    panelsOf(build(kpiBoard(kpis(count))) as unknown as JsonObject).find(({ title }) => title === 'Kpi 0')?.id
  expect(idOf(12)).toBe(idOf(1))
})

test('a KPI that wants no panel has none', () => {
  const board = build(
    kpiBoard(kpisOf(kpiFile('{ name: load, unit: none, dashboard: false, thresholds: { warning: 1 } }'))),
  )
  expect(board.panels).toEqual([])
})

test('colours go from red over orange to green and back where both sides have limits', () => {
  const [panel] = panelsOf(build(kpiBoard(kpis(2))) as unknown as JsonObject)
  const { fieldConfig } = panel as { fieldConfig?: { defaults?: { thresholds?: unknown } } }
  expect(fieldConfig?.defaults?.thresholds).toEqual({
    mode: 'absolute',
    steps: [
      { color: 'red', value: null },
      { color: 'orange', value: 1 },
      { color: 'green', value: 5 },
      { color: 'orange', value: 75 },
      { color: 'red', value: 90 },
    ],
  })
  expect(text(panel?.description)).toContain('Alerts: KpiKpi1High, KpiKpi1Low.')
})
