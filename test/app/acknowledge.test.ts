import { expect, test } from 'vitest'
import { fingerprint, Labels } from '../../src/model/labels.ts'
import type { CloudEvent } from '../../src/notify/event.ts'
import { alertEvents } from '../../src/store/alert-events.ts'
import { until } from '../e2e/midwatch.ts'
import { fakeWeb } from '../notify/channel/fakes.ts'
import { folder, type Running, start, TOKEN } from './people.ts'

const LABELS = { alertname: 'DiskFull', severity: 'critical', host: 'web-1' }
const ID = fingerprint(Labels.of(LABELS))

async function fire({ ask }: Running, labels: Record<string, string> = LABELS, endsAt?: string): Promise<void> {
  const alert = { labels, annotations: { summary: 'the disk is full' }, ...(endsAt === undefined ? {} : { endsAt }) }
  expect((await ask('POST', '/api/v2/alerts', [alert])).status).toBe(200)
}

/** What Alertmanager's API says of the only alert. */
async function shown({ ask }: Running) {
  const [alert] = JSON.parse((await ask('GET', '/api/v2/alerts')).text) as {
    acknowledgement?: Record<string, string>
  }[]
  return alert?.acknowledgement
}

function story({ context }: Running): string[] {
  return alertEvents(context.store.reader, ID, 100)
    .filter(({ kind }) => kind === 'acknowledged' || kind === 'ack-ended')
    .map(({ kind, detail }) => `${kind}: ${detail}`)
}

async function auditOf({ ask }: Running) {
  const { items } = JSON.parse((await ask('GET', '/api/v1/audit?page_size=100')).text) as {
    items: { event: string; actor: string; resource: string; attributes: Record<string, unknown> }[]
  }
  return items.filter(({ event }) => event.startsWith('alert.')).reverse()
}

test('who takes an alert on is known to pages, to the API, to the audit log and to other systems, also after a restart', async () => {
  await using it = await fakeWeb((response) => response.writeHead(202).end())
  const data = folder()
  const config = `events: { url: "http://${it.server.address}/events" }`
  const first = await start(data, config)
  await fire(first)
  const asked = { by: 'Maya', reason: 'ordered a larger one', for: '4h' }
  const { status, text } = await first.ask('POST', `/api/v1/alerts/${ID}/ack`, asked)
  expect(status).toBe(200)
  const answer = JSON.parse(text) as Record<string, string>
  expect(answer).toMatchObject({ fingerprint: ID, by: 'Maya', reason: 'ordered a larger one' })
  expect(Date.parse(answer.until as string) - Date.parse(answer.at as string)).toBe(4 * 3_600_000)
  expect(await shown(first)).toEqual({ by: 'Maya', reason: asked.reason, at: answer.at, until: answer.until })
  await first.stop()

  const second = await start(data, config)
  expect(await shown(second)).toEqual({ by: 'Maya', reason: asked.reason, at: answer.at, until: answer.until })
  const given = await second.ask('DELETE', `/api/v1/alerts/${ID}/ack`)
  expect(given).toMatchObject({ status: 204, text: '' })
  expect(await shown(second)).toBeUndefined()
  expect(await second.ask('DELETE', `/api/v1/alerts/${ID}/ack`)).toMatchObject({ status: 404 })

  expect(story(second)).toEqual([
    `acknowledged: acknowledged by Maya until ${answer.until}: ordered a larger one`,
    'ack-ended: taken back by maya',
  ])
  const facts = await auditOf(second)
  expect(facts).toMatchObject([
    {
      event: 'alert.acknowledged',
      actor: 'maya',
      resource: 'alert/DiskFull',
      attributes: { by: 'Maya', labels: LABELS },
    },
    { event: 'alert.unacknowledged', actor: 'maya', attributes: { why: 'taken back', fingerprint: ID } },
  ])
  await until(() => it.taken.length === 2, 'both changes to be heard of')
  const events = it.taken.map(({ body }) => JSON.parse(body) as CloudEvent)
  expect(events).toMatchObject([
    {
      type: 'midwatch.alert.acknowledged',
      subject: `alert/${ID}`,
      data: { by: 'Maya', labels: LABELS, actor: 'maya' },
    },
    { type: 'midwatch.alert.unacknowledged', subject: `alert/${ID}`, data: { why: 'taken back' } },
  ])
})

