import { expect, test } from 'vitest'
import { readBatch } from '../../src/ingest/batch.ts'
import { Faults } from '../../src/ingest/fault.ts'
import type { MetricContract } from '../../src/ingest/metric-contract.ts'
import { readMetricEntries } from '../../src/ingest/metric-entry.ts'
import { planMetrics } from '../../src/ingest/metric-plan.ts'

const load: MetricContract = {
  kpi: 'load',
  type: 'gauge',
  help: 'How much there is to do.',
  unit: 'percent',
  labels: new Map([
    ['team', ['blue', 'green']],
    ['region', undefined],
  ]),
  buckets: undefined,
}
const wait: MetricContract = {
  ...load,
  kpi: 'wait',
  type: 'histogram',
  unit: 'seconds',
  labels: undefined,
  buckets: [1, 5],
}
const bare: MetricContract = { ...load, kpi: 'bare', labels: new Map() }
const contracts = new Map([
  ['load_percent', load],
  ['wait_seconds', wait],
  ['bare', bare],
])

async function push(entry: unknown, boundsOf: () => readonly number[] | undefined = () => undefined) {
  const batch = readBatch(JSON.stringify(entry), 'json', 10)
  if (!batch.ok) throw new Error('not read')
  const faults = new Faults()
  const known = { metaOf: () => undefined, boundsOf, contractOf: (name: string) => contracts.get(name) }
  const plan = planMetrics(await readMetricEntries(batch.value, faults), known, faults)
  return { plan, faults: faults.list.map(({ field, message }) => `${field}: ${message}`) }
}

test('what a KPI allows is taken, and described by the KPI unless the push does it', async () => {
  const { plan, faults } = await push({
    name: 'load_percent',
    set: 5,
    labels: { team: 'blue', region: 'any', job: 'shop', instance: 'a' },
  })
  expect(faults).toEqual([])
  expect(plan.changes).toHaveLength(1)
  expect(plan.metas.get('load_percent')).toEqual({ type: 'gauge', help: 'How much there is to do.', unit: 'percent' })
  const told = await push({ name: 'load_percent', set: 5, help: 'Load.', unit: '%' })
  expect(told.plan.metas.get('load_percent')).toEqual({ type: 'gauge', help: 'Load.', unit: '%' })
})

test.each([
  [
    { name: 'load_percent', set: 5, labels: { crew: 'blue' } },
    'labels.crew: is not a label of the KPI load, which takes team, region; remove it, or allow it in the file of KPIs',
  ],
  [
    { name: 'bare', set: 5, labels: { crew: 'blue' } },
    'labels.crew: is not a label of the KPI bare, which takes none; remove it, or allow it in the file of KPIs',
  ],
  [
    { name: 'load_percent', set: 5, labels: { team: 'red' } },
    'labels.team: "red" is not allowed here; write one of blue, green',
  ],
  [
    { name: 'load_percent', add: 5 },
    'type: load_percent is a gauge (KPI load), so it can\'t be a counter; write "set" instead',
  ],
])('%j is refused', async (entry, message) => {
  const { plan, faults } = await push(entry)
  expect(faults).toEqual([message])
  expect(plan.changes).toEqual([])
})

test('a histogram gets the buckets of its KPI, unless it has some already', async () => {
  expect((await push({ name: 'wait_seconds', observe: 2 })).plan.changes).toMatchObject([{ bounds: [1, 5] }])
  expect((await push({ name: 'wait_seconds', observe: 2 }, () => [2, 4])).plan.changes).toMatchObject([
    { bounds: [2, 4] },
  ])
  expect((await push({ name: 'wait_seconds', observe: 2, buckets: [3] })).faults).toEqual([
    'buckets: differ from those that wait_seconds has: [1, 5]; leave buckets out, or give this histogram another name',
  ])
})

test('metrics of no KPI are taken as they are', async () => {
  expect((await push({ name: 'other_total', add: 1, labels: { anything: 'goes' } })).faults).toEqual([])
})
