import { expect, test } from 'vitest'
import { createMatcher } from '../../../src/model/matcher.ts'
import { type TestWeb, testWeb } from '../../support/web.ts'

const PATH = '/api/v1/webhooks/shop'
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'

const counted = ({ store }: TestWeb) =>
  Object.fromEntries(
    [...store.pushed.rows()].map(({ labels, value }) => [(JSON.parse(labels) as string[]).join(' '), value]),
  )

test('a webhook begins a journey in the audit log, with secrets masked, and is counted', async () => {
  await using web = await testWeb()
  const body = { type: 'order.paid', customer: { email: 'jane@example.org' }, token: 'abc' }
  const answer = await web.post(PATH, body, { 'user-agent': 'shop/1', 'x-signature': 's' })
  expect(answer.status).toBe(200)
  const traceId = answer.json.trace_id
  expect(answer.headers.get('traceparent')).toContain(traceId)
  const journey = await web.get(`/api/v1/traces/${traceId}`)
  expect(journey.json.records).toMatchObject([
    {
      event: 'webhook.received',
      actor: 'shop',
      resource: 'webhook/shop',
      attributes: {
        event_type: 'order.paid',
        method: 'POST',
        headers: { 'content-type': 'application/json', 'user-agent': 'shop/1' },
        body: { type: 'order.paid', customer: { email: 'j***@example.org' }, token: '***' },
      },
    },
  ])
  expect(journey.text).not.toContain('x-signature')
  await web.post(PATH, body)
  expect(counted(web)).toEqual({
    '__name__ webhook_received_total event_type order.paid job webhook source shop': 2,
  })
  expect(web.store.series.metaOf('webhook_received_total')?.type).toBe('counter')
})

test('a webhook that comes with a traceparent continues that journey', async () => {
  await using web = await testWeb()
  const answer = await web.post(PATH, {}, { traceparent: `00-${TRACE}-00f067aa0ba902b7-00` })
  expect(answer.json).toEqual({ trace_id: TRACE })
  expect((await web.get(`/api/v1/traces/${TRACE}`)).json.records).toMatchObject([{ span_id: '00f067aa0ba902b7' }])
})

test('a source that invents event types is kept to a hundred series, over a restart too', async () => {
  await using first = await testWeb()
  for (let i = 0; i < 99; i++) await first.post(PATH, '', { 'x-event-type': `t${i}` })
  await using web = await first.reopen()
  for (let i = 99; i < 105; i++) await web.post(PATH, '', { 'x-event-type': `t${i}` })
  const series = web.store.series.find([createMatcher('__name__', '=', 'webhook_received_total')])
  expect(series).toHaveLength(101)
  expect(counted(web)['__name__ webhook_received_total event_type other job webhook source shop']).toBe(5)
})

test('an event is kept when the limits have no room for its series', async () => {
  await using web = await testWeb({ config: 'storage: { limits: { series: 1, series_per_metric: 1 } }' })
  await web.post(PATH, '', { 'x-event-type': 'a' })
  const answer = await web.post(PATH, '', { 'x-event-type': 'b' })
  expect(answer.status).toBe(200)
  expect((await web.get('/api/v1/audit?event=webhook.received')).json.total).toBe(2)
})

test.each(['.hidden', 'a%20b', '%e2%82%ac', 'x'.repeat(65)])('a source can not be called %s', async (source) => {
  await using web = await testWeb()
  expect((await web.post(`/api/v1/webhooks/${source}`, {})).status).toBe(400)
  expect((await web.get('/api/v1/audit')).json.total).toBe(0)
})