test('what ends by itself is written down: with its alert, or when its time is over', async () => {
  const app = await start(folder())
  await fire(app)
  await app.ask('POST', `/api/v1/alerts/${ID}/ack`, { for: '1s' })
  await until(() => story(app).length === 2, 'its time to be over')
  await app.ask('POST', `/api/v1/alerts/${ID}/ack`)
  await fire(app, LABELS, new Date().toISOString())
  await until(() => story(app).length === 4, 'it to end with its alert')
  expect(story(app).map((line) => line.replace(/until \S+/, 'until …'))).toEqual([
    'acknowledged: acknowledged by maya until …',
    'ack-ended: expired',
    'acknowledged: acknowledged by maya until …',
    'ack-ended: resolved',
  ])
})

test.each([
  ['an alert that does not fire', '0123456789abcdef', {}, 404, 'no alert 0123456789abcdef fires'],
  ['a time that is none', ID, { for: 'soon' }, 422, 'for: is no duration of up to 30d; write one such as 2h'],
  ['a time that is too long', ID, { for: '31d' }, 422, 'for: is no duration of up to 30d; write one such as 2h'],
  ['an empty name', ID, { by: ' ' }, 422, 'by: is empty; say who takes it on'],
  ['a long reason', ID, { reason: 'x'.repeat(1001) }, 422, 'reason: is longer than 1000 characters'],
  ['a key that is none', ID, { until: '2h' }, 422, 'until'],
])('%s is refused in words', async (_name, id, body, status, detail) => {
  const app = await start(folder())
  await fire(app)
  const answer = await app.ask('POST', `/api/v1/alerts/${id}/ack`, body)
  expect(answer.status).toBe(status)
  expect((JSON.parse(answer.text) as { detail: string }).detail).toContain(detail)
  expect(await shown(app)).toBeUndefined()
})

test('the button of a page takes an alert on and gives it back, in the name of who is signed in, and nothing from elsewhere does', async () => {
  const app = await start(folder())
  await fire(app)
  const cookie = { cookie: `midwatch_session=${TOKEN}` }
  const form = new URLSearchParams({ by: 'maya', reason: 'on it', for: '30m', next: '/checks/x' })
  const foreign = { ...cookie, origin: 'https://evil.example.org' }
  expect(await app.ask('POST', `/alerts/${ID}/ack`, form, foreign)).toMatchObject({ status: 403 })
  const own = { ...cookie, origin: 'https://watch.example.org' }
  expect(await app.ask('POST', `/alerts/${ID}/ack`, form, own)).toMatchObject({ status: 303, location: '/checks/x' })
  expect(await shown(app)).toMatchObject({ by: 'maya', reason: 'on it' })
  const back = new URLSearchParams({ next: 'https://evil.example.org/' })
  expect(await app.ask('POST', `/alerts/${ID}/unack`, back, own)).toMatchObject({ status: 303, location: '/' })
  expect(await shown(app)).toBeUndefined()
})

