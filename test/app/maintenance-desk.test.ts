import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type App, startApp } from '../../src/app/app.ts'
import { loadConfig } from '../../src/config/load.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { until } from '../e2e/midwatch.ts'
import { fakeWeb } from '../notify/channel/fakes.ts'
import { midwatch } from '../support/cli.ts'
import { listen } from '../support/listen.ts'
import { freePort } from '../support/peers.ts'

const HOUR = 3_600_000

interface Folder {
  readonly path: string
  /** midwatch out of the sources. */
  start(config: unknown): Promise<App>
}

/** A folder of data in which one midwatch runs after the other. */
function folder(): Folder {
  const path = mkdtempSync(join(tmpdir(), 'midwatch-quiet-'))
  let running: App | undefined
  onTestFinished(async () => {
    await running?.stop('the test is over', 5000)
    rmSync(path, { recursive: true, force: true })
  })
  return {
    path,
    async start(config) {
      await running?.stop('another one begins', 5000)
      const base = { server: { listen: '127.0.0.1:0' }, shipped_rules: false }
      const load = () =>
        loadConfig({
          file: join(path, 'midwatch.yml'),
          env: {},
          overrides: { data: path },
          readFile: () => JSON.stringify({ ...base, ...(config as object) }),
        })
      const { config: loaded, problems } = load()
      if (loaded === undefined) throw new Error(problems.map(({ message }) => message).join('\n'))
      const log = createLog('silent')
      running = await startApp({
        config: loaded,
        configFiles: [],
        reload: load,
        clock: systemClock,
        log,
        writer: 'inline',
      })
      return running
    },
  }
}

// biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of the answer
async function ask(app: App, method: string, path: string, body?: unknown): Promise<{ status: number; json: any }> {
  const response = await fetch(`${app.url}${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  return { status: response.status, json: text === '' ? undefined : JSON.parse(text) }
}

const CHECKS = [
  { name: 'shop', tcp: '127.0.0.1:9', critical: true, category: 'web', labels: { team: 'shop' } },
  { name: 'database', tcp: '127.0.0.1:9', category: 'database' },
]

test('a window is made, seen, and ended by the API, on disk before it is answered', async () => {
  const here = folder()
  const app = await here.start({ checks: CHECKS })
  await until(async () => (await ask(app, 'GET', '/health')).status === 503, 'the shop to be seen down')

  const made = await ask(app, 'POST', '/api/v1/maintenance', {
    name: 'deploy',
    for: '2h',
    matchers: ['team="shop"'],
    comment: 'new version',
  })
  expect(made.status).toBe(201)
  expect(made.json).toMatchObject({
    name: 'deploy',
    state: 'active',
    origin: 'api',
    matchers: ['team="shop"'],
    comment: 'new version',
    checks_in_it: ['shop'],
  })
  expect(Date.parse(made.json.ends_at) - Date.parse(made.json.starts_at)).toBe(2 * HOUR)

  const health = await ask(app, 'GET', '/health')
  expect(health).toMatchObject({
    status: 200,
    json: {
      status: 'degraded',
      checks: { shop: { status: 'unhealthy', maintenance: { window: 'deploy', until: made.json.ends_at } } },
      summary: { maintenance: 1 },
    },
  })
  expect((await ask(app, 'GET', '/api/v1/checks/shop')).json).toMatchObject({ maintenance: { window: 'deploy' } })
  const page = await (await fetch(`${app.url}/checks/shop`)).text()
  expect(page).toContain('in maintenance (<bdi>deploy</bdi>) until')
  expect(await (await fetch(`${app.url}/`)).text()).toContain('id="maintenance"')

  const again = await here.start({ checks: CHECKS })
  expect((await ask(again, 'GET', '/api/v1/maintenance')).json).toMatchObject({
    total: 1,
    items: [{ id: made.json.id, state: 'active' }],
  })
  const ended = await ask(again, 'DELETE', `/api/v1/maintenance/${made.json.id}`)
  expect(ended).toMatchObject({ status: 200, json: { state: 'over' } })
  expect((await ask(again, 'DELETE', '/api/v1/maintenance/deploy')).status).toBe(404)
  expect((await ask(again, 'DELETE', `/api/v1/maintenance/${made.json.id}`)).status).toBe(409)
  await until(async () => (await ask(again, 'GET', '/health')).status === 503, 'the shop to count again')

  const story = (await ask(again, 'GET', '/api/v1/audit?page_size=100')).json as {
    items: { event: string; resource: string }[]
  }
  const own = story.items.filter(({ resource }) => resource === 'maintenance/deploy')
  expect(own.map(({ event }) => event).sort()).toEqual(['maintenance.created', 'maintenance.ended'])
})

test('what is asked for wrongly is refused field by field, and a name that is taken as such', async () => {
  const app = await folder().start({
    checks: CHECKS,
    maintenance: [{ name: 'nightly', cron: '0 2 * * *', for: '1h', everything: true }],
  })
  const refused = await ask(app, 'POST', '/api/v1/maintenance', { from: 'soon', checks: ['shpo'] })
  expect(refused.status).toBe(422)
  expect(refused.json.errors).toEqual([
    { field: 'from', message: '"soon" is not a time; write one such as 2026-12-01T20:00:00+01:00' },
  ])
  const unknown = await ask(app, 'POST', '/api/v1/maintenance', { for: '1h', checks: ['shpo'] })
  expect(unknown.json.errors).toEqual([{ field: 'checks[0]', message: 'there is no check "shpo"' }])
  const nothing = await ask(app, 'POST', '/api/v1/maintenance', { for: '1h' })
  expect(nothing.json.detail).toContain('does not say what it is for')
  const taken = await ask(app, 'POST', '/api/v1/maintenance', { name: 'nightly', for: '1h', checks: ['shop'] })
  expect(taken).toMatchObject({ status: 409, json: { detail: expect.stringContaining('in the config already') } })
  const over = await ask(app, 'POST', '/api/v1/maintenance', { to: '2020-01-01T00:00:00Z', checks: ['shop'] })
  expect(over.status).toBe(422)
})

test('a window of the config ends for this time, stays ended over a restart, and comes again', async () => {
  const here = folder()
  const minute = new Date().getUTCMinutes()
  // Since a few minutes ago, for an hour.
  const cron = `${(minute + 57) % 60} * * * *`
  const config = {
    checks: CHECKS,
    maintenance: [{ name: 'hourly', cron, timezone: 'UTC', for: '50m', everything: true }],
  }
  const app = await here.start(config)
  const [before] = (await ask(app, 'GET', '/api/v1/maintenance')).json.items
  expect(before).toMatchObject({ name: 'hourly', origin: 'config', state: 'active' })
  const ended = await ask(app, 'DELETE', '/api/v1/maintenance/hourly')
  expect(ended.json).toMatchObject({ state: 'pending' })
  expect(Date.parse(ended.json.starts_at)).toBe(Date.parse(before.starts_at) + HOUR)
  const again = await here.start(config)
  expect((await ask(again, 'GET', '/api/v1/maintenance/hourly')).json).toMatchObject({ state: 'pending' })
  const refused = await ask(again, 'DELETE', '/api/v1/maintenance/hourly')
  expect(refused).toMatchObject({ status: 409, json: { detail: expect.stringContaining('change it in the config') } })
})

test('the command line makes, lists and ends windows', async () => {
  const app = await folder().start({ checks: CHECKS })
  const started = await midwatch([
    'maintenance',
    'start',
    'deploy',
    '--for',
    '90m',
    '--checks',
    'shop,database',
    '--comment',
    'new',
    '--url',
    app.url,
  ])
  expect(started).toMatchObject({ code: 0, err: '' })
  expect(started.out).toMatch(/^maintenance window deploy, active from \S+Z to \S+Z; 2 checks are in it\n$/)
  const listed = await midwatch(['maintenance', 'list', '--url', app.url])
  expect(listed.out).toMatch(
    /^NAME +STATE +FROM +TO +WHEN +WHAT +COMMENT\ndeploy +active .* once +shop, database +new\n$/,
  )
  const wrong = await midwatch(['maintenance', 'start', '--for', '90', '--everything', '--url', app.url])
  expect(wrong).toMatchObject({ code: 1, err: expect.stringContaining('write 90s') })
  const ended = await midwatch(['maintenance', 'end', 'deploy', '--url', app.url])
  expect(ended).toMatchObject({ code: 0, out: 'maintenance window deploy has ended\n' })
  expect((await midwatch(['maintenance', 'end', 'deploy', '--url', app.url])).code).toBe(1)
})

test('other systems are told of its beginning and its end', async () => {
  await using web = await fakeWeb((response) => response.end())
  const app = await folder().start({ checks: CHECKS, events: `http://127.0.0.1:${web.server.port}/events` })
  await ask(app, 'POST', '/api/v1/maintenance', { name: 'deploy', for: '2h', checks: ['shop'] })
  await ask(app, 'DELETE', '/api/v1/maintenance/deploy')
  const types = () =>
    web.taken
      .map(({ body }) => JSON.parse(body) as { type: string; subject: string })
      .filter(({ subject }) => subject === 'maintenance/deploy')
      .map(({ type }) => type)
  await until(() => types().length >= 2, 'both events')
  expect(types()).toEqual(['midwatch.maintenance.started', 'midwatch.maintenance.ended'])
})

