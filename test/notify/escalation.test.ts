import { describe, expect, test } from 'vitest'
import { fingerprint, Labels } from '../../src/model/labels.ts'
import type { Notification } from '../../src/model/notification.ts'
import { Acknowledgements } from '../../src/notify/acknowledgements.ts'
import type { DispatcherOptions } from '../../src/notify/dispatcher.ts'
import type { NotifyAlert } from '../../src/notify/notify-alert.ts'
import type { EscalationStep } from '../../src/notify/routing.ts'
import { eachAlert, type Stage } from '../../src/notify/stage.ts'
import type { Store } from '../../src/store/store.ts'
import { testStore } from '../support/test-store.ts'
import { Bench, H, M, options, ROOT, S, SLACK, START } from './bench.ts'

const SMS = { channel: 'sms', sendResolved: true }
const PAGER = { channel: 'pagerduty', sendResolved: true }
const STEPS: readonly EscalationStep[] = [
  { afterMs: 10 * M, integrations: [SMS] },
  { afterMs: 30 * M, integrations: [PAGER, SMS] },
]

function settings(
  acknowledgements: Acknowledgements,
  {
    stages = [],
    steps = STEPS,
  }: { readonly stages?: readonly Stage[]; readonly steps?: readonly EscalationStep[] } = {},
): DispatcherOptions {
  const made = options({ ...ROOT, repeatIntervalMs: 12 * H }, { team: [SLACK] }, stages)
  const escalations = new Map([['team', steps]])
  return { ...made, routing: { ...made.routing, escalations }, acknowledgements }
}

/** A bench with two steps behind slack, on which people take alerts on. */
function benchWithSteps({ store, ...rest }: Parameters<typeof settings>[1] & { readonly store?: Store } = {}) {
  const acknowledgements = new Acknowledgements()
  const bench = new Bench(settings(acknowledgements, rest), store)
  return {
    bench,
    settings: settings(acknowledgements, rest),
    acknowledge(i: string, forMs = 2 * H, on = bench) {
      const alert = on.dispatcher.find(idOf(i)) as NotifyAlert
      acknowledgements.set(alert, { by: 'maya', reason: '', forMs }, on.nowMs)
    },
  }
}

function idOf(i: string): string {
  return fingerprint(Labels.of({ alertname: 'A', i }))
}

