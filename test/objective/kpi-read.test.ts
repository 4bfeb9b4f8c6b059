import { describe, expect, test } from 'vitest'
import { kpiFile, kpiOf, kpisOf, problemsOf } from './kpi-support.ts'

describe('an entry of one line', () => {
  test('is a gauge that is recorded as it is', () => {
    expect(kpiOf('{ name: cognitive_load, unit: percent }')).toMatchObject({
      metric: 'cognitive_load_percent',
      kind: 'gauge',
      aggregations: ['mean'],
      windowMs: undefined,
      labels: undefined,
      panel: { kind: 'graph', place: 'KPIs' },
      origin: { file: 'kpis.yml', line: 3 },
    })
  })

  test.each([
    ['{ name: cognitive_load, unit: percent }', 'agent_cognitive_load_percent', 'gauge'],
    ['{ name: orders, unit: count, kind: counter }', 'agent_orders_total', 'counter'],
    ['{ name: idle_seconds, unit: seconds }', 'agent_idle_seconds', 'gauge'],
    ['{ name: orders, unit: count, metric: shop_orders_total }', 'shop_orders_total', 'counter'],
    ['{ name: wait, unit: seconds, kind: histogram }', 'agent_wait_seconds', 'histogram'],
  ])('%s has the metric %s', (entry, metric, kind) => {
    const [kpi] = kpisOf(`namespace: agent\n${kpiFile(entry)}`)
    expect(kpi).toMatchObject({ metric, kind })
  })

  test('has limits of one number, of two sides, with one wait for all or one each', () => {
    const { thresholds } = kpiOf(
      '{ name: load, unit: percent, aggregations: [mean, max], thresholds: { of: max, for: 5m, critical: { high: 90, for: 1m }, warning: { high: 75, low: 5 } } }',
    )
    expect(thresholds).toEqual([
      { severity: 'critical', side: 'high', limit: 90, forMs: 60_000, of: 'max' },
      { severity: 'warning', side: 'high', limit: 75, forMs: 300_000, of: 'max' },
      { severity: 'warning', side: 'low', limit: 5, forMs: 300_000, of: 'max' },
    ])
    expect(kpiOf('{ name: load, unit: percent, thresholds: { warning: 80 } }').thresholds).toEqual([
      { severity: 'warning', side: 'high', limit: 80, forMs: 0, of: 'mean' },
    ])
  })
})

const load = '{ name: load, unit: percent }'

