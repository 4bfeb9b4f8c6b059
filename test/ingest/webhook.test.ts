import { expect, test } from 'vitest'
import { faultOfSource, readWebhook, WebhookLabels } from '../../src/ingest/webhook.ts'

function read(text: string, headers: Record<string, string> = {}) {
  const webhook = readWebhook('POST', (name) => headers[name], text)
  if ('unreadable' in webhook) throw new Error(webhook.unreadable)
  return webhook
}

test.each([
  [{ 'x-github-event': 'push' }, '{"type":"other"}', 'push'],
  [{ 'x-event-type': 'order.paid', 'x-github-event': 'push' }, '{}', 'order.paid'],
  [{ 'x-gitlab-event': 'Push Hook' }, '{}', 'Push Hook'],
  [{}, '{"type":"invoice.paid"}', 'invoice.paid'],
  [{}, '{"type":{"deep":1}}', 'unknown'],
  [{}, '["type"]', 'unknown'],
  [{}, 'plain', 'unknown'],
  [{ 'x-event-type': '<script>"\u00e9' }, '{}', '_script___'],
  [{ 'x-event-type': 'x'.repeat(500) }, '{}', 'x'.repeat(64)],
])('with %j and %s the type of an event is found', (headers, text, type) => {
  expect(read(text, headers as Record<string, string>).eventType).toBe(type)
})

test('a body is kept as JSON, as the fields of a form, or as text', () => {
  expect(read('{"a":[1]}').attributes).toMatchObject({ body: { a: [1] }, size_bytes: 9, method: 'POST' })
  expect(read('a=1&password=x', { 'content-type': 'application/x-www-form-urlencoded' }).attributes).toMatchObject({
    body: { a: '1', password: 'x' },
  })
  expect(read('hello').attributes).toMatchObject({ body: 'hello' })
  expect(read('').attributes).toMatchObject({ body: null, size_bytes: 0 })
})

test('only headers that tell what an event is are kept', () => {
  const headers = {
    'x-github-event': 'push',
    authorization: 'Bearer x',
    'x-hub-signature-256': 'sha256=1',
    cookie: 'a',
  }
  expect(read('{}', headers).attributes.headers).toEqual({ 'x-github-event': 'push' })
})

test('what claims to be JSON and is not, or is too deep, is refused', () => {
  expect(() => read('{"a":', { 'content-type': 'application/json' })).toThrow('the body is not JSON')
  expect(() => read('{"a":', { 'content-type': 'application/cloudevents+json; charset=utf-8' })).toThrow('not JSON')
  expect(() => read(`${'['.repeat(40)}${']'.repeat(40)}`)).toThrow('nested deeper than 31 levels')
})

test('event types and sources without end are counted as other', () => {
  const labels = new WebhookLabels()
  for (let i = 0; i < 100; i++) labels.of('shop', `t${i}`)
  expect(labels.of('shop', 'new')).toEqual({ source: 'shop', event_type: 'other' })
  expect(labels.of('shop', 't7')).toEqual({ source: 'shop', event_type: 't7' })
  for (let i = 0; i < 99; i++) labels.of(`s${i}`, 't')
  expect(labels.of('another', 't')).toEqual({ source: 'other', event_type: 'other' })
})

test('a source is named like a check', () => {
  expect(faultOfSource('git-hub.com_1')).toBeUndefined()
  for (const source of ['', '.hidden', 'a b', 'a/b', '\u00e9', 'x'.repeat(65)])
    expect(faultOfSource(source)).toBeDefined()
})
