import { expect, test } from 'vitest'
import { faultsOf, rules } from './faults.ts'
import { shipped, surroundings } from './shipped-dashboards.ts'
import { type Break, drop, put } from './spoil.ts'
import type { JsonObject } from './written-dashboard.ts'

const FILE = 'llm.json'
const before = shipped.get(FILE) as JsonObject
const overview = shipped.get('overview.json') as JsonObject

const asking = (expr: string) => put('timeseries.targets.0.expr', expr)
const marking = (expr: string) => put('annotations.list.0.target.expr', expr)

/** What is wrong, the rule that has to complain, and how it is made wrong. */
const injected: readonly (readonly [what: string, rule: string, inject: Break])[] = [
  ['no title', 'title', put('title', '')],
  ['the title of the folder', 'title', put('title', 'General')],
  ['the title of another dashboard', 'title', put('title', overview.title)],
  ['a uid with a blank', 'uid', put('uid', 'llm operations')],
  ['a uid of 41 characters', 'uid', put('uid', 'x'.repeat(41))],
  ['the uid of another dashboard', 'uid', put('uid', overview.uid)],
  ['the id of one Grafana', 'whole', put('id', 42)],
  ['a refresh every second', 'whole', put('refresh', '1s')],
  ['editable', 'whole', put('editable', true)],
  ['no tag', 'whole', put('tags', [])],
  ['a panel without a title', 'description', put('stat.title', '')],
  ['a panel without a description', 'description', drop('stat.description')],
  ['two panels with one id', 'ids', put('stat.id', 7, 'timeseries.id')],
  ['a panel with the id 0', 'ids', put('stat.id', 0)],
  ['a panel without an id', 'ids', drop('stat.id')],
  ['a panel over another', 'grid', put('timeseries.gridPos', { x: 0, y: 1, w: 12, h: 8 })],
  ['a panel over the right edge', 'grid', put('timeseries.gridPos.x', 20)],
  ['a panel without a place', 'grid', drop('timeseries.gridPos')],
  ['a hole in a line', 'lines', put('timeseries.gridPos.w', 11)],
  ['an open row with panels inside', 'rows', put('row.panels', [{ title: 'inside', type: 'stat' }])],
  ['a panel of an old kind', 'kind', put('timeseries.type', 'graph')],
  ['a data source by name', 'datasource', put('stat.datasource', { type: 'prometheus', uid: 'prom-1' })],
  ['an input of the import dialog', 'datasource', put('stat.targets.0.datasource.uid', '${DS_PROMETHEUS}')],
  ['a data source variable of another name', 'datasource', put('templating.list.0.name', 'source')],
  ['a mark with its own data source', 'datasource', put('annotations.list.0.datasource', null)],
  ['a variable that is not defined', 'variables', asking('sum(llm_calls_total{model=~"$modell"})')],
  ['a macro that is misspelt', 'variables', asking('rate(llm_calls_total[$__rate_intervall])')],
  ['a variable that nobody uses', 'variables', put('templating.list.1.name', 'tenant')],
  ['a variable without "All"', 'variables', put('templating.list.1.includeAll', false)],
  ['a variable that is asked for once', 'variables', put('templating.list.1.refresh', 1)],
  [
    'a variable of a label that is not there',
    'variable values',
    put('templating.list.1.query.query', 'label_values(llm_calls_total, vendor)'),
  ],
  [
    'a query past the variables',
    'filtered',
    asking('sum(rate(llm_calls_total{provider=~"$provider"}[$__rate_interval]))'),
  ],
  ['no query', 'targets', put('timeseries.targets', [])],
  ['two queries with one refId', 'targets', put('table.targets.1.refId', 'A')],
  ['a query of no time', 'targets', put('timeseries.targets.0.range', false)],
  ['no unit', 'unit', drop('stat.fieldConfig.defaults.unit')],
  ['a unit that Grafana does not know', 'unit', put('stat.fieldConfig.defaults.unit', 'seconds')],
  ['a query that is no PromQL', 'promql', asking('sum(rate(llm_calls_total[5m])')],
  ['a query that gives a range', 'promql', asking('llm_calls_total[5m]')],
  ['a mark that is no PromQL', 'promql', marking('ALERTS{')],
  ['a rate over a fixed window', 'rate interval', asking('sum(rate(llm_calls_total[5m]))')],
  ['a counter as it is', 'counter', asking('sum by (outcome) (llm_calls_total)')],
  [
    'a quantile without le',
    'quantile',
    asking('histogram_quantile(0.9, sum by (model) (rate(llm_call_duration_seconds_bucket[$__rate_interval])))'),
  ],
  ['a metric that nobody sends', 'metrics', asking('sum(llm_call_total)')],
  ['a label that the metric has not', 'metrics', asking('sum(increase(llm_calls_total{status="failure"}[1h]))')],
  ['a line without a legend', 'legend', drop('timeseries.targets.0.legendFormat')],
  [
    'thresholds that fall',
    'thresholds',
    put('stat.fieldConfig.defaults.thresholds.steps', [{ value: null }, { value: 5 }, { value: 1 }]),
  ],
  ['a link to nowhere', 'links', put('stat.links', [{ url: '/d/midwatch-nothing?from=now-1h' }])],
  [
    'a link that fills a variable that is not there',
    'links',
    put('stat.links', [{ url: '/d/midwatch-checks?var-model=small' }]),
  ],
  ['an alert that is not shipped', 'alerts', put('stat.description', 'Failed calls. Alert: LlmOnFire.')],
  ['a mark for an alert that is not shipped', 'alerts', marking('ALERTS{alertname=~"LlmErrors|LlmOnFire"}')],
]

test.each(injected)('%s is found by the rule "%s"', (_what, rule, inject) => {
  const dashboard = inject(before)
  const faults = faultsOf(dashboard, { ...surroundings, all: new Map([...shipped, [FILE, dashboard]]) })
  expect(faults.map((fault) => fault.rule)).toContain(rule)
})

test('every rule has a fault that it finds', () => {
  expect(rules.map(({ name }) => name).filter((name) => !injected.some(([, rule]) => rule === name))).toEqual([])
})