test('the link of a message acknowledges what it tells, for who has no token, once somebody confirms', async () => {
  const app = await start(folder())
  await fire(app)
  await fire(app, { ...LABELS, host: 'web-2' })
  const alert = app.context.dispatcher.find(ID)
  if (alert === undefined) throw new Error('there is no alert')
  const nobody = {}
  const path = app.context.ackLinks.pathTo({ kind: 'alert', fingerprint: ID, startsAtMs: alert.startsAtMs }, Date.now())
  const page = await app.ask('GET', path, undefined, nobody)
  expect(page.status).toBe(200)
  expect(page.text).toContain('Acknowledge this alert?')
  expect(page.text).toContain('the disk is full')
  expect(page.text).not.toContain('web-2')
  expect(await shown(app)).toBeUndefined()

  const unnamed = await app.ask('POST', path, new URLSearchParams({ by: '', for: '1h' }), nobody)
  expect(unnamed.status).toBe(422)
  expect(unnamed.text).toContain('by is empty; say who takes it on.')
  const form = new URLSearchParams({ by: 'Ben', reason: 'from the train', for: '1h' })
  const elsewhere = await app.ask('POST', path, form, { origin: 'https://evil.example.org' })
  expect(elsewhere.status).toBe(403)
  expect(await app.ask('POST', path, form, nobody)).toMatchObject({ status: 303, location: path })
  const alerts = JSON.parse((await app.ask('GET', '/api/v2/alerts')).text) as {
    labels: { host: string }
    acknowledgement?: { by: string }
  }[]
  expect(alerts.map(({ labels, acknowledgement }) => [labels.host, acknowledgement?.by]).sort()).toEqual([
    ['web-1', 'Ben'],
    ['web-2', undefined],
  ])
  expect((await app.ask('GET', path, undefined, nobody)).text).toContain('acknowledged by Ben until')
  expect(await auditOf(app)).toMatchObject([{ actor: 'Ben (by the link of a message)', attributes: { by: 'Ben' } }])
})

test('the link of a whole group takes on what fired when its message was made, and no later alert', async () => {
  const app = await start(folder(), 'notify: { slack: "https://hooks.slack.com/services/T0/B0/x" }')
  await fire(app)
  await fire(app, { ...LABELS, host: 'web-2' })
  const [group] = app.context.dispatcher.groupViews(Date.now(), app.context.silences)
  if (group === undefined) throw new Error('there is no group')
  const sentMs = Math.max(...group.alerts.map(({ alert }) => alert.startsAtMs))
  const target = { kind: 'group', receiver: group.receiver, groupKey: group.key, sentMs } as const
  const path = app.context.ackLinks.pathTo(target, Date.now())
  await until(() => Date.now() > sentMs, 'the clock to go on')
  await fire(app, { ...LABELS, host: 'web-3' })
  expect((await app.ask('GET', path, undefined, {})).text).toContain('Acknowledge 2 alerts?')
  await app.ask('POST', path, new URLSearchParams({ by: 'Ben', for: '1h' }), {})
  const alerts = JSON.parse((await app.ask('GET', '/api/v2/alerts')).text) as {
    labels: { host: string }
    acknowledgement?: { by: string }
  }[]
  expect(
    alerts
      .filter(({ acknowledgement }) => acknowledgement !== undefined)
      .map(({ labels }) => labels.host)
      .sort(),
  ).toEqual(['web-1', 'web-2'])
})

test('a link is good for what it names, by whom it was made, and for its time', async () => {
  const app = await start(folder())
  await fire(app)
  const { ackLinks, dispatcher } = app.context
  const startsAtMs = dispatcher.find(ID)?.startsAtMs ?? 0
  const made = (nowMs: number, sinceMs = startsAtMs) =>
    ackLinks.pathTo({ kind: 'alert', fingerprint: ID, startsAtMs: sinceMs }, nowMs)
  const good = made(Date.now())
  const statusOf = async (path: string) => (await app.ask('GET', path, undefined, {})).status
  expect(await statusOf(good)).toBe(200)
  expect(await statusOf(good.replace(ID, '0123456789abcdef'))).toBe(404)
  expect(await statusOf(good.replace(/\w$/, (last) => (last === 'z' ? 'y' : 'z')))).toBe(404)
  expect(await statusOf(good.replace('/ack/', '/ack/x'))).toBe(404)
  expect(await statusOf('/ack/x')).toBe(404)
  // A week and a moment ago.
  expect(await statusOf(made(Date.now() - 7 * 86_400_000 - 1000))).toBe(410)
  // Of an earlier time that the alert fired.
  expect(await statusOf(made(Date.now(), startsAtMs - 1))).toBe(410)
  await fire(app, LABELS, new Date().toISOString())
  expect(await statusOf(good)).toBe(410)
  expect(await app.ask('POST', good, new URLSearchParams({ by: 'Ben' }), {})).toMatchObject({ status: 410 })
})
