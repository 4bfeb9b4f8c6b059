import { expect, test } from 'vitest'
import { BatchBuilder } from '../../../src/model/sample.ts'
import { SloBook } from '../../../src/objective/book.ts'
import { compileSlos } from '../../../src/objective/compile-all.ts'
import { readSpecs } from '../../../src/objective/spec/read.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { series } from '../../support/test-store.ts'
import { testWeb } from '../../support/web.ts'

const HOUR_MS = 3_600_000
const SPEC = `version: prometheus/v1
service: shop
slos:
  - name: orders
    objective: 99
    description: 'Orders, "all" of <them>'
    sli: { raw: { error_ratio_query: "sum(avg_over_time(errors_ratio[{{.window}}]))" } }
    alerting: { name: OrdersFail }
  - name: quiet
    objective: 99.5
    http: { metric: http_requests_total, bad: 'code=~"5.."' }
`

/** A midwatch in December 2026 that was evaluated once an hour in November, and has measured the first half of it. */
async function afterNovember() {
  const { slos } = readSpecs([{ file: 'slos/shop.yml', text: SPEC }])
  const book = new SloBook((read) => compileSlos(read, { version: '1' }), [])
  const none = () => ({ compiled: [], problems: [] })
  book.update({ compiled: compileSlos(slos, { version: '1' }).compiled, windows: new Map() }, none)
  const clock = new ManualClock(Date.UTC(2026, 11, 2))
  const config = 'evaluation: { cron: "0 * * * *" }'
  const it = await testWeb({ clock, config, context: { slos: () => book.entries } })
  const identity = { sloth_id: 'shop-orders', sloth_service: 'shop', sloth_slo: 'orders' }
  const ratio = it.store.series.ref(series('slo:sli_error:ratio_rate5m', { ...identity, sloth_window: '5m' })) as number
  const paging = { ...identity, alertname: 'OrdersFail', alertstate: 'firing', sloth_severity: 'page' }
  const alert = it.store.series.ref(series('ALERTS', paging)) as number
  const batch = new BatchBuilder(1024)
  const fromMs = Date.UTC(2026, 10, 1)
  for (let hour = 1; hour <= 15 * 24; hour++) {
    const isBad = hour > 48 && hour <= 54
    batch.add(ratio, fromMs + hour * HOUR_MS, isBad ? 0.5 : 0)
    if (isBad) batch.add(alert, fromMs + hour * HOUR_MS, 1)
  }
  await it.store.series.append(batch.take())
  return it
}

test('a month is reported by what was measured of it, day by day, and the rest is left out', async () => {
  await using it = await afterNovember()
  const { json } = await it.get('/api/v1/slos/report?month=2026-11')
  expect(json).toMatchObject({ month: '2026-11', complete: true, made_at: '2026-12-02T00:00:00.000Z' })
  const [orders, quiet] = json.slos
  expect(orders).toMatchObject({
    id: 'shop-orders',
    objective: 99,
    error_ratio: expect.closeTo((6 * 0.5) / 360, 10),
    budget_used_ratio: expect.closeTo(3 / 360 / 0.01, 8),
    met: true,
    measured_ratio: 0.5,
    page_seconds: 6 * 3600,
    ticket_seconds: 0,
  })
  expect(orders.days).toHaveLength(30)
  expect(orders.days[2]).toEqual({ day: '2026-11-03', error_ratio: expect.closeTo(3 / 24, 10) })
  expect(orders.days[20]).toEqual({ day: '2026-11-21', error_ratio: null })
  expect(quiet).toMatchObject({ error_ratio: null, budget_used_ratio: null, met: null, measured_ratio: 0 })
})

test('the report is a table for spreadsheets, and a page that holds everything it needs', async () => {
  await using it = await afterNovember()
  const csv = await it.get('/api/v1/slos/report?month=2026-11&format=csv')
  expect(csv.headers.get('content-type')).toContain('text/csv')
  const [head, first, second, end] = csv.text.split('\r\n')
  expect(head).toMatch(/^month,complete,id,service,name,objective_percent,achieved_percent,/)
  expect(first).toBe(
    '2026-11,yes,shop-orders,shop,orders,99,99.1666666667,0.00833333333333,83.3333333333,yes,50,360,0,2026-11-03,0.125',
  )
  expect(second).toBe('2026-11,yes,shop-quiet,shop,quiet,99.5,,,,,0,0,0,,')
  expect(end).toBe('')

  const html = await it.get('/api/v1/slos/report?month=2026-11&format=html')
  expect(html.headers.get('content-type')).toContain('text/html')
  expect(html.headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'/)
  expect(html.text).toMatch(/^<!doctype html>/)
  expect(html.text).toContain('99.16 %')
  expect(html.text).toContain('Orders, &quot;all&quot; of &lt;them&gt;')
  expect(html.text).not.toMatch(/ (?:src|href)=|@import|url\(|<script| style="/)
  expect(html.text.match(/<rect /g)?.length).toBeGreaterThan(60)
})

test('a month that goes on is reported up to now, and one to come has nothing', async () => {
  await using it = await afterNovember()
  expect((await it.get('/api/v1/slos/report')).json).toMatchObject({ month: '2026-12', complete: false })
  const { json } = await it.get('/api/v1/slos/report?month=2027-01')
  expect(json.slos[0]).toMatchObject({ error_ratio: null, measured_ratio: 0, days: [] })
  for (const wrong of ['month=2026-13', 'month=november', 'format=pdf']) {
    expect((await it.get(`/api/v1/slos/report?${wrong}`)).status).toBe(400)
  }
})
