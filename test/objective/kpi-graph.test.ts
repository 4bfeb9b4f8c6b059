import { expect, test } from 'vitest'
import { cardinalityOf, cardinalityWarning } from '../../src/objective/kpi-cardinality.ts'
import { kpiGraph } from '../../src/objective/kpi-graph.ts'
import { kpiFile, kpiOf, kpisOf } from './kpi-support.ts'

test('draws what depends on what, with arrows to what needs it', () => {
  const kpis = kpisOf(
    kpiFile(
      '{ name: end, unit: "<s>", owner: "R&D #1" }',
      '{ name: load, unit: percent, depends_on: [end], slo: { objective: 99, below: 5 } }',
    ),
  )
  expect(kpiGraph(kpis)).toBe(
    [
      'flowchart LR',
      '  kpi_end["End<br/>#lt;s#gt;<br/>R#amp;D #35;1"]',
      '  kpi_load["Load<br/>percent<br/>objective 99 %"]',
      '  kpi_end --> kpi_load',
      '',
    ].join('\n'),
  )
})

test.each([
  ['{ name: a, unit: none }', 1, 1],
  ['{ name: a, unit: none, labels: { x: [p, q], y: 3 }, by: [x], aggregations: [mean, max] }', 6, 4],
  ['{ name: a, unit: none, labels: [x], by: [x] }', 20, 20],
  ['{ name: a, unit: none, kind: histogram, labels: { x: 2 }, buckets: [1, 2], aggregations: [p95] }', 10, 1],
  ['{ name: a, unit: none, slo: { objective: 99, below: 1 } }', 1, 2],
])('expects of %s %d series and %d recorded ones', (entry, metric, recorded) => {
  expect(cardinalityOf(kpiOf(entry))).toMatchObject({ metric, recorded })
})

test('warns of what may become a lot, and of what will be refused', () => {
  const text = '{ name: a, unit: none, labels: { customer: 5000 } }'
  expect(cardinalityWarning(kpiOf(text), 20_000)).toBe(
    'may become 5000 series; list the values of its labels, or leave out those that tell single things apart',
  )
  expect(cardinalityWarning(kpiOf(text), 1000)).toMatch(
    /^may become 5000 series a name, and storage\.limits\.series_per_metric is 1000: new ones will be refused;/,
  )
  expect(cardinalityWarning(kpiOf('{ name: a, unit: none, labels: [x, y, z] }'), 20_000)).toMatch(
    /^may become 8000 series \(x, y, z taken for 20 values each\)/,
  )
  expect(cardinalityWarning(kpiOf('{ name: a, unit: none, labels: { x: [p, q] } }'), 20_000)).toBeUndefined()
})
