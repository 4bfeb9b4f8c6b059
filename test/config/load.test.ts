import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import type { ProbeCheck } from '../../src/config/config.ts'
import { loadConfig } from '../../src/config/load.ts'
import { Labels } from '../../src/model/labels.ts'
import { load, loadFine, problemTexts } from './support.ts'

const allKeys = fileURLToPath(new URL('../fixtures/good-config/all-keys.yml', import.meta.url))
const env = { SHOP_TOKEN: 'fedcba9876543210fedcba9876543210', PG_PASSWORD: 'p@ss', SMTP_PASSWORD: 'a/b@c:d' }
const DAY_MS = 86_400_000

function missing(): never {
  throw Object.assign(new Error('no such file'), { code: 'ENOENT' })
}

describe('without a file', () => {
  const { config, problems, files } = loadConfig({ file: undefined, env: {}, readFile: missing })

  test('starts with defaults that are safe', () => {
    expect(problems).toEqual([])
    expect(files).toEqual([])
    expect(config).toMatchObject({
      folder: '.',
      server: { listen: { host: '127.0.0.1', port: 8420 }, externalUrl: undefined, public: [], tokens: [] },
      storage: {
        data: './data',
        retention: { rawMs: 35 * DAY_MS, rollupMs: 400 * DAY_MS, auditMs: 365 * DAY_MS, alertsMs: 90 * DAY_MS },
        limits: { series: 1_000_000, seriesPerMetric: 20_000 },
      },
      evaluation: { cron: '*/15 * * * * *', timezone: undefined },
      checks: [],
      allow: [],
      probes: { addressPolicy: 'no-link-local', concurrency: 50 },
      scrape: [],
      ruleFiles: [],
      sloFiles: [],
      shippedRules: { enabled: true, disabled: [] },
      notify: {
        channels: { slack: undefined, email: undefined },
        bySeverity: { critical: [], high: [], medium: [], low: [] },
        groupBy: ['alertname'],
        groupWaitMs: 10_000,
        groupIntervalMs: 60_000,
        repeatMs: 4 * 3_600_000,
        sendResolved: true,
      },
      log: { level: 'info' },
    })
  })

  test('an empty file, and one of empty parts, mean the same', () => {
    for (const text of ['', '# nothing yet\n', 'server:\nchecks:\nnotify:\n  slack:\nstorage:\n  retention:\n']) {
      const loaded = load(text)
      expect(problemTexts(loaded)).toEqual([])
      expect(JSON.stringify(loaded.config)).toBe(JSON.stringify(config))
    }
  })

  test('complains about a file that was asked for and is not there', () => {
    const asked = loadConfig({ file: 'conf/night.yml', env: {}, readFile: missing })
    expect(asked.config).toBeUndefined()
    expect(problemTexts(asked)).toEqual([
      "conf/night.yml: can't be read: there is no such file; write one with: midwatch init",
    ])
    expect(problemTexts(loadConfig({ file: undefined, env: { MIDWATCH_CONFIG: 'a.yml' }, readFile: missing }))).toEqual(
      ["a.yml: can't be read: there is no such file; write one with: midwatch init"],
    )
  })

  test('complains about a default file that is there and can not be read', () => {
    const readFile = () => {
      throw Object.assign(new Error('denied'), { code: 'EACCES' })
    }
    expect(problemTexts(loadConfig({ file: undefined, env: {}, readFile }))).toEqual([
      "midwatch.yml: can't be read: no permission",
    ])
  })
})

