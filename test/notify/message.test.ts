import { expect, test } from 'vitest'
import { composeMessage, oneLine, runbookUrl } from '../../src/notify/message.ts'
import { alert, NOW, notification } from './channel/notification.ts'

const labelled = (check: string, overrides = {}) =>
  alert({ labels: { alertname: 'Down', check, severity: 'critical', job: 'probe', zone: 'b' }, ...overrides })

test('a title counts what fires and names it, as far as a line goes', () => {
  const three = [labelled('shop'), labelled('stock'), labelled('old', { status: 'resolved', endsAtMs: NOW })]
  expect(composeMessage(notification(three), NOW).title).toBe('[FIRING:2] Down, critical: shop, stock, old')
  const many = Array.from({ length: 40 }, (_, i) => labelled(`check-${i}`))
  expect(composeMessage(notification(many), NOW).title).toMatch(/^\[FIRING:40\] .*check-4 and 35 more$/)
  const over = [labelled('shop', { status: 'resolved', endsAtMs: NOW })]
  expect(composeMessage(notification(over), NOW).title).toBe('[RESOLVED] Down, critical: shop')
})

test('what fires comes before what is over, and what is left out is counted', () => {
  const alerts = [
    ...Array.from({ length: 10 }, () => labelled('gone', { status: 'resolved', endsAtMs: NOW })),
    ...Array.from({ length: 10 }, () => labelled('here')),
  ]
  const { alerts: told, omitted } = composeMessage(notification(alerts), NOW)
  expect(told.map(({ status }) => status).slice(0, 10)).toEqual(new Array(10).fill('firing'))
  expect(told.length + omitted).toBe(20)
})

test('an alert that fires says its value, its page and the journeys of its errors; one that is over does not', () => {
  const facts = { measure: '0.32 (threshold > 0.1)', traceIds: ['4bf92f3577b34da6a3ce929d0e0e4736'] }
  const [told] = composeMessage(notification([labelled('shop', facts)]), NOW).alerts
  expect(told).toMatchObject({
    measure: '0.32 (threshold > 0.1)',
    alertUrl: 'https://watch.example.org/alerts/ffffffffffffffff',
    traceUrls: ['https://watch.example.org/traces/4bf92f3577b34da6a3ce929d0e0e4736'],
  })
  const over = labelled('shop', { ...facts, status: 'resolved', endsAtMs: NOW })
  expect(composeMessage(notification([over]), NOW).alerts[0]).toMatchObject({ measure: undefined, traceUrls: [] })
})

test('an alert says since when, with the date when it is not today’s, and for how long', () => {
  const when = (ms: number) =>
    composeMessage(notification([labelled('a', { startsAtMs: NOW - ms })]), NOW).alerts[0]?.when
  expect(when(45_000)).toBe('since 03:03:20 UTC (45 s)')
  expect(when(3_600_000 * 3 + 60_000 * 20)).toBe('since 2026-01-01 23:44:05 UTC (3 h 20 min)')
  expect(when(86_400_000 * 2)).toBe('since 2025-12-31 03:04:05 UTC (2 d)')
  // A clock that was put back makes no negative time.
  expect(when(-60_000)).toMatch(/\(0 s\)$/)
})

test('labels that are said elsewhere are not said again', () => {
  const [told] = composeMessage(notification([labelled('shop')]), NOW).alerts
  expect(told).toMatchObject({
    labels: 'check=shop zone=b',
    severity: 'critical',
    checkUrl: 'https://watch.example.org/checks/shop',
  })
})

test.each([
  ['https://wiki.example.org/x', 'https://wiki.example.org/x'],
  ['docs/runbooks/check-down.md', 'https://watch.example.org/docs/runbooks/check-down'],
  ['javascript:alert(1)', undefined],
  ['docs/runbooks/../../etc/passwd.md', undefined],
  ['', undefined],
])('a runbook at %j is read at %j', (text, url) => {
  expect(runbookUrl(text, 'https://watch.example.org')).toBe(url)
})

test('one line is one line', () => {
  expect(oneLine('a\r\nBcc: x\0\u0007b', 100)).toBe('a Bcc: x b')
  expect(oneLine('abcdef', 4)).toBe('abc…')
})
