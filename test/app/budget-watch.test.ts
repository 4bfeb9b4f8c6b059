import { expect, test } from 'vitest'
import { BudgetWatch } from '../../src/app/budget-watch.ts'
import { BatchBuilder } from '../../src/model/sample.ts'
import type { StateChange } from '../../src/notify/event.ts'
import { queryStore } from '../../src/rule/query.ts'
import { series, testStore } from '../support/test-store.ts'

const METRIC = 'slo:period_error_budget_remaining:ratio'

test('what is left of a budget is told as it crosses a half, a quarter, a tenth and nothing, once each way and over a restart', async () => {
  await using it = await testStore()
  const told: StateChange[] = []
  const watch = () =>
    new BudgetWatch({
      clock: it.clock,
      store: it.store,
      query: (expr, atMs) => queryStore(it.store.series, expr, atMs),
      ids: () => ['shop-orders'],
      announce: async (...changes) => void told.push(...changes),
    })
  let watching = watch()
  const crossed = async (left: number) => {
    told.length = 0
    await it.clock.advance(60_000)
    const batch = new BatchBuilder(1)
    batch.add(it.store.series.ref(series(METRIC, { sloth_id: 'shop-orders' })) as number, it.clock.now(), left)
    await it.store.series.append(batch.take())
    await watching.look()
    return told.map(({ type, subject, data }) => [type, subject, data.direction, data.crossed_ratio])
  }
  expect(await crossed(0.9)).toEqual([])
  expect(await crossed(0.5)).toEqual([['slo.budget', 'slo/shop-orders', 'down', 0.5]])
  // It trembles around the level.
  expect(await crossed(0.51)).toEqual([])
  expect(await crossed(0.49)).toEqual([])
  await it.reopen()
  watching = watch()
  expect(await crossed(0.48)).toEqual([])
  expect(await crossed(-0.2)).toEqual([['slo.budget', 'slo/shop-orders', 'down', 0]])
  expect(told[0]?.data.budget_remaining_ratio).toBe(-0.2)
  expect(await crossed(0.6)).toEqual([['slo.budget', 'slo/shop-orders', 'up', 0.5]])
})

test('an SLO that begins with its budget gone is no news, and one that is gone is forgotten', async () => {
  await using it = await testStore()
  const told: StateChange[] = []
  let ids = ['a-b']
  const watching = new BudgetWatch({
    clock: it.clock,
    store: it.store,
    query: (expr, atMs) => queryStore(it.store.series, expr, atMs),
    ids: () => ids,
    announce: async (...changes) => void told.push(...changes),
  })
  const look = async (left: number) => {
    await it.clock.advance(60_000)
    const batch = new BatchBuilder(1)
    batch.add(it.store.series.ref(series(METRIC, { sloth_id: 'a-b' })) as number, it.clock.now(), left)
    await it.store.series.append(batch.take())
    await watching.look()
  }
  await look(-3)
  ids = []
  await look(0.9)
  ids = ['a-b']
  await look(0.9)
  expect(told).toEqual([])
  await look(0.2)
  expect(told).toHaveLength(1)
})
