import { expect, test } from 'vitest'
import { Labels } from '../../src/model/labels.ts'
import { createMatcher } from '../../src/model/matcher.ts'
import { Dispatcher } from '../../src/notify/dispatcher.ts'
import { routeTree } from '../../src/notify/route.ts'
import type { Routing } from '../../src/notify/routing.ts'
import { Silences } from '../../src/notify/silences.ts'
import type { TimeInterval } from '../../src/notify/time-interval.ts'
import { testWeb } from '../support/web.ts'

const NOON = Date.UTC(2026, 0, 1, 12)
const MIDNIGHT = Date.UTC(2026, 0, 2)

const hours = (name: string, from: number, to: number): [string, TimeInterval] => [
  name,
  { name, windows: [{ times: [{ from: from * 60, to: to * 60 }] }] },
]

/** A dispatcher with this routing and these alerts, which are there from noon to noon. */
function having(routing: Routing, labelSets: readonly Readonly<Record<string, string>>[]): Dispatcher {
  const made = new Dispatcher(
    {
      routing,
      stages: [],
      findingOf: () => undefined,
      externalUrl: 'http://watch.example.org',
      expiryMs: 1000,
    },
    { alerts: [], groups: [], log: [] },
    { lastAliveMs: NOON, nowMs: NOON },
  )
  const alerts = labelSets.map((labels) => ({
    labels: Labels.of(labels),
    annotations: {},
    startsAtMs: NOON,
    endsAtMs: NOON + 24 * 3_600_000,
    generatorUrl: '',
  }))
  made.take(alerts, NOON)
  return made
}

/** `nights` are from midnight to six, `office` from nine to five. */
function dispatcher(): Dispatcher {
  const is = (value: string) => [createMatcher('team', '=', value)]
  const root = routeTree({
    receiver: 'root',
    routes: [
      { receiver: 'pager', matchers: [createMatcher('team', '=~', 'both|shop')], continue: true },
      { receiver: 'mail', matchers: [createMatcher('team', '=~', 'both|mail')], muteTimeIntervals: ['nights'] },
      { receiver: 'tickets', matchers: is('tickets'), activeTimeIntervals: ['office'] },
    ],
  })
  const timeIntervals = new Map([hours('nights', 0, 6), hours('office', 9, 17)])
  const teams = ['both', 'shop', 'mail', 'tickets']
  return having(
    { root, receivers: new Map(), timeIntervals },
    teams.map((team) => ({ alertname: 'A', team })),
  )
}

test('an alert is muted by the time intervals of its routes while none of them tells, and a group by those of its own', () => {
  const silences = new Silences()
  const at = (nowMs: number) => ({
    alerts: Object.fromEntries(
      dispatcher()
        .alertViews(nowMs, silences)
        .map(({ alert, mutedBy }) => [alert.labels.get('team'), mutedBy]),
    ),
    groups: Object.fromEntries(
      dispatcher()
        .groupViews(nowMs, silences)
        .map(({ receiver, mutedBy }) => [receiver, mutedBy]),
    ),
  })
  expect(at(NOON)).toEqual({
    alerts: { both: [], shop: [], mail: [], tickets: [] },
    groups: { pager: [], mail: [], tickets: [] },
  })
  expect(at(MIDNIGHT)).toEqual({
    alerts: { both: [], shop: [], mail: ['nights'], tickets: ['office'] },
    groups: { pager: [], mail: ['nights'], tickets: ['office'] },
  })
})

test('the API names what mutes, and leaves muted groups out where it is asked to', async () => {
  await using web = await testWeb({ context: { dispatcher: dispatcher() } })
  web.clock.jumpTo(MIDNIGHT)
  const alerts = (await web.get('/api/v2/alerts?filter=team=mail')).json
  expect(alerts).toMatchObject([{ status: { state: 'suppressed', mutedBy: ['nights'] } }])
  const groups = (await web.get('/api/v2/alerts/groups')).json as { receiver: { name: string } }[]
  expect(groups.find(({ receiver }) => receiver.name === 'tickets')).toMatchObject({
    alerts: [{ status: { state: 'suppressed', mutedBy: ['office'], silencedBy: [], inhibitedBy: [] } }],
  })
  const told = (await web.get('/api/v2/alerts/groups?muted=false')).json as { receiver: { name: string } }[]
  expect(told.map(({ receiver }) => receiver.name).sort()).toEqual(['pager'])
})

/** Alerts of the west go to two receivers, the first of which groups them finer than the others. */
function grouped(): Dispatcher {
  const root = routeTree({
    receiver: 'rest',
    groupBy: ['alertname'],
    routes: [
      { receiver: 'west', matchers: [createMatcher('zone', '=', 'west')], groupBy: ['...'], continue: true },
      { receiver: 'desk', matchers: [createMatcher('zone', '=', 'west')], groupBy: ['zone'], continue: true },
      { receiver: 'west', matchers: [createMatcher('alertname', '=', 'Hot')], groupBy: ['alertname'] },
    ],
  })
  return having({ root, receivers: new Map() }, [
    { alertname: 'Hot', zone: 'west' },
    { alertname: 'Cold', zone: 'west' },
    { alertname: 'Wet', zone: 'east' },
  ])
}

test('the API lists groups with fewer labels first, and of a receiver those that it is told of', async () => {
  await using web = await testWeb({ context: { dispatcher: grouped() } })
  web.clock.jumpTo(NOON)
  const shown = async (query: string) => {
    const groups = (await web.get(`/api/v2/alerts/groups${query}`)).json as {
      labels: Record<string, string>
      receiver: { name: string }
      alerts: { receivers: { name: string }[] }[]
    }[]
    return groups.map(({ labels, receiver, alerts }) => [
      receiver.name,
      Object.values(labels).join(' '),
      alerts.map(({ receivers }) => receivers.map(({ name }) => name).join(' ')),
    ])
  }
  expect(await shown('')).toEqual([
    ['desk', 'west', ['desk west', 'desk west west']],
    ['west', 'Hot', ['desk west west']],
    ['rest', 'Wet', ['rest']],
    ['west', 'Cold west', ['desk west']],
    ['west', 'Hot west', ['desk west west']],
  ])
  expect(await shown('?receiver=desk')).toEqual([['desk', 'west', ['desk', 'desk']]])
  expect(await shown('?receiver=w.%2B&filter=alertname=Hot')).toEqual([
    ['west', 'Hot', ['west west']],
    ['west', 'Hot west', ['west west']],
  ])
})

test('an alert that takes two routes to a receiver names it twice, as Alertmanager does', async () => {
  await using web = await testWeb({ context: { dispatcher: grouped() } })
  web.clock.jumpTo(NOON)
  const [alert] = (await web.get('/api/v2/alerts?filter=alertname=Hot')).json as { receivers: unknown }[]
  expect(alert?.receivers).toEqual([{ name: 'west' }, { name: 'desk' }, { name: 'west' }])
})

test.each(['0', 'no', 'False'])('a switch of the API may be written as %s', async (no) => {
  await using web = await testWeb({ context: { dispatcher: grouped() } })
  web.clock.jumpTo(NOON)
  expect((await web.get(`/api/v2/alerts?active=${no}`)).json).toEqual([])
  expect((await web.get('/api/v2/alerts?active=1&silenced=True')).json).toHaveLength(3)
  expect((await web.get('/api/v2/alerts?active=perhaps')).status).toBe(400)
})
