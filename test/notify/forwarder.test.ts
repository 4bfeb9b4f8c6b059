import { expect, test } from 'vitest'
import { Secret } from '../../src/lib/secret.ts'
import type { SentAlert } from '../../src/model/alert.ts'
import { Labels } from '../../src/model/labels.ts'
import { Forwarder, type Forwarding } from '../../src/notify/forwarder.ts'
import { until } from '../e2e/midwatch.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { type FakeWeb, fakeWeb } from './channel/fakes.ts'

const START = Date.UTC(2026, 0, 1)

interface Posted {
  readonly labels: Readonly<Record<string, string>>
  readonly startsAt: string
  readonly endsAt: string
}

/** A forwarder to the given Alertmanagers, whose tries a test counts. */
async function bench(webs: readonly FakeWeb[], settings: Partial<Forwarding> = {}) {
  const clock = new ManualClock(START)
  const tries: string[] = []
  const dropped: number[] = []
  const target = (web: FakeWeb) => ({
    name: web.server.address,
    url: new URL(`http://${web.server.address}/am/api/v2/alerts`),
    timeoutMs: 50_000,
    authorization: undefined,
    proxy: undefined,
    tls: undefined,
  })
  const forwarding: Forwarding = {
    targets: webs.map(target),
    externalLabels: Labels.empty,
    relabel: (labels) => labels,
    ...settings,
  }
  const forwarder = new Forwarder(
    {
      clock,
      onTry: (_target, alerts, error) => void tries.push(`${alerts} ${error ?? 'taken'}`),
      onDropped: (_target, alerts) => void dropped.push(alerts),
    },
    forwarding,
  )
  return { clock, tries, dropped, forwarder, forwarding, target, [Symbol.asyncDispose]: () => forwarder.stop() }
}

const taker = () => fakeWeb((response) => response.end())

function alert(name: string, endsAtMs = START + 240_000): SentAlert {
  const labels = Labels.of({ alertname: name, region: name === 'Own' ? 'own' : '' })
  return { labels, annotations: { a: 'b' }, startsAtMs: START, endsAtMs, generatorUrl: 'http://w.example.org/graph' }
}

function namesOf(web: FakeWeb): string[][] {
  return web.taken.map(({ body }) =>
    (JSON.parse(body) as Posted[]).map(({ labels, endsAt }) => `${labels.alertname} ${endsAt.slice(11, 19)}`),
  )
}

test('alerts are posted to every Alertmanager in their order, with the labels that they lack', async () => {
  await using one = await taker()
  await using other = await taker()
  await using b = await bench([one, other], { externalLabels: Labels.of({ region: 'eu' }) })
  b.forwarder.take([alert('A'), alert('Own')])
  await until(() => b.tries.length === 2, 'two posts')
  for (const web of [one, other]) {
    expect(web.taken[0]).toMatchObject({ method: 'POST', path: '/am/api/v2/alerts' })
    expect(JSON.parse(web.taken[0]?.body ?? '')).toEqual([
      {
        labels: { alertname: 'A', region: 'eu' },
        annotations: { a: 'b' },
        startsAt: '2026-01-01T00:00:00.000Z',
        endsAt: '2026-01-01T00:04:00.000Z',
        generatorURL: 'http://w.example.org/graph',
      },
      expect.objectContaining({ labels: { alertname: 'Own', region: 'own' } }),
    ])
  }
})

test('relabelling changes alerts and keeps some to ourselves', async () => {
  await using web = await taker()
  const relabel = (labels: Labels) => (labels.get('alertname') === 'B' ? undefined : labels.with('region', ''))
  await using b = await bench([web], { externalLabels: Labels.of({ region: 'eu' }), relabel })
  b.forwarder.take([alert('A'), alert('B')])
  await until(() => b.tries.length === 1, 'a post')
  expect(JSON.parse(web.taken[0]?.body ?? '')).toMatchObject([{ labels: { alertname: 'A' } }])
  expect(web.taken[0]?.body).not.toContain('region')
})

test('what could not be posted is tried again, each alert as it was last', async () => {
  await using web = await fakeWeb((response) => response.writeHead(500).end('later'))
  await using b = await bench([web])
  b.forwarder.take([alert('A'), alert('B')])
  await until(() => b.clock.sleeping === 1, 'a pause')
  b.forwarder.take([alert('A', START), alert('C')])
  await b.clock.advance(2000)
  await until(() => b.tries.length === 2 && b.clock.sleeping === 1, 'a second try')
  web.answer = (response) => response.end()
  await b.clock.advance(5000)
  await until(() => b.tries.length === 3, 'a third try')
  expect(b.tries[0]).toContain('answered 500 later')
  expect(namesOf(web).at(-1)).toEqual(['B 00:04:00', 'A 00:00:00', 'C 00:04:00'])
  expect(b.dropped).toEqual([])
})

test('what is refused for good is given up, and what comes next goes on', async () => {
  await using web = await fakeWeb((response) => response.writeHead(400).end('bad'))
  await using b = await bench([web])
  b.forwarder.take([alert('A')])
  await until(() => b.dropped.length === 1, 'a refusal')
  web.answer = (response) => response.end()
  b.forwarder.take([alert('B')])
  await until(() => b.tries.length === 2, 'a post')
  expect(b.tries[1]).toBe('1 taken')
})

test('many alerts go in several requests, and too many that wait push out the oldest', async () => {
  await using web = await taker()
  await using b = await bench([web])
  b.forwarder.take(Array.from({ length: 10_300 }, (_, i) => alert(`A${i}`)))
  await until(() => b.tries.length === 40, 'all of it')
  expect(b.dropped).toEqual([300])
  expect(b.tries[0]).toBe('256 taken')
  const names = namesOf(web).flat()
  expect([names[0], names.at(-1), names.length]).toEqual(['A300 00:04:00', 'A10299 00:04:00', 10_000])
})

test('a reload with the same Alertmanager keeps what waits, with the new way to be let in', async () => {
  await using web = await fakeWeb((response) => response.writeHead(401).end())
  await using b = await bench([web])
  b.forwarder.take([alert('A')])
  await until(() => b.clock.sleeping === 1, 'a pause')
  web.answer = (response, { headers }) => response.writeHead(headers.authorization === 'Bearer x' ? 200 : 401).end()
  b.forwarder.reconfigure({
    ...b.forwarding,
    targets: [{ ...b.target(web), authorization: new Secret('Bearer x') }],
  })
  await b.clock.advance(2000)
  await until(() => b.tries.length === 2, 'a second try')
  expect(b.tries[1]).toBe('1 taken')
  b.forwarder.reconfigure({ ...b.forwarding, targets: [] })
  b.forwarder.take([alert('B')])
  expect(web.taken).toHaveLength(2)
})
