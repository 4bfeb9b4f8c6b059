import { expect, test } from 'vitest'
import { BatchBuilder } from '../../../src/model/sample.ts'
import { SloBook } from '../../../src/objective/book.ts'
import { compileSlos } from '../../../src/objective/compile-all.ts'
import { readSpecs } from '../../../src/objective/spec/read.ts'
import { series } from '../../support/test-store.ts'
import { testWeb } from '../../support/web.ts'

const SPEC = `version: prometheus/v1
service: shop
slos:
  - name: orders
    objective: 99
    sli: { raw: { error_ratio_query: "sum(avg_over_time(errors_ratio[{{.window}}]))" } }
    alerting: { name: OrdersFail }
  - name: quiet
    objective: 99.5
    http: { metric: http_requests_total, bad: 'code=~"5.."' }
`

/** midwatch's addresses with two SLOs, of which the first has been burning. */
async function burning() {
  const { slos } = readSpecs([{ file: 'slos/shop.yml', text: SPEC }])
  const book = new SloBook((read) => compileSlos(read, { version: '1' }), [])
  book.update({ compiled: compileSlos(slos, { version: '1' }).compiled, windows: new Map() }, () => ({
    compiled: [],
    problems: [],
  }))
  const it = await testWeb({ context: { slos: () => book.entries } })
  const labels = { sloth_id: 'shop-orders', sloth_service: 'shop', sloth_slo: 'orders' }
  const batch = new BatchBuilder(16)
  const add = (name: string, value: number) =>
    batch.add(it.store.series.ref(series(name, labels)) as number, it.clock.now(), value)
  for (const [window, ratio] of Object.entries({
    '5m': 0.2,
    '30m': 0.05,
    '1h': 0.1,
    '2h': 0.01,
    '6h': 0.08,
    '30d': 0.004,
  })) {
    add(`slo:sli_error:ratio_rate${window}`, ratio)
  }
  add('slo:current_burn_rate:ratio', 20)
  add('slo:period_burn_rate:ratio', 0.4)
  add('slo:period_error_budget_remaining:ratio', 0.6)
  await it.store.series.append(batch.take())
  return it
}

test('the burn over each window stands beside what alerts compare it with, and the budget beside when it is used up', async () => {
  await using it = await burning()
  const { status, json } = await it.get('/api/v1/slos/shop-orders/burn-rate')
  expect(status).toBe(200)
  expect(json).toMatchObject({
    id: 'shop-orders',
    objective: 99,
    window: '30d',
    policy: 'workbook',
    error_ratio: expect.closeTo(0.004, 10),
    budget_remaining_ratio: 0.6,
    burn_rate: 20,
    exhausted_in_seconds: (0.6 * 30 * 86_400) / 20,
    exhausted_at: '2026-01-01T21:36:00.000Z',
  })
  expect(json.windows.map(({ window }: { window: string }) => window)).toEqual([
    '5m',
    '30m',
    '1h',
    '2h',
    '6h',
    '1d',
    '3d',
    '30d',
  ])
  expect(json.windows[0]).toMatchObject({
    error_ratio: 0.2,
    burn_rate: expect.closeTo(20, 6),
    factor: 14.4,
    firing: false,
    limits: [{ alert: 'page.quick', factor: 14.4, exceeded: true }],
  })
  expect(json.windows[4]).toMatchObject({
    factor: 1,
    limits: [
      { alert: 'page.slow', factor: 6, exceeded: true },
      { alert: 'ticket.slow', factor: 1, exceeded: true },
    ],
  })
  expect(json.windows[5]).toMatchObject({ window: '1d', error_ratio: null, burn_rate: null })
  expect(json.alerts).toMatchObject([
    {
      severity: 'page',
      name: 'OrdersFail',
      state: 'inactive',
      pairs: [
        {
          name: 'page.quick',
          met: false,
          short: { window: '5m', factor: 14.4 },
          long: { window: '1h', burn_rate: expect.closeTo(10, 6) },
        },
        { name: 'page.slow', met: false, short: { window: '30m', burn_rate: expect.closeTo(5, 6) } },
      ],
    },
    { severity: 'ticket' },
  ])
})

test('an SLO of which nothing is known yet has no numbers rather than good ones', async () => {
  await using it = await burning()
  const { json } = await it.get('/api/v1/slos')
  expect(json).toMatchObject({ total: 2, page: 1, page_size: 20 })
  expect(json.items[1]).toMatchObject({
    id: 'shop-quiet',
    min_events: 10,
    status: {
      error_ratio: null,
      budget_remaining_ratio: null,
      burn_rate: null,
      exhausted_in_seconds: null,
      firing: [],
    },
  })
  expect((await it.get('/api/v1/slos/none/burn-rate')).json).toMatchObject({ status: 404, title: 'Unknown SLO' })
  expect((await it.get('/api/v1/slos?page=0')).status).toBe(400)
})
