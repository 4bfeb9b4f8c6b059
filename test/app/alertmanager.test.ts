import { mkdtempSync, rmSync } from 'node:fs'
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

/** midwatch out of the sources, with a part `alertmanager:` that the test changes as an operator changes the file. */
async function start(alertmanager: unknown): Promise<App & { change(alertmanager: unknown): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'midwatch-routes-'))
  let written = alertmanager
  const base = { server: { listen: '127.0.0.1:0' }, shipped_rules: false, checks: [] }
  const load = () =>
    loadConfig({
      file: join(folder, 'midwatch.yml'),
      env: {},
      overrides: { data: folder },
      readFile: () => JSON.stringify({ ...base, alertmanager: written }),
    })
  const { config, problems } = load()
  if (config === undefined) throw new Error(problems.map(({ message }) => message).join('\n'))
  const log = createLog('silent')
  const app = await startApp({ config, configFiles: [], reload: load, clock: systemClock, log, writer: 'inline' })
  onTestFinished(async () => {
    await app.stop('the test is over', 5000)
    rmSync(folder, { recursive: true, force: true })
  })
  return Object.assign(app, {
    async change(changed: unknown) {
      written = changed
      const report = await app.context.reload('test')
      expect(report).toMatchObject({ ok: true })
    },
  })
}

async function post(app: App, ...alerts: readonly Readonly<Record<string, string>>[]): Promise<void> {
  const response = await fetch(`${app.url}/api/v2/alerts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(alerts.map((labels) => ({ labels }))),
  })
  expect(response.status).toBe(200)
}

test('alerts take the routes, are inhibited and muted, and a reload swaps all of it', async () => {
  await using web = await fakeWeb((response) => response.end())
  const told = () =>
    web.taken.map(({ path, body }) => {
      const { alerts } = JSON.parse(body) as { alerts: { labels: Record<string, string> }[] }
      return `${path}: ${alerts.map(({ labels }) => labels.alertname).join(', ')}`
    })
  const hook = (name: string) => ({ name, webhook_configs: [{ url: `http://127.0.0.1:${web.server.port}/${name}` }] })
  const written = {
    route: {
      receiver: 'rest',
      group_by: ['alertname'],
      group_wait: '0s',
      group_interval: '100ms',
      routes: [
        { receiver: 'page', matchers: ['severity="critical"'], continue: true },
        { receiver: 'never', matchers: ['severity="critical"'], active_time_intervals: ['never'] },
      ],
    },
    receivers: [hook('rest'), hook('page'), hook('never')],
    inhibit_rules: [{ source_matchers: ['severity="critical"'], target_matchers: ['severity="low"'], equal: ['team'] }],
    time_intervals: [{ name: 'never', time_intervals: [] }],
  }
  const app = await start(written)
  await post(
    app,
    { alertname: 'Down', severity: 'critical', team: 'shop' },
    { alertname: 'Slow', severity: 'low', team: 'shop' },
    { alertname: 'Full', severity: 'low', team: 'pay' },
  )
  await until(() => told().length >= 2, 'two messages')
  expect(told().sort()).toEqual(['/page: Down', '/rest: Full'])
  const story = await until(async () => {
    const answer = await fetch(`${app.url}/api/v2/alerts`)
    const list = (await answer.json()) as { labels: { alertname: string }; status: { inhibitedBy: string[] } }[]
    return list.find(({ labels }) => labels.alertname === 'Slow')
  }, 'the alert that is inhibited')
  expect(story.status.inhibitedBy).toHaveLength(1)

  const routes = written.route.routes.map(({ active_time_intervals: _, ...route }) => route)
  await app.change({ ...written, route: { ...written.route, routes }, inhibit_rules: [] })
  await until(() => told().length >= 4, 'what was held back')
  expect(told().sort()).toEqual(['/never: Down', '/page: Down', '/rest: Full', '/rest: Slow'])
})

test('amtool and Grafana read the configuration that counts, without its secrets', async () => {
  const app = await start({
    global: { resolve_timeout: '7m' },
    route: { receiver: 'team' },
    receivers: [{ name: 'team', pagerduty_configs: [{ routing_key: 'R0UTINGKEY' }] }],
  })
  const status = (await (await fetch(`${app.url}/api/v2/status`)).json()) as { config: { original: string } }
  expect(status.config.original).toContain('receiver: team\n')
  expect(status.config.original).toContain('resolve_timeout: 7m\n')
  expect(status.config.original).toContain('routing_key: <secret>\n')
  await post(app, { alertname: 'A' })
  const [alert] = (await (await fetch(`${app.url}/api/v2/alerts`)).json()) as { startsAt: string; endsAt: string }[]
  expect(Date.parse(alert?.endsAt ?? '') - Date.parse(alert?.startsAt ?? '')).toBe(7 * 60_000)
})

test('a channel of a receiver is tried by its name', async () => {
  await using web = await fakeWeb((response) => response.end())
  const url = `http://127.0.0.1:${web.server.port}/`
  const app = await start({
    route: { receiver: 'team/shop' },
    receivers: [{ name: 'team/shop', webhook_configs: [{ url }] }],
  })
  const { code, out } = await midwatch(['notify', 'test', 'team/shop/webhook[0]', '--url', app.url])
  expect(code).toBe(0)
  expect(out).toContain('team/shop/webhook[0] took a test message')
  expect(web.taken).toHaveLength(1)
})
