import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { Notification } from '../../../src/model/notification.ts'
import { DeliveryError } from '../../../src/notify/channel/channel.ts'
import { pagerduty } from '../../../src/notify/channel/pagerduty.ts'
import { type Answer, fakeWeb } from './fakes.ts'
import { alert, NOW, notification, sendContext } from './notification.ts'

interface Event {
  readonly dedup_key: string
  readonly event_action: string
  readonly payload: {
    readonly summary: string
    readonly severity: string
    readonly custom_details: Readonly<Record<string, string>>
  }
  readonly client_url: string
  readonly links?: readonly { readonly href: string; readonly text: string }[]
}

const taken: Answer = (response) => response.writeHead(202).end('{"status":"success"}')

/** What PagerDuty gets. */
async function eventOf(sent: Notification, keys: Readonly<Record<string, unknown>> = {}): Promise<Event> {
  await using it = await fakeWeb(taken)
  const config = pagerduty.config.parse({ routing_key: 'k'.repeat(32), url: `http://${it.server.address}/`, ...keys })
  await pagerduty.send(config, sent, sendContext())
  return JSON.parse(it.taken[0]?.body ?? '') as Event
}

const severe = (severity: string) => alert({ labels: { alertname: 'Down', check: severity, severity } })

test('opens an incident for the group and resolves the same one', async () => {
  const opened = await eventOf(notification([alert()]))
  const closed = await eventOf(notification([alert({ status: 'resolved', endsAtMs: NOW })]))
  expect([opened.event_action, closed.event_action]).toEqual(['trigger', 'resolve'])
  expect(opened.dedup_key).toBe(createHash('sha256').update('{}:{alertname="Down"}').digest('hex'))
  expect(closed.dedup_key).toBe(opened.dedup_key)
  expect(opened.client_url).toBe('https://watch.example.org')
})

test('acknowledges the incident when somebody has taken all of it on', async () => {
  const acknowledged = { by: 'Maya', reason: 'on it', untilMs: NOW + 3_600_000 }
  const taken = await eventOf({ ...notification([alert({ acknowledged })]), reason: 'acknowledged' })
  expect(taken.event_action).toBe('acknowledge')
  expect(taken.dedup_key).toBe((await eventOf(notification([alert()]))).dedup_key)
  expect(taken.payload.summary).toBe('[ACKNOWLEDGED:1] Down, critical: shop – The shop is down')
})

test('says what is wrong in the title, and where to read on', async () => {
  const annotations = { summary: 'The shop is down', runbook_url: 'docs/runbooks/check-down.md' }
  const { payload, links } = await eventOf(notification([alert({ annotations, finding: 'connect: refused' })]))
  expect(payload.summary).toBe('[FIRING:1] Down, critical: shop – The shop is down')
  expect(payload.custom_details).toMatchObject({
    num_firing: '1',
    num_resolved: '0',
    firing: expect.stringContaining('Reason: connect: refused'),
  })
  expect(links).toEqual([
    { href: 'https://watch.example.org/docs/runbooks/check-down', text: 'Runbook: The shop is down' },
    { href: 'https://watch.example.org/checks/shop', text: 'Check: The shop is down' },
    { href: 'https://watch.example.org/alerts/ffffffffffffffff', text: 'Alert: The shop is down' },
  ])
})

describe('the severity of an incident', () => {
  test.each([
    [['critical'], 'critical'],
    [['high'], 'error'],
    [['medium'], 'warning'],
    [['low'], 'info'],
    [['low', 'high', 'medium'], 'error'],
    [['page'], 'error'],
  ])('of alerts that are %j is %s', async (severities, expected) => {
    expect((await eventOf(notification(severities.map(severe)))).payload.severity).toBe(expected)
  })

  test('follows from what fires, not from what is over', async () => {
    const over = { ...severe('critical'), status: 'resolved' as const, endsAtMs: NOW }
    expect((await eventOf(notification([over, severe('low')]))).payload.severity).toBe('info')
  })

  test('is what the operator says', async () => {
    const sent = notification([severe('low')])
    expect((await eventOf(sent, { severity: 'critical' })).payload.severity).toBe('critical')
    const template = '{{ if eq .CommonLabels.severity "low" }}warning{{ else }}critical{{ end }}'
    expect((await eventOf(sent, { severity: template })).payload.severity).toBe('warning')
    expect((await eventOf(sent, { severity: '{{ .Status }}' })).payload.severity).toBe('error')
  })
})

test('a title is cut at 1,024 characters, and own details stand beside or in place of ours', async () => {
  const { payload } = await eventOf(notification([alert()]), {
    title: `{{ .CommonLabels.alertname }} ${'🌙'.repeat(2000)}`,
    details: { team: '{{ .CommonLabels.check }}', firing: 'see the runbook' },
  })
  expect([...payload.summary]).toHaveLength(1024)
  expect(payload.summary).toMatch(/^Down 🌙+…$/u)
  expect(payload.custom_details).toEqual({
    team: 'shop',
    firing: 'see the runbook',
    resolved: '',
    num_firing: '1',
    num_resolved: '0',
  })
})

test('an event beyond 512 kB is sent without its lists', async () => {
  const long = alert({ annotations: { summary: 'x', description: 'y'.repeat(600_000) } })
  const { payload } = await eventOf(notification([long, long]))
  expect(payload.custom_details).toEqual({
    error: expect.stringContaining('512 kB'),
    num_firing: '2',
    num_resolved: '0',
  })
})

test.each([
  ['Invalid routing key', 'later'],
  ["'payload.severity' is invalid", 'never'],
])('a refusal for %j is tried again: %s', async (reason, retry) => {
  const body = JSON.stringify({ status: 'invalid event', message: 'Event object is invalid', errors: [reason] })
  await using it = await fakeWeb((response) => void response.writeHead(400).end(body))
  const config = pagerduty.config.parse({ routing_key: 'k'.repeat(32), url: `http://${it.server.address}/` })
  const error = await pagerduty.send(config, notification([alert()]), sendContext()).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(DeliveryError)
  expect(error).toMatchObject({
    retry,
    message: `PagerDuty answered 400 Event object is invalid: ${reason}`,
  })
})
