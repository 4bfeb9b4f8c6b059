import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type App, startApp } from '../../src/app/app.ts'
import { loadConfig } from '../../src/config/load.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { until } from '../e2e/midwatch.ts'
import { fakeMail, fakeWeb } from '../notify/channel/fakes.ts'
import { closedPort } from '../support/listen.ts'

/** midwatch out of the sources with these parts of the config, evaluating every second. */
async function start(parts: Readonly<Record<string, unknown>>): Promise<App> {
  const folder = mkdtempSync(join(tmpdir(), 'midwatch-broken-'))
  const written = { server: { listen: '127.0.0.1:0' }, evaluation: { cron: '* * * * * *' }, checks: [], ...parts }
  const load = () =>
    loadConfig({
      file: join(folder, 'midwatch.yml'),
      env: {},
      overrides: { data: folder },
      readFile: () => JSON.stringify(written),
    })
  const { config, problems } = load()
  if (config === undefined) throw new Error(problems.map(({ message }) => message).join('\n'))
  const log = createLog('silent')
  const app = await startApp({ config, configFiles: [], reload: load, clock: systemClock, log, writer: 'inline' })
  onTestFinished(async () => {
    await app.stop('the test is over', 2000)
    rmSync(folder, { recursive: true, force: true })
  })
  return app
}

async function post(app: App, ...alerts: readonly Readonly<Record<string, string>>[]): Promise<void> {
  const response = await fetch(`${app.url}/api/v2/alerts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(alerts.map((labels) => ({ labels }))),
  })
  expect(response.status).toBe(200)
}

interface Channels {
  readonly channels: Readonly<
    Record<string, { state: string; last_success: string | null; last_error: string | null; waiting: number }>
  >
}

const health = async (app: App) => (await (await fetch(`${app.url}/health`)).json()) as Channels

test('a channel that fails is told by the other within the time of a few evaluations, and shows everywhere', async () => {
  await using web = await fakeWeb((response) => response.writeHead(503).end('no'))
  await using mail = await fakeMail()
  const app = await start({
    shipped_rules: true,
    notify: {
      slack: `http://127.0.0.1:${web.server.port}/services/x`,
      email: { to: 'oncall@example.org', from: 'a@example.org', smtp: `smtp://127.0.0.1:${mail.port}` },
      by_severity: { critical: ['slack'], high: ['slack'], medium: ['slack'], low: ['email'] },
      group_wait: '1ms',
      group_interval: '1s',
    },
  })
  await post(app, { alertname: 'Down', severity: 'critical' })
  const told = await until(
    () => mail.mails.find(({ subject }) => subject?.includes('MidwatchNotificationsFailing')),
    'the mail about Slack',
    90_000,
  )
  expect(told?.text).toContain('Notifications through slack fail')
  // The mail server has the mail before its answer is written down.
  const channels = await until(async () => {
    const { channels } = await health(app)
    return channels.email?.waiting === 0 ? channels : undefined
  }, 'the delivery to be written down')
  expect(channels).toMatchObject({
    slack: { state: 'failing', last_success: null, last_error: expect.stringContaining('503'), waiting: 1 },
    email: { state: 'working', last_success: expect.any(String), waiting: 0 },
  })
  const listed = (await (await fetch(`${app.url}/api/v1/channels`)).json()) as { items: { name: string }[] }
  expect(listed.items).toMatchObject([
    { name: 'slack', state: 'failing' },
    { name: 'email', state: 'working' },
  ])
  const metrics = await (await fetch(`${app.url}/metrics?format=prometheus`)).text()
  expect(metrics).toMatch(/^midwatch_channel_failing\{channel="slack"\} 1$/m)
  expect(metrics).toMatch(/^midwatch_channel_failing\{channel="email"\} 0$/m)
  expect(metrics).toMatch(/^midwatch_channel_last_success_timestamp_seconds\{channel="email"\} 1\.?\d+/m)
  expect(metrics).not.toMatch(/^midwatch_channel_last_success_timestamp_seconds\{channel="slack"\}/m)
  expect(metrics).toMatch(/^midwatch_channel_pending_messages\{channel="slack"\} 1$/m)
  const page = await (await fetch(`${app.url}/`, { headers: { accept: 'text/html' } })).text()
  expect(page).toContain('Messages through slack do not arrive')
}, 180_000)