describe('with every key', () => {
  const { config, problems, files } = loadConfig({ file: allKeys, env })
  const checkOf = (name: string) => config?.checks.find((check) => check.name === name)

  test('takes them all', () => {
    expect(problems).toEqual([])
    expect(files).toEqual([allKeys])
  })

  test('makes ready values of server, storage and evaluation', () => {
    expect(config?.server).toMatchObject({
      listen: { host: '::1', port: 9000 },
      externalUrl: 'https://watch.example.org/midwatch',
      public: ['metrics'],
    })
    expect(config?.server.tokens.map(({ name, token, scopes }) => [name, token.reveal(), scopes])).toEqual([
      ['grafana', '0123456789abcdef0123456789abcdef', ['read']],
      ['shop', env.SHOP_TOKEN, ['ingest', 'admin']],
    ])
    const { trustedProxies } = config!.server
    const trusted = ['10.1.2.3', '::ffff:10.1.2.3', 'fd00::1', '192.0.2.7', '192.0.2.8', '::1', 'proxy'].filter((one) =>
      trustedProxies.includes(one),
    )
    expect(trusted).toEqual(['10.1.2.3', '::ffff:10.1.2.3', 'fd00::1', '192.0.2.7'])
    expect(config?.storage).toEqual({
      data: '/var/lib/midwatch',
      retention: { rawMs: 10 * DAY_MS, rollupMs: 730 * DAY_MS, auditMs: 21 * DAY_MS, alertsMs: 1.5 * DAY_MS },
      limits: { series: 5000, seriesPerMetric: 100 },
    })
    expect(config?.evaluation).toEqual({ resendDelayMs: 60_000, cron: '*/30 * * * * *', timezone: 'Europe/Berlin' })
  })

  test('makes a check of each kind ready to run', () => {
    const shop = checkOf('shop') as ProbeCheck
    expect(shop).toMatchObject({
      kind: 'probe',
      instance: 'https://shop.example.org/health',
      everyMs: 60_000,
      timeoutMs: 10_000,
      critical: true,
      category: 'web-shop',
      dependsOn: ['database'],
      runbook: 'https://wiki.example.org/shop',
      confirm: false,
    })
    expect(shop.probe.key).toBe('http')
    expect(shop.labels).toEqual(Labels.of({ team: 'shop', version: '1.10', build: '007' }))
    expect(checkOf('database')).toMatchObject({
      instance: 'postgres://db.example.org:5432/app',
      everyMs: 30_000,
      timeoutMs: 5000,
      critical: false,
      confirm: true,
    })
    expect(checkOf('nightly-backup')).toMatchObject({
      kind: 'heartbeat',
      category: 'application',
      heartbeat: {
        schedule: { type: 'cron', cron: '0 3 * * MON-FRI', timezone: 'Europe/Berlin' },
        graceMs: 1_800_000,
        maxRuntimeMs: 7_200_000,
      },
    })
    expect(checkOf('import')).toMatchObject({
      heartbeat: { schedule: { type: 'period', periodMs: 3_600_000 }, graceMs: 300_000, maxRuntimeMs: undefined },
    })
  })

  test('gives scrape jobs the global interval and timeout, never a timeout longer than the interval', () => {
    expect(config?.scrape.map(({ jobName, intervalMs, timeoutMs }) => [jobName, intervalMs, timeoutMs])).toEqual([
      ['app', 20_000, 15_000],
      ['fast', 5000, 5000],
    ])
  })

  test('says who is told by which way', () => {
    const { channels, ...rest } = config!.notify
    expect(channels.slack?.url.reveal()).toBe('https://hooks.slack.com/services/T0/B0/x')
    expect(channels.slack?.channel).toBe('#alerts')
    expect(channels.email).toMatchObject({
      to: ['oncall@example.org', 'Night watch <night@example.org>'],
      from: 'midwatch@example.org',
      smtp: { host: 'mail.example.org', port: 465, tls: true, user: 'user' },
    })
    expect(channels.email?.smtp.password?.reveal()).toBe(env.SMTP_PASSWORD)
    expect(rest).toEqual({
      bySeverity: {
        critical: ['slack', 'email', 'sms', 'pagerduty', 'webhook'],
        high: ['slack'],
        medium: ['slack'],
        low: [],
      },
      groupBy: ['alertname', 'team'],
      groupWaitMs: 5000,
      groupIntervalMs: 120_000,
      repeatMs: DAY_MS,
      sendResolved: false,
      escalation: {
        critical: [
          { afterMs: 600_000, to: ['sms'] },
          { afterMs: 1_800_000, to: ['pagerduty', 'sms'] },
        ],
      },
      fallback: { channel: 'email', afterMs: 300_000, of: { sms: 'none', pagerduty: 'sms' } },
      rateLimit: { default: { count: 20, perMs: 60_000 }, sms: { count: 3, perMs: 90_000 }, slack: undefined },
    })
  })

  test('is frozen in depth', () => {
    const lists = [config, config?.server.tokens, config?.checks[0], config?.notify.bySeverity.low, config?.scrape[0]]
    expect(lists.every((value) => Object.isFrozen(value))).toBe(true)
  })
})

