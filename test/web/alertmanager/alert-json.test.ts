import { expect, test } from 'vitest'
import { readAlerts } from '../../../src/web/alertmanager/alert-json.ts'

const NOW = Date.UTC(2026, 4, 2, 10)
const TIMEOUT_MS = 300_000
const at = (seconds: number) => new Date(NOW + seconds * 1000).toISOString()

test('an alert without an end begins before the time at which it would be over', () => {
  const labels = { alertname: 'Tide' }
  const read = readAlerts(
    [
      { labels, startsAt: at(299) },
      { labels, startsAt: at(301) },
    ],
    NOW,
    TIMEOUT_MS,
  )
  expect(read.alerts).toMatchObject([{ startsAtMs: NOW + 299_000, endsAtMs: NOW + TIMEOUT_MS, timedOut: true }])
  expect(read.errors).toEqual(['[1]: start time must be before end time'])
})

test('an end alone is the beginning as well', () => {
  const { alerts } = readAlerts([{ labels: { alertname: 'Tide' }, endsAt: at(60) }], NOW, TIMEOUT_MS)
  expect(alerts).toMatchObject([{ startsAtMs: NOW + 60_000, endsAtMs: NOW + 60_000, timedOut: false }])
})

test('a label or an annotation without a name is refused', () => {
  const { alerts, errors } = readAlerts(
    [{ labels: { alertname: 'Tide', '': 'x' } }, { labels: { alertname: 'Tide' }, annotations: { '': 'x' } }],
    NOW,
    TIMEOUT_MS,
  )
  expect(alerts).toEqual([])
  expect(errors).toEqual([
    '[0]: labels has a name that is empty; name it',
    '[1]: annotations has a name that is empty; name it',
  ])
})