interface Story {
  readonly kind: string
  readonly detail: string
}

/** What became of an alert, as it is written down. */
function storyOf(app: App, alertname: string): readonly Story[] {
  return app.context.store.reader
    .statement(
      `SELECT kind, detail FROM alert_event WHERE fingerprint IN
         (SELECT fingerprint FROM notify_alert WHERE labels LIKE ?) ORDER BY id`,
    )
    .all(`%"${alertname}"%`) as Story[]
}

/** A receiver that works, beside the one that does not. */
async function besides(receivers: readonly Readonly<Record<string, unknown>>[]) {
  const web = await fakeWeb((response) => response.end())
  const works = { name: 'works', webhook_configs: [{ url: `http://127.0.0.1:${web.server.port}/` }] }
  const app = await start({
    shipped_rules: false,
    alertmanager: {
      route: {
        receiver: 'works',
        group_by: ['alertname'],
        group_wait: '0s',
        group_interval: '100ms',
        routes: [{ receiver: 'broken', matchers: ['team="x"'], continue: true }, { receiver: 'works' }],
      },
      receivers: [...receivers, works],
    },
  })
  return { app, web, [Symbol.asyncDispose]: () => web[Symbol.asyncDispose]() }
}

/** The alert arrives where all is well, and its story says why it did not at the other. */
async function expectStory(receivers: readonly Readonly<Record<string, unknown>>[], pattern: RegExp): Promise<void> {
  await using it = await besides(receivers)
  await post(it.app, { alertname: 'Down', team: 'x' }, { alertname: 'Other' })
  const failed = await until(
    () => storyOf(it.app, 'Down').find(({ kind }) => kind === 'attempt-failed'),
    'the story to have the failure',
  )
  expect(failed?.detail).toMatch(pattern)
  const isDelivered = ({ kind, detail }: Story) => kind === 'delivered' && detail.includes('works')
  for (const name of ['Down', 'Other']) {
    await until(() => storyOf(it.app, name).some(isDelivered), `${name} to arrive where all is well`)
  }
  expect(storyOf(it.app, 'Other').map(({ kind }) => kind)).not.toContain('attempt-failed')
}

test('a mail server that nobody reaches is named in the story of the alert, and harms nothing else', async () => {
  const port = await closedPort()
  const email = { to: 'a@example.org', from: 'b@example.org', smarthost: `127.0.0.1:${port}`, require_tls: false }
  await expectStory(
    [{ name: 'broken', email_configs: [email] }],
    new RegExp(`^broken/email\\[0\\]: mail server 127\\.0\\.0\\.1:${port}: .*ECONNREFUSED`),
  )
})

test('a wrong token is named in the story of the alert, without the token, and harms nothing else', async () => {
  await using web = await fakeWeb((response) => response.writeHead(403).end('invalid_token'))
  const api_url = `http://127.0.0.1:${web.server.port}/services/T0/B0/secretOfTheHook`
  await expectStory(
    [{ name: 'broken', slack_configs: [{ api_url }] }],
    /^broken\/slack\[0\]: Slack answered 403 invalid_token$/,
  )
})

test('a template that fails where it decides who is told is named in the story, and harms nothing else', async () => {
  await using web = await fakeWeb((response) => response.end('ok'))
  const api_url = `http://127.0.0.1:${web.server.port}/services/x`
  await expectStory(
    [{ name: 'broken', slack_configs: [{ api_url, channel: '{{ (index .Alerts 7).Status }}' }] }],
    /^broken\/slack\[0\]: .*template/,
  )
  expect(web.taken).toEqual([])
})

test('a route to a receiver that is not there is told when the config is read, with its place', () => {
  const { config, problems } = loadConfig({
    file: 'midwatch.yml',
    env: {},
    readFile: () => 'alertmanager:\n  route:\n    receiver: taem\n  receivers:\n    - name: team\n',
  })
  expect(config).toBeUndefined()
  expect(problems).toEqual([
    expect.objectContaining({
      line: 3,
      message: expect.stringContaining('"taem" is not a receiver; did you mean "team"?'),
    }),
  ])
})