test('rule files and the folder are relative to the config file', () => {
  const text = 'rule_files: [rules/*.yml, ../shared.yml, /etc/rules.yml]'
  const { config } = loadConfig({ file: 'conf/night/midwatch.yml', env: {}, readFile: () => text })
  expect(config?.folder).toBe('conf/night')
  expect(config?.ruleFiles).toEqual(['conf/night/rules/*.yml', 'conf/shared.yml', '/etc/rules.yml'])
})

test('the command line wins over the environment, which wins over the file', () => {
  const text = 'server: { listen: ":1" }\nstorage: { data: from-file }\nlog: { level: warn }'
  const { server, storage, log } = loadFine(text, {
    env: { MIDWATCH_SERVER_LISTEN: ':2', MIDWATCH_STORAGE_DATA: 'from-env', MIDWATCH_LOG_LEVEL: 'error' },
    overrides: { listen: '127.0.0.1:0' },
  })
  expect(server.listen).toEqual({ host: '127.0.0.1', port: 0 })
  expect(storage.data).toBe('from-env')
  expect(log.level).toBe('error')
})

test('a fault on the command line names the option', () => {
  expect(problemTexts(load('', { overrides: { listen: '99' } }))).toEqual([
    '--listen: server.listen: "99" is not an address to listen on; write :99 for every address, or 127.0.0.1:99',
  ])
})

test.each([
  [':8420', undefined, 8420],
  ['0.0.0.0:80', '0.0.0.0', 80],
  ['"[2001:db8::1]:8420"', '2001:db8::1', 8420],
  ['watch.internal:8420', 'watch.internal', 8420],
])('listens where %s says', (written, host, port) => {
  expect(loadFine(`server: { listen: ${written} }`).server.listen).toEqual({ host, port })
})

test('a check without a timeout gets one that fits into its interval', () => {
  const { checks } = loadFine('checks: [{ name: a, http: "http://a.example.org", every: 2s }]')
  expect(checks[0]).toMatchObject({ everyMs: 2000, timeoutMs: 2000 })
})

test('a key of one kind of check may be an option of another', () => {
  const { checks } = loadFine('checks: [{ name: a, http: "https://a.example.org", tls: { server_name: b } }]')
  expect((checks[0] as ProbeCheck).probe.key).toBe('http')
})

test('shipped rules can be switched off whole', () => {
  expect(loadFine('shipped_rules: false').shippedRules).toEqual({ enabled: false, disabled: [] })
})

test('a channel in its short form tells for every severity', () => {
  const { notify } = loadFine('notify: { slack: "https://hooks.slack.com/services/T0/B0/x", by_severity: { low: [] } }')
  expect(notify.bySeverity).toEqual({ critical: ['slack'], high: ['slack'], medium: ['slack'], low: [] })
})

test.each([
  ['smtp://mail.example.org', { port: 587, tls: false, user: undefined, password: undefined }, 'midwatch@example.org'],
  ['smtp://mail.example.org:25', { port: 25, tls: false }, 'midwatch@example.org'],
  ['smtps://watch%40example.net:x@mail.example.org', { port: 465, user: 'watch@example.net' }, 'watch@example.net'],
])('mail goes through %s', (smtp, server, from) => {
  const { email } = loadFine(`notify: { email: { to: oncall@example.org, smtp: "${smtp}" } }`).notify.channels
  expect(email?.smtp).toMatchObject(server)
  expect(email?.from).toBe(from)
})

test('anchors and merge keys share what checks have in common', () => {
  const { checks } = loadFine(`checks:
  - &web { name: a, http: "http://a.example.org", every: 10s, labels: { team: shop } }
  - { <<: *web, name: b }
`)
  expect(checks.map((check) => [check.name, (check as ProbeCheck).everyMs])).toEqual([
    ['a', 10_000],
    ['b', 10_000],
  ])
})

test('a second document in the file is a warning and keeps nothing from starting', () => {
  const loaded = load('log: { level: warn }\n---\nlog: { level: info }\n')
  expect(loaded.config?.log.level).toBe('warn')
  expect(loaded.problems).toMatchObject([{ severity: 'warning', line: 2 }])
})
