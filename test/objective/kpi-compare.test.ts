import { expect, test } from 'vitest'
import { compareKpis } from '../../src/objective/kpi-compare.ts'
import { kpiFile, kpisOf } from './kpi-support.ts'

const lines = (before: string, now: string) =>
  compareKpis(kpisOf(kpiFile(before)), kpisOf(kpiFile(now))).map(
    ({ kpi, effect, message }) => `${effect} ${kpi} ${message}`,
  )

test.each([
  [
    '{ name: load, unit: percent, metric: a }',
    '{ name: load, unit: percent, metric: b }',
    'breaking load the metric was a and is b: what is sent under the old name no longer counts',
  ],
  [
    '{ name: load, unit: percent, metric: a }',
    '{ name: load, unit: ratio, metric: a }',
    'breaking load the unit was percent and is ratio: its history and its thresholds mean something else',
  ],
  [
    '{ name: load, unit: count, metric: a, kind: gauge }',
    '{ name: load, unit: count, metric: a, kind: counter, aggregations: [rate, sum] }',
    'breaking load was a gauge and is a counter: a name keeps its kind, so pushes will be refused',
  ],
  [
    '{ name: load, unit: percent, labels: [team, region] }',
    '{ name: load, unit: percent, labels: [team] }',
    'breaking load the label region is gone: pushes with it are refused',
  ],
  [
    '{ name: load, unit: percent, labels: { team: [blue, green] } }',
    '{ name: load, unit: percent, labels: { team: [blue] } }',
    'breaking load team no longer takes green',
  ],
  [
    '{ name: load, unit: percent, labels: [team] }',
    '{ name: load, unit: percent, labels: { team: [blue] } }',
    'breaking load team took any value and takes only blue',
  ],
  [
    '{ name: load, unit: percent }',
    '{ name: load, unit: percent, labels: [] }',
    'breaking load took any label and takes only none: pushes with others are refused',
  ],
  [
    '{ name: load, unit: percent, by: [team] }',
    '{ name: load, unit: percent }',
    'breaking load its series were by team and are one number: rules and panels over them find other labels',
  ],
  [
    '{ name: load, unit: percent, aggregations: [mean, p95] }',
    '{ name: load, unit: percent, aggregations: [mean] }',
    'breaking load kpi:load:p95 is no longer recorded',
  ],
  [
    '{ name: wait, unit: s, kind: histogram, buckets: [1, 2] }',
    '{ name: wait, unit: s, kind: histogram, buckets: [1, 3] }',
    'breaking wait has other buckets: a histogram keeps those that it has, so pushes with others will be refused',
  ],
  [
    '{ name: load, unit: percent, slo: { objective: 99, below: 80 } }',
    '{ name: load, unit: percent }',
    'breaking load has no objective any more: the error budget and its alerts end',
  ],
  [
    '{ name: load, unit: percent, metric: a, aggregations: [mean, max] }',
    '{ name: strain, unit: percent, metric: a }',
    'breaking load is called strain now: kpi:load:mean, kpi:load:max and its alerts end',
  ],
  [
    '{ name: load, unit: percent }',
    '{ name: other, unit: seconds }',
    'breaking load is gone: kpi:load:mean and its alerts end',
  ],
])('finds that %s and %s do not go together', (before, now, message) => {
  expect(lines(before, now)).toContain(message)
})

test.each([
  [
    '{ name: load, unit: percent, labels: [team] }',
    '{ name: load, unit: percent, labels: [team, region] }',
    'has the label region, too',
  ],
  [
    '{ name: load, unit: percent, labels: { team: [a] } }',
    '{ name: load, unit: percent, labels: { team: [a, b] } }',
    undefined,
  ],
  ['{ name: load, unit: percent, labels: { team: [a] } }', '{ name: load, unit: percent, labels: [team] }', undefined],
  ['{ name: load, unit: percent, labels: [team] }', '{ name: load, unit: percent }', 'takes any label now'],
  [
    '{ name: load, unit: percent }',
    '{ name: load, unit: percent, aggregations: [mean, max] }',
    'kpi:load:max is recorded, too',
  ],
  [
    '{ name: load, unit: percent }',
    '{ name: load, unit: percent, thresholds: { warning: 5 } }',
    'has other thresholds',
  ],
  [
    '{ name: load, unit: percent }',
    '{ name: load, unit: percent, window: 1h }',
    'looks over another window, so its numbers come out otherwise',
  ],
  [
    '{ name: load, unit: percent }',
    '{ name: load, unit: percent, owner: me }',
    'the owner was nobody and is me: its series go on under another label',
  ],
  [
    '{ name: load, unit: percent }',
    '{ name: load, unit: percent, slo: { objective: 99, below: 5 } }',
    'has an objective now',
  ],
  [
    '{ name: load, unit: percent }',
    '{ name: load, unit: percent, runbook: there }',
    'description, panel, runbook or dependencies are others',
  ],
])('takes %s and %s for compatible', (before, now, message) => {
  expect(lines(before, now)).toEqual(message === undefined ? [] : [`compatible load ${message}`])
})

test('a new KPI is compatible, and one that is the same is not worth a word', () => {
  const load = '{ name: load, unit: percent }'
  const now = kpisOf(kpiFile(load, '{ name: wait, unit: seconds }'))
  expect(compareKpis(kpisOf(kpiFile(load)), now)).toEqual([{ kpi: 'wait', effect: 'compatible', message: 'is new' }])
})