describe('an alert that nobody takes on', () => {
  test('is told by each step once, at its time, and everybody who was told hears of its end', async () => {
    const { bench } = benchWithSteps()
    await bench.fire({ i: '1' })
    await bench.advance(2 * H)
    expect(bench.told).toEqual([
      '30 slack: first notification +1',
      '630 sms: first notification +1',
      '1830 pagerduty: first notification +1',
      '1830 sms: first notification +1',
    ])
    expect(bench.notifications.map(({ escalation }) => escalation)).toEqual([
      undefined,
      { step: 1, afterMs: 10 * M },
      { step: 2, afterMs: 30 * M },
      { step: 2, afterMs: 30 * M },
    ])
    expect(bench.events.filter((event) => event.startsWith('escalated'))).toEqual([
      'escalated: for sms: not acknowledged for 10m',
      'escalated: for pagerduty: not acknowledged for 30m',
      'escalated: for sms: not acknowledged for 30m',
    ])
    await bench.resolve({ i: '1' })
    await bench.advance(5 * M)
    expect(bench.told.slice(4).map((line) => line.replace(/^\d+ /, ''))).toEqual([
      'slack: all alerts resolved -1',
      'sms: all alerts resolved -1',
      'pagerduty: all alerts resolved -1',
      'sms: all alerts resolved -1',
    ])
    expect(bench.dispatcher.nextDueMs).toBeUndefined()
  })

  test('is told by a step even when it has fired for days, and its end is told to all', async () => {
    const { bench } = benchWithSteps()
    await bench.fire({ i: '1' })
    await bench.advance(40 * M)
    for (let i = 0; i < 3 * 24 * 12; i++) {
      bench.nowMs += 5 * M
      await bench.sayAgain()
      await bench.look()
    }
    expect(bench.told.filter((line) => line.includes('sms') || line.includes('pagerduty'))).toHaveLength(3)
    await bench.resolve({ i: '1' })
    await bench.advance(5 * M)
    expect(bench.told.filter((line) => line.includes('all alerts resolved'))).toHaveLength(4)
  })

  test('begins from the first step when it fires anew', async () => {
    const { bench } = benchWithSteps()
    await bench.fire({ i: '1' })
    await bench.advance(12 * M)
    await bench.resolve({ i: '1' })
    await bench.advance(6 * M)
    await bench.fire({ i: '1' })
    const sinceMs = bench.nowMs
    await bench.advance(15 * M)
    expect(bench.told.slice(4)).toEqual([
      `${(sinceMs - START) / S + 30} slack: first notification +1`,
      `${(sinceMs - START) / S + 630} sms: first notification +1`,
    ])
  })

  test('is told by the steps each when its own time has come, of its own', async () => {
    const { bench, acknowledge } = benchWithSteps()
    await bench.fire({ i: '1' })
    await bench.advance(2 * M)
    acknowledge('1')
    await bench.fire({ i: '2' })
    await bench.advance(20 * M)
    expect(bench.told).toEqual([
      '30 slack: first notification +1',
      '330 slack: new alerts added +1 +2',
      '930 sms: first notification +2',
    ])
    await bench.resolve({ i: '1' })
    await bench.advance(5 * M)
    await bench.resolve({ i: '2' })
    await bench.advance(5 * M)
    expect(bench.told.slice(3).map((line) => line.replace(/^\d+ /, ''))).toEqual([
      'slack: some alerts resolved +2 -1',
      'slack: all alerts resolved -2',
      'sms: all alerts resolved -2',
    ])
  })
})

describe('no step is told', () => {
  test('of an alert that somebody has taken on, until the time for that is over', async () => {
    const { bench, acknowledge } = benchWithSteps()
    await bench.fire({ i: '1' })
    await bench.advance(5 * M)
    acknowledge('1', 15 * M)
    await bench.advance(14 * M)
    expect(bench.told).toEqual(['30 slack: first notification +1'])
    await bench.advance(10 * M)
    expect(bench.told.slice(1)).toEqual(['1230 sms: first notification +1'])
  })

  test('more, once somebody has taken it on after the first step, and its end is told to whom was told', async () => {
    const { bench, acknowledge } = benchWithSteps()
    await bench.fire({ i: '1' })
    await bench.advance(12 * M)
    acknowledge('1', 5 * H)
    await bench.advance(H)
    await bench.resolve({ i: '1' })
    await bench.advance(5 * M)
    expect(bench.told.map((line) => line.replace(/^\d+ /, ''))).toEqual([
      'slack: first notification +1',
      'sms: first notification +1',
      'slack: all alerts resolved -1',
      'sms: all alerts resolved -1',
    ])
  })

  test('of an alert that is held back at that time; when it is not any more, at the next look', async () => {
    let isHeld = false
    const hold = eachAlert('hold', 'silenced', () => (isHeld ? 'held' : undefined))
    const { bench } = benchWithSteps({ stages: [hold] })
    await bench.fire({ i: '1' })
    await bench.advance(M)
    isHeld = true
    await bench.advance(19 * M)
    expect(bench.told).toEqual(['30 slack: first notification +1'])
    isHeld = false
    await bench.advance(5 * M)
    expect(bench.told.slice(1)).toEqual(['1230 sms: first notification +1'])
  })

  test('of an alert that ended before its time', async () => {
    const { bench } = benchWithSteps()
    await bench.fire({ i: '1' })
    await bench.advance(8 * M)
    await bench.resolve({ i: '1' })
    await bench.advance(H)
    expect(bench.told.map((line) => line.replace(/^\d+ /, ''))).toEqual([
      'slack: first notification +1',
      'slack: all alerts resolved -1',
    ])
  })

  test('of an alert that was told to nobody at first', async () => {
    const made = options(ROOT, { team: [] })
    const bench = new Bench({ ...made, routing: { ...made.routing, escalations: new Map([['team', STEPS]]) } })
    await bench.fire({ i: '1' })
    await bench.advance(H)
    expect(bench.told).toEqual([])
  })
})

