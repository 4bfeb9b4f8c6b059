import { expect, test } from 'vitest'
import { compileSlos } from '../../src/objective/compile-all.ts'
import { kpiSlo } from '../../src/objective/kpi-slo.ts'
import type { Slo } from '../../src/objective/slo.ts'
import { kpiOf } from './kpi-support.ts'

const sliOf = (entry: string) => (kpiSlo(kpiOf(entry)) as Slo).sli

test.each([
  [
    '{ name: load, unit: percent, slo: { objective: 95, below: 80 } }',
    'sum(sum_over_time(kpi:load:bad[{{.window}}]))',
    'sum(count_over_time(kpi:load:bad[{{.window}}]))',
  ],
  [
    '{ name: orders, unit: count, kind: counter, slo: { objective: 99.5, bad: outcome="failure" } }',
    'sum(rate(orders_total{outcome="failure"}[{{.window}}]))',
    'sum(rate(orders_total[{{.window}}]))',
  ],
  [
    '{ name: wait, unit: seconds, kind: histogram, slo: { objective: 99, below: 2.5 } }',
    'sum(rate(wait_seconds_count[{{.window}}])) - sum(rate(wait_seconds_bucket{le="2.5"}[{{.window}}]))',
    'sum(rate(wait_seconds_count[{{.window}}]))',
  ],
])('%s counts what is bad', (entry, errorQuery, totalQuery) => {
  expect(sliOf(entry)).toMatchObject({ kind: 'events', errorQuery, totalQuery })
})

test('the critical limit says what is good where nothing else does', () => {
  expect(
    sliOf('{ name: wait, unit: seconds, kind: histogram, thresholds: { critical: 5 }, slo: { objective: 99 } }'),
  ).toMatchObject({
    errorQuery: expect.stringContaining('le=~"5([.]0)?"'),
  })
  expect(
    kpiOf('{ name: stock, unit: ratio, thresholds: { critical: { low: 0.8 } }, slo: { objective: 99 } }').slo?.good,
  ).toEqual({
    kind: 'above',
    limit: 0.8,
  })
})

test('the objective compiles into the rules of an SLO, under the name and the owner of its KPI', () => {
  const slo = kpiSlo(
    kpiOf('{ name: load, unit: percent, owner: me, runbook: there, slo: { objective: 95, window: 28d, below: 80 } }'),
  )
  const { compiled, problems } = compileSlos([slo as Slo], { version: '1' })
  expect(problems).toEqual([])
  expect(compiled[0]?.slo).toMatchObject({ id: 'kpi-load', objective: 95, labels: { kpi: 'load', owner: 'me' } })
  const rules = compiled[0]?.groups.flatMap((group) => group.rules) ?? []
  expect(rules.flatMap((rule) => (rule.kind === 'alerting' ? [rule.alert] : []))).toContain('KpiLoadObjective')
  expect(rules.some((rule) => rule.kind === 'recording' && rule.record === 'slo:objective:ratio')).toBe(true)
})

test('a KPI without an objective asks for no SLO', () => {
  expect(kpiSlo(kpiOf('{ name: load, unit: percent }'))).toBeUndefined()
})