test('a check outside that fails is unknown without a way out, and the way out is a check itself', async () => {
  const beacon = await listen(createServer(), await freePort())
  const { port } = beacon
  const app = await folder().start({
    checks: [
      // A name that nobody has (RFC 2606), so that it is down wherever this runs.
      { name: 'outside', tcp: 'nobody.example:9', every: '1s', timeout: '1s' },
      { name: 'inside', tcp: '127.0.0.1:9', every: '1s' },
    ],
    connectivity: { any_of: [`127.0.0.1:${port}`], every: '1s', timeout: '1s' },
  })
  const statusOf = async (name: string) => (await ask(app, 'GET', '/health')).json.checks[name]
  await until(async () => (await statusOf('outside')).status === 'unhealthy', 'the check outside to be down')
  const wayOut = await until(async () => {
    const found = await statusOf('midwatch-connectivity')
    return found.status === 'healthy' && found
  }, 'the way out to be seen')
  expect(wayOut).toMatchObject({ critical: false })
  await beacon[Symbol.asyncDispose]()
  const dark = await until(async () => {
    const outside = await statusOf('outside')
    return outside.status === 'unknown' && outside
  }, 'the check outside to be unknown')
  expect(dark).toMatchObject({
    reason: 'offline',
    message: expect.stringContaining('midwatch has had no way out since'),
  })
  await until(async () => (await statusOf('inside')).status === 'unhealthy', 'the check inside to be down')
  await until(
    async () => (await statusOf('midwatch-connectivity')).status === 'unhealthy',
    'the way out to be seen missing',
  )
  const back = await listen(createServer(), port)
  await until(async () => (await statusOf('outside')).status === 'unhealthy', 'the check outside to be down again')
  await back[Symbol.asyncDispose]()
})