test.each([
  ['{ name: Load, unit: percent }', '3:13: kpis[0].name: is not a name; write small letters'],
  ['{ name: load }', '3:5: kpis[0].unit: is missing; write the unit of the metric'],
  [
    '{ name: load, unit: percent, treshold: 5 }',
    '3:34: kpis[0].treshold: is not a key of kpis[0]; did you mean "thresholds"?',
  ],
  ['{ name: load, unit: percent, metric: a-b }', 'kpis[0].metric: is not a metric name'],
  [
    '{ name: load, unit: percent, kind: guage }',
    'kpis[0].kind: "guage" is not one of gauge, counter, histogram; did you mean "gauge"?',
  ],
  [
    '{ name: load, unit: percent, window: 5 min }',
    'kpis[0].window: "5 min" is not a duration; write one such as 30s, 5m or 1h',
  ],
  ['{ name: load, unit: percent, window: 0s }', 'kpis[0].window: is no time at all'],
  ['{ name: load, unit: percent, labels: [te-am] }', 'kpis[0].labels[0]: is not a label name'],
  [
    '{ name: load, unit: percent, labels: [team], by: [tema] }',
    'kpis[0].by[0]: tema is not a label of this KPI; did you mean "team"?',
  ],
  [
    '{ name: load, unit: percent, by: [owner] }',
    'kpis[0].by[0]: owner is a label that every KPI has already; remove it',
  ],
  [
    '{ name: load, unit: percent, kind: counter, aggregations: [p95] }',
    'kpis[0].aggregations[0]: a counter only grows, so it has no p95; write rate (a second) or sum',
  ],
  [
    '{ name: load, unit: percent, kind: histogram, aggregations: [max] }',
    'kpis[0].aggregations[0]: a histogram does not know its max; write p99, or push a gauge',
  ],
  [
    '{ name: load, unit: percent, buckets: [1, 2] }',
    'kpis[0].buckets: belong to a histogram, and this is a gauge; remove them',
  ],
  ['{ name: load, unit: s, kind: histogram, buckets: [1, 1] }', 'kpis[0].buckets[1]: is not above the bound before it'],
  [
    '{ name: load, unit: percent, thresholds: { of: p95, warning: 5 } }',
    'kpis[0].thresholds.of: p95 is not recorded; write it into aggregations, which are mean',
  ],
  [
    '{ name: load, unit: percent, thresholds: { warning: { for: 5m } } }',
    'kpis[0].thresholds.warning: has no limit; write high, low or both',
  ],
  [
    '{ name: load, unit: percent, thresholds: { critical: { high: 5, low: 6 } } }',
    'kpis[0].thresholds.critical: low has to be below high',
  ],
  [
    '{ name: load, unit: percent, thresholds: { critical: 75, warning: 90 } }',
    'kpis[0].thresholds.warning: comes no sooner than the critical one (high: 75)',
  ],
  [
    '{ name: load, unit: percent, thresholds: { critical: many } }',
    'kpis[0].thresholds.critical: is no limit; write {high: 90}',
  ],
  [
    '{ name: load, unit: percent, dashboard: { panel: heatmap } }',
    'kpis[0].dashboard.panel: a heatmap shows a histogram, and this is a gauge; write graph',
  ],
  ['{ name: load, unit: percent, slo: { objective: 101, below: 5 } }', 'kpis[0].slo.objective: is more than all of it'],
  [
    '{ name: load, unit: percent, slo: { objective: 99 } }',
    'kpis[0].slo: does not say what is good; write below or above',
  ],
  [
    '{ name: load, unit: percent, slo: { objective: 99, below: 5, above: 1 } }',
    'kpis[0].slo.above: stands beside below, and only one can say what is good; remove one',
  ],
  [
    '{ name: load, unit: count, kind: counter, slo: { objective: 99 } }',
    'kpis[0].slo.bad: needs bad: matchers of what counts as bad; write such as outcome="failure"',
  ],
  [
    `{ name: load, unit: count, kind: counter, slo: { objective: 99, bad: 'x="1"} or y{z="2"' } }`,
    'are no matchers; write such as outcome="failure"',
  ],
  [
    '{ name: load, unit: s, kind: histogram, buckets: [1, 2], slo: { objective: 99, below: 3 } }',
    'kpis[0].slo.below: 3 is not the bound of a bucket; write one of 1, 2',
  ],
  ['{ name: load, unit: percent, depends_on: [lod] }', 'load: depends_on: there is no KPI lod; did you mean "load"?'],
])('says what is wrong with %s, and where', (entry, message) => {
  expect(problemsOf(kpiFile(entry)).join('\n')).toContain(message)
})

describe('a file', () => {
  test('has each name and each metric once', () => {
    expect(problemsOf(kpiFile(load, load))).toEqual([
      'kpis.yml:4:5: load is the name of the KPI in kpis.yml:3 already; write another name',
    ])
    expect(problemsOf(kpiFile(load, '{ name: other, unit: percent, metric: load_percent }'))).toEqual([
      'kpis.yml:4:5: load_percent is the metric of load (kpis.yml:3) already; give one of them another metric',
    ])
  })

  test('has no dependencies in a circle', () => {
    const text = kpiFile(
      '{ name: a, unit: none, depends_on: [b] }',
      '{ name: b, unit: none, depends_on: [c] }',
      '{ name: c, unit: none, depends_on: [a] }',
    )
    expect(problemsOf(text)).toEqual([
      'kpis.yml:5:5: c: depends_on closes a circle: a → b → c → a; remove one of these dependencies',
    ])
  })

  test.each([
    ['kpis: nothing\n', 'kpis.yml:1:7: kpis: is not a list; write a line with "- name: …" for each KPI'],
    ['kpi: []\n', 'kpis.yml:1:1: kpi: is not a key of the config; did you mean "kpis"?'],
    ['schema_version: 3\nkpis: []\n', 'kpis.yml:1:17: schema_version: 3 is of a newer midwatch; write 2'],
    ['schema_version: two\nkpis: []\n', 'kpis.yml:1:17: schema_version: two is no version; write 2'],
    ['schema_version: 3\nkpis: nothing\n', 'write 2\nkpis.yml:2:7: kpis: is not a list'],
    ['kpis: [\n', 'kpis.yml:2:1: Flow sequence in block collection must be sufficiently indented'],
  ])('%j is refused with its place', (text, message) => {
    expect(problemsOf(text).join('\n')).toContain(message)
  })
})