describe('a restart', () => {
  test('neither forgets nor repeats a step, and what was due meanwhile is told at once', async () => {
    await using it = await testStore()
    const { bench, settings } = benchWithSteps({ store: it.store })
    await bench.fire({ i: '1' })
    await bench.advance(15 * M)
    expect(bench.told).toHaveLength(2)
    const after = bench.restart(M, settings)
    await after.advance(10 * M)
    expect(after.told).toEqual([])
    const later = after.restart(10 * M, settings)
    await later.advance(5 * S)
    expect(later.told.map((line) => line.replace(/^\d+ /, '')).sort()).toEqual([
      'pagerduty: first notification +1',
      'sms: first notification +1',
    ])
    const last = later.restart(M, settings)
    await last.resolve({ i: '1' })
    await last.advance(5 * M)
    expect(last.told.map((line) => line.replace(/^\d+ /, '')).sort()).toEqual([
      'pagerduty: all alerts resolved -1',
      'slack: all alerts resolved -1',
      'sms: all alerts resolved -1',
      'sms: all alerts resolved -1',
    ])
  })
})

test('a reload that groups in another way tells no step twice, and every end is still told', async () => {
  const { bench, settings } = benchWithSteps()
  await bench.fire({ i: '1' })
  await bench.advance(15 * M)
  const changed = options({ ...ROOT, groupBy: ['alertname', 'i'] }, { team: [SLACK] })
  const { escalations } = settings.routing
  bench.dispatcher.reconfigure(
    { ...changed, routing: { ...changed.routing, escalations: escalations ?? new Map() } },
    bench.nowMs,
  )
  await bench.advance(10 * M)
  expect(bench.told).toHaveLength(2)
  await bench.resolve({ i: '1' })
  await bench.advance(6 * M)
  expect(bench.told.slice(2).map((line) => line.replace(/^\d+ /, ''))).toEqual([
    'slack: all alerts resolved -1',
    'sms: all alerts resolved -1',
  ])
})

test('those that keep an incident hear when somebody has taken on all that they were told of', async () => {
  const pager = { ...PAGER, keepsIncidents: true }
  const acknowledgements = new Acknowledgements()
  const made = options(ROOT, { team: [SLACK, pager] })
  const escalations = new Map([['team', [{ afterMs: 10 * M, integrations: [SMS, pager] }]]])
  const bench = new Bench({ ...made, routing: { ...made.routing, escalations }, acknowledgements })
  const acknowledge = (i: string) => {
    const alert = bench.dispatcher.find(idOf(i)) as NotifyAlert
    acknowledgements.set(alert, { by: 'maya', reason: '', forMs: H }, bench.nowMs)
    const { messages } = bench.dispatcher.tellAcknowledged([idOf(i)], bench.nowMs)
    return messages.map(({ channel, body }) => {
      const { reason, alerts, escalation } = JSON.parse(body) as Notification
      return `${channel}: ${reason} ${alerts.map(({ labels }) => labels.i).join(' ')}, step ${escalation?.step ?? 0}`
    })
  }
  await bench.fire({ i: '1' })
  expect(acknowledge('1')).toEqual([])
  await bench.advance(M)
  await bench.fire({ i: '2' })
  await bench.advance(20 * M)
  expect(bench.told.slice(2)).toEqual([
    '330 slack: new alerts added +1 +2',
    '330 pagerduty: new alerts added +1 +2',
    '930 sms: first notification +2',
    '930 pagerduty: first notification +2',
  ])
  expect(acknowledge('2')).toEqual(['pagerduty: acknowledged 1 2, step 0', 'pagerduty: acknowledged 2, step 1'])
})
