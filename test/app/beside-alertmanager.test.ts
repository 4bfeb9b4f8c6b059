import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startApp } from '../../src/app/app.ts'
import { loadConfig } from '../../src/config/load.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { until } from '../e2e/midwatch.ts'
import { type FakeWeb, fakeWeb } from '../notify/channel/fakes.ts'
import { describePeer, freePort, startPeer } from '../support/peers.ts'
import { tempFolder } from '../support/test-store.ts'

/** Where midwatch says it is when it listens on any free port; Alertmanager is told to say the same. */
const EXTERNAL_URL = 'http://127.0.0.1:0'

const ALWAYS = [{ times: [{ start_time: '00:00', end_time: '24:00' }], location: 'Europe/Berlin' }]

/** One file for both; `hooks` takes what they tell. */
function configuration(hooks: FakeWeb): unknown {
  const base = `http://${hooks.server.address}`
  const hook = (name: string) => ({ name, webhook_configs: [{ url: `${base}/${encodeURIComponent(name)}` }] })
  return {
    global: { slack_api_url: `${base}/slack` },
    route: {
      receiver: 'rest',
      group_by: ['alertname'],
      group_wait: '3s',
      routes: [
        {
          receiver: 'page',
          matchers: ['severity="critical"', 'env!~"test|dev"'],
          group_by: ['...'],
          continue: true,
          routes: [
            { receiver: 'dba', match_re: { team: 'db.*' } },
            { matchers: ['team=""'], receiver: 'nobody "knows"' },
          ],
        },
        { receiver: 'quiet', match: { team: 'quiet' }, mute_time_intervals: ['always'] },
        { receiver: 'awake', match: { team: 'awake' }, active_time_intervals: ['never', 'always'] },
        { receiver: 'asleep', match: { team: 'asleep' }, active_time_intervals: ['never'] },
        { receiver: 'chat', matchers: ['severity=~"critical|high"'], group_by: ['team', 'env'] },
      ],
    },
    receivers: [
      ...['rest', 'page', 'dba', 'nobody "knows"', 'quiet', 'awake', 'asleep'].map(hook),
      {
        name: 'chat',
        slack_configs: [
          {
            channel: '#alerts',
            pretext: '{{ .Status | toUpper }} {{ .CommonLabels.SortedPairs.Names | join "," }}',
            text: '{{ range .Alerts }}{{ .Labels.alertname }} <{{ .GeneratorURL }}|{{ .Annotations.summary }}>\n{{ end }}',
            fields: [{ title: 'Team', value: '{{ .GroupLabels.team }}', short: true }],
            footer: '{{ len .Alerts.Firing }}',
          },
        ],
      },
    ],
    inhibit_rules: [
      { source_matchers: ['severity="critical"'], target_matchers: ['severity="low"'], equal: ['alertname', 'env'] },
      { source_match: { alertname: 'Gone' }, target_match_re: { team: 'shop|pay' } },
    ],
    time_intervals: [
      { name: 'always', time_intervals: ALWAYS },
      { name: 'never', time_intervals: [{ years: ['1999'] }] },
    ],
  }
}

const ALERTS = [
  { alertname: 'Down', severity: 'critical', team: 'db-1', env: 'prod' },
  { alertname: 'Down', severity: 'critical', env: 'prod' },
  { alertname: 'Full', severity: 'critical', env: 'prod' },
  { alertname: 'Down', severity: 'critical', team: 'ops', env: 'test' },
  { alertname: 'Slow', severity: 'high', team: 'ops', env: 'test' },
  { alertname: 'Down', severity: 'low', team: 'ops', env: 'prod' },
  { alertname: 'Down', severity: 'low', team: 'ops', env: 'other' },
  { alertname: 'Slow', team: 'quiet' },
  { alertname: 'Slow', team: 'awake' },
  { alertname: 'Slow', team: 'asleep' },
  { alertname: 'Slow', team: 'shop' },
  { alertname: 'Slow', severity: 'critical', team: 'pay', env: 'dev' },
  { alertname: 'Gone', team: 'shop' },
  { alertname: 'Odd "one"', severity: 'low', team: 'ops', zone: 'ü' },
].map((labels) => ({
  labels,
  annotations: { summary: `${labels.alertname} & <more>` },
  generatorURL: 'https://g.example.org/?a=1&b=2',
}))

async function post(url: string, startsAt: string): Promise<void> {
  const response = await fetch(`${url}/api/v2/alerts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(ALERTS.map((alert) => ({ ...alert, startsAt }))),
  })
  expect(response.status).toBe(200)
}

interface Told {
  readonly groupKey?: string
  readonly receiver?: string
  readonly alerts?: readonly { readonly labels: Readonly<Record<string, string>> }[]
  readonly attachments?: readonly unknown[]
}

/** What was told to whom, in an order of its own. */
function toldBy(web: FakeWeb): string[] {
  return web.taken
    .map(({ path, body }) => {
      const { groupKey, receiver, alerts, attachments } = JSON.parse(body) as Told
      return JSON.stringify({ path, groupKey, receiver, labels: alerts?.map(({ labels }) => labels), attachments })
    })
    .sort()
}

describePeer('alertmanager', (path) => {
  test('the same file and the same alerts come to the same messages', async () => {
    await using folder = await tempFolder()
    await using theirs = await fakeWeb((response) => response.end('ok'))
    await using ours = await fakeWeb((response) => response.end('ok'))

    const file = join(folder.path, 'alertmanager.yml')
    writeFileSync(file, JSON.stringify(configuration(theirs)))
    mkdirSync(join(folder.path, 'data'))
    const port = await freePort()
    await using _alertmanager = await startPeer(
      path,
      [
        `--config.file=${file}`,
        `--storage.path=${join(folder.path, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
        `--web.external-url=${EXTERNAL_URL}`,
        '--cluster.listen-address=',
      ],
      { ready: port },
    )

    const text = JSON.stringify({
      server: { listen: '127.0.0.1:0' },
      shipped_rules: false,
      alertmanager: configuration(ours),
    })
    const load = () =>
      loadConfig({ file: 'midwatch.yml', env: {}, overrides: { data: folder.path }, readFile: () => text })
    const { config } = load()
    if (config === undefined) throw new Error('the configuration is refused')
    const log = createLog('silent')
    const app = await startApp({ config, configFiles: [], reload: load, clock: systemClock, log, writer: 'inline' })
    try {
      // Just now: a group of older alerts would be told before all of them are there.
      const startsAt = new Date().toISOString()
      await Promise.all([app.url, `http://127.0.0.1:${port}`].map((url) => post(url, startsAt)))
      const areSame = () => toldBy(ours).join('\n') === toldBy(theirs).join('\n')
      await until(() => theirs.taken.length > 7 && areSame(), 'both to say the same', 30_000).catch(() => {})
      expect(toldBy(ours)).toEqual(toldBy(theirs))
      expect(toldBy(theirs).length).toBeGreaterThan(7)
    } finally {
      await app.stop('the test is over', 5000)
    }
  }, 120_000)
})
