import { createHmac } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startApp } from '../../src/app/app.ts'
import { loadConfig } from '../../src/config/load.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { createMatcher } from '../../src/model/matcher.ts'
import type { CloudEvent } from '../../src/notify/event.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { until } from '../e2e/midwatch.ts'
import { type FakeWeb, fakeWeb } from '../notify/channel/fakes.ts'
import { members } from '../notify/channel/members.ts'

const KEY = Buffer.from('a-key-of-thirty-two-bytes-length')
const TOKEN = '{ name: test, token: 0123456789abcdef0123456789abcdef, scopes: [read] }'
const RULES = `
groups:
  - name: always
    rules:
      - alert: Always
        expr: vector(7)
        labels: { severity: low, team: shop }
        annotations: { summary: "it is {{ $value }}" }
`

/** midwatch out of the sources, with one rule that always fires. */
async function start(config: string) {
  const folder = mkdtempSync(join(tmpdir(), 'midwatch-events-'))
  writeFileSync(join(folder, 'rules.yml'), RULES)
  const whole = (text: string) =>
    `server: { listen: "127.0.0.1:0", external_url: "https://watch.example.org", tokens: [${TOKEN}] }
evaluation: { cron: "* * * * * *" }
shipped_rules: false
rule_files: [rules.yml]
${text}`
  let text = whole(config)
  const load = () =>
    loadConfig({ file: join(folder, 'midwatch.yml'), env: {}, overrides: { data: folder }, readFile: () => text })
  const { config: loaded, problems } = load()
  if (loaded === undefined) throw new Error(problems.map(({ message }) => message).join('\n'))
  const app = await startApp({
    config: loaded,
    configFiles: [],
    reload: load,
    clock: systemClock,
    log: createLog('silent'),
    writer: 'inline',
  })
  onTestFinished(async () => {
    await app.stop('the test is over', 5000)
    rmSync(folder, { recursive: true, force: true })
  })
  return Object.assign(app, {
    write(changed: string) {
      text = whole(changed)
    },
  })
}

function eventsOf({ taken }: FakeWeb): CloudEvent[] {
  return taken.map(({ body }) => JSON.parse(body) as CloudEvent)
}

test('other systems hear of alerts, silences and reloads as signed CloudEvents', async () => {
  await using it = await fakeWeb((response) => response.writeHead(202).end())
  const sink = `events: { url: "http://${it.server.address}/events", secret: whsec_${KEY.toString('base64')} }`
  const app = await start(sink)
  const heard = (type: string) => eventsOf(it).filter((event) => event.type === `midwatch.${type}`)

  await until(() => heard('alert.firing').length === 1, 'the alert to be heard of')
  const [firing] = heard('alert.firing')
  expect(firing).toMatchObject({
    specversion: '1.0',
    source: 'https://watch.example.org',
    subject: expect.stringMatching(/^alert\/[0-9a-f]{16}$/),
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    datacontenttype: 'application/json',
    data: {
      labels: { alertname: 'Always', severity: 'low', team: 'shop' },
      annotations: { summary: 'it is 7' },
      value: '7',
      resolved_at: null,
    },
  })

  const minute = { startsAtMs: Date.now(), endsAtMs: Date.now() + 60_000, createdBy: 'me', comment: 'be quiet' }
  const matchers = [createMatcher('team', '=', 'shop')]
  const id = await app.context.setSilence({ ...minute, matchers }, 'me')
  await app.context.expireSilence(id, 'me')
  await until(() => heard('silence.expired').length === 1, 'the silence to be heard of')
  const about = eventsOf(it).filter(({ subject }) => subject === `silence/${id}`)
  expect(about.map(({ type }) => type)).toEqual(['midwatch.silence.created', 'midwatch.silence.expired'])
  expect(about[0]?.data).toMatchObject({ matchers: ['team="shop"'], comment: 'be quiet', actor: 'me' })

  const short = { ...minute, endsAtMs: Date.now() + 1500 }
  await app.context.setSilence({ ...short, matchers }, 'me')
  await until(() => heard('silence.expired').length === 2, 'the end of a silence by itself to be heard of')

  app.write(`${sink}\nnonsense: 1`)
  await app.reload('me')
  app.write(sink)
  await app.reload('me')
  await until(
    () => heard('config.reloaded').length === 1 && heard('config.refused').length === 1,
    'both reloads to be heard of',
  )
  expect(heard('config.refused')[0]?.data).toMatchObject({
    actor: 'me',
    problems: [expect.stringContaining('is not a key')],
  })

  for (const { headers, body } of it.taken) {
    expect(headers['content-type']).toBe('application/cloudevents+json; charset=UTF-8')
    expect(headers['webhook-id']).toBe((JSON.parse(body) as CloudEvent).id)
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`
    expect(headers['webhook-signature']).toBe(`v1,${createHmac('sha256', KEY).update(signed).digest('base64')}`)
  }
  const ids = eventsOf(it).map(({ id }) => id)
  expect(new Set(ids).size).toBe(ids.length)
})

test('an event that is refused for the time being comes again as the same event, and only chosen types are told', async () => {
  let refusals = 2
  await using it = await fakeWeb((response) => response.writeHead(refusals-- > 0 ? 503 : 200).end())
  const app = await start(`events: { url: "http://${it.server.address}/", types: [config.reloaded] }`)
  await app.reload('me')
  await until(() => it.taken.length >= 3, 'the third try')
  expect(new Set(it.taken.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
  expect(new Set(it.taken.map(({ body }) => body)).size).toBe(1)
  expect(eventsOf(it)[0]?.type).toBe('midwatch.config.reloaded')
  expect(it.taken[0]?.headers['webhook-signature']).toBeUndefined()
})

test('a test goes through every channel and to the sink of events', async () => {
  const sides = await Promise.all(members.map((member) => member.start({ kind: 'takes' })))
  await using events = await fakeWeb((response) => response.end())
  const notify = Object.fromEntries(members.map(({ name, written }, i) => [name, written('127.0.0.1', sides[i]!.port)]))
  const app = await start(`notify: ${JSON.stringify(notify)}\nevents: "http://${events.server.address}/"`)
  const results = await Promise.all(app.context.channelNames().map((name) => app.context.testChannel(name)))
  expect(app.context.channelNames()).toEqual([...members.map(({ name }) => name), 'events'])
  expect(results.map(({ kind }) => kind)).toEqual(results.map(() => 'delivered'))
  for (const { messages } of sides) expect(messages[0]).toContain('This is a test')
  expect(eventsOf(events)[0]).toMatchObject({ type: 'midwatch.test', data: { test: true } })
  expect(await app.context.testChannel('teams')).toMatchObject({ kind: 'unknown', known: app.context.channelNames() })
  await Promise.all(sides.map((side) => side[Symbol.asyncDispose]()))
})
