import { expect, test } from 'vitest'
import { KpiBook } from '../../../src/app/kpi-book.ts'
import { kpiFile, kpisOf } from '../../objective/kpi-support.ts'
import { testWeb } from '../../support/web.ts'

async function site() {
  const kpis = new KpiBook()
  kpis.update(
    kpisOf(
      kpiFile(
        '{ name: load, unit: percent, labels: [team], by: [team], thresholds: { critical: 90 }, owner: platform }',
        '{ name: wait, unit: seconds, kind: histogram, buckets: [1, 5], dashboard: false, depends_on: [load] }',
      ),
    ),
  )
  return testWeb({ context: { kpis } })
}

test('gives every KPI with its rules, limits and how it is now', async () => {
  await using web = await site()
  const { status, json } = await web.get('/api/v1/kpis')
  expect(status).toBe(200)
  expect(json).toMatchObject({ page: 1, page_size: 20, total: 2 })
  expect(json.items[0]).toEqual({
    name: 'load',
    description: '',
    unit: 'percent',
    metric: 'load_percent',
    kind: 'gauge',
    labels: { team: null },
    by: ['team'],
    window_seconds: null,
    aggregations: [{ name: 'mean', series: 'kpi:load:mean', expr: 'avg by (team) (load_percent)', values: [] }],
    thresholds: [
      {
        severity: 'critical',
        side: 'high',
        limit: 90,
        for_seconds: 0,
        of: 'mean',
        alert: 'KpiLoadHigh',
        state: 'inactive',
      },
    ],
    dashboard: { uid: 'midwatch-kpis', place: 'KPIs', panel: 'graph' },
    owner: 'platform',
    runbook: null,
    slo: null,
    depends_on: [],
    series: { metric: 0, expected: 20, recorded: 20 },
    file: 'kpis.yml',
    line: 3,
  })
  expect((await web.get('/api/v1/kpis?page=2&page_size=1')).json.items).toMatchObject([
    { name: 'wait', dashboard: null },
  ])
})

test('gives one KPI, and says which there are when it is asked for one that is not', async () => {
  await using web = await site()
  expect((await web.get('/api/v1/kpis/wait')).json).toMatchObject({ name: 'wait', depends_on: ['load'] })
  const { status, json } = await web.get('/api/v1/kpis/laod')
  expect(status).toBe(404)
  expect(json.detail).toBe('there is no KPI "laod"; did you mean "load"?')
})

test('checks the labels of a push, and puts the panels onto the dashboard of KPIs', async () => {
  await using web = await site()
  const refused = await web.post('/api/v1/metrics', [{ name: 'load_percent', set: 5, labels: { crew: 'blue' } }])
  expect(refused.status).toBe(422)
  expect(refused.json.errors).toEqual([
    {
      field: '[0].labels.crew',
      message: 'is not a label of the KPI load, which takes team; remove it, or allow it in the file of KPIs',
    },
  ])
  expect((await web.post('/api/v1/metrics', [{ name: 'load_percent', set: 5, labels: { team: 'blue' } }])).status).toBe(
    200,
  )
  expect((await web.get('/api/v1/kpis/load')).json.series.metric).toBe(0)
  const { json } = await web.get('/api/v1/dashboards/midwatch-kpis')
  expect(json.panels.map(({ title }: { title: string }) => title)).toEqual(['Is it fine?', 'Load', 'KPIs', 'Load'])
})
