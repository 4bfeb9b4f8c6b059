import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { describeConfig, formatListen } from '../../src/config/describe.ts'
import { starterConfig } from '../../src/config/starter.ts'
import { load, loadFine, problemTexts } from './support.ts'

const env = { SHOP_TOKEN: 'fedcba9876543210fedcba9876543210', PG_PASSWORD: 'hunter2', SMTP_PASSWORD: 'hunter3' }
const allKeys = readFileSync(new URL('../fixtures/good-config/all-keys.yml', import.meta.url), 'utf8')

test('shows the effective configuration under the keys of the file, with defaults and without secrets', () => {
  const shown = describeConfig(loadFine(allKeys, { env }))
  expect(shown).toMatchObject({
    server: {
      listen: '[::1]:9000',
      tokens: [
        { name: 'grafana', token: '<secret>' },
        { name: 'shop', token: '<secret>' },
      ],
    },
    storage: { retention: { raw: '10d', rollup: '730d', audit: '21d', alerts: '1d12h' } },
    shipped_rules: { disable: ['CheckSlow'] },
    notify: {
      slack: { url: '<secret>', channel: '#alerts' },
      email: {
        smtp: 'smtps://user:<secret>@mail.example.org:465',
        title: '{{ .Status }} {{ .CommonLabels.alertname }}',
      },
      sms: { to: ['+15005550001', '+15005550002'], token: '<secret>', proxy: '<secret>', text: '{{ .Status }}' },
      pagerduty: { routing_key: '<secret>', severity: 'warning', details: { team: '{{ .CommonLabels.team }}' } },
      webhook: {
        url: '<secret>',
        secret: '<secret>',
        headers: { 'X-Team': '<secret>' },
        basic_auth: { username: 'midwatch', password: '<secret>' },
        max_alerts: 100,
      },
      repeat: '1d',
    },
    events: { url: '<secret>', secret: '<secret>', types: ['alert.firing', 'alert.resolved'] },
  })
  expect(JSON.stringify(shown)).not.toMatch(/hunter|whsec_/)
  expect(shown.checks).toMatchObject([
    {
      name: 'shop',
      http: 'https://shop.example.org/health',
      every: '1m',
      timeout: '10s',
      critical: true,
      confirm: false,
    },
    {
      name: 'database',
      postgres: 'postgres://db.example.org:5432/app',
      every: '30s',
      timeout: '5s',
      category: 'database',
    },
    { name: 'nightly-backup', heartbeat: { cron: '0 3 * * MON-FRI', grace: '30m', max_runtime: '2h' } },
    { name: 'import', heartbeat: { period: '1h', grace: '5m' } },
  ])
})

test('is plain data', () => {
  const shown = describeConfig(loadFine(allKeys, { env }))
  expect(JSON.parse(JSON.stringify(shown))).toEqual(shown)
})

test('prints the address as it is written in the config', () => {
  const listens = [
    { host: undefined, port: 8420 },
    { host: '::1', port: 1 },
    { host: '127.0.0.1', port: 0 },
  ].map(formatListen)
  expect(listens).toEqual([':8420', '[::1]:1', '127.0.0.1:0'])
})

test('the starter file is valid as it stands, without any variable', () => {
  const { config, problems } = load(starterConfig)
  expect(problems).toEqual([])
  expect(config?.checks.map(({ name }) => name)).toEqual(['midwatch'])
})

test('the starter file is valid with every comment that holds a key taken out, too', () => {
  const everything = starterConfig.replaceAll(/^( *)# (?= *(?:- |[a-z_]+:))/gm, '$1')
  const { config, problems } = load(everything, {
    env: { PG_PASSWORD: 'x', SLACK_WEBHOOK_URL: 'https://hooks.slack.com/services/x', SMTP_PASSWORD: 'y' },
    files: { '/run/secrets/grafana': '0123456789abcdef' },
  })
  expect(problemTexts({ problems })).toEqual([])
  expect(config?.checks.map(({ name }) => name)).toEqual(['midwatch', 'shop', 'database', 'nightly-backup'])
  expect(config?.server.tokens).toHaveLength(1)
  expect(config?.notify.bySeverity.low).toEqual(['email'])
})
