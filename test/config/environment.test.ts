import { expect, test } from 'vitest'
import { load, loadFine, problemTexts } from './support.ts'

test('every part can be set by a variable of its own name', () => {
  const { config, problems, files } = load('', {
    env: {
      MIDWATCH_SERVER_LISTEN: ':80',
      MIDWATCH_SERVER_EXTERNAL_URL: 'https://watch.example.org',
      MIDWATCH_SERVER_TRUSTED_PROXIES: '10.0.0.0/8, fd00::/8',
      MIDWATCH_SERVER_PUBLIC: 'metrics',
      MIDWATCH_SERVER_TOKENS: '[{name: a, token: 0123456789abcdef, scopes: [read]}]',
      MIDWATCH_STORAGE_RETENTION_RAW: '7d',
      MIDWATCH_STORAGE_LIMITS_SERIES_PER_METRIC: '12',
      MIDWATCH_EVALUATION_CRON: '*/5 * * * * *',
      MIDWATCH_CHECKS: '- name: a\n  http: http://a.example.org/#x\n  labels: {v: 1.10}\n',
      MIDWATCH_ALLOW: 'script',
      MIDWATCH_PROBES_ADDRESS_POLICY: 'any',
      MIDWATCH_SCRAPE_CONFIGS: '[{job_name: app}]',
      MIDWATCH_RULE_FILES: 'a.yml,b/*.yml',
      MIDWATCH_SHIPPED_RULES: 'false',
      MIDWATCH_NOTIFY_SLACK: 'https://hooks.slack.com/services/T0/B0/x',
      MIDWATCH_NOTIFY_EMAIL_TO: 'a@example.org,b@example.org',
      MIDWATCH_NOTIFY_EMAIL_SMTP: 'smtp://mail.example.org',
      MIDWATCH_NOTIFY_BY_SEVERITY_CRITICAL: 'slack,email',
      MIDWATCH_NOTIFY_BY_SEVERITY_LOW: 'email',
      MIDWATCH_NOTIFY_SEND_RESOLVED: 'false',
      MIDWATCH_LOG_LEVEL: 'debug',
    },
  })
  expect(problems).toEqual([])
  expect(files).toEqual(['midwatch.yml'])
  expect(config).toMatchObject({
    server: {
      listen: { host: undefined, port: 80 },
      externalUrl: 'https://watch.example.org',
      trustedProxies: { texts: ['10.0.0.0/8', 'fd00::/8'] },
      public: ['metrics'],
      tokens: [{ name: 'a', scopes: ['read'] }],
    },
    storage: { retention: { rawMs: 7 * 86_400_000 }, limits: { seriesPerMetric: 12 } },
    evaluation: { cron: '*/5 * * * * *' },
    checks: [{ name: 'a' }],
    allow: ['script'],
    probes: { addressPolicy: 'any' },
    scrape: [{ jobName: 'app' }],
    ruleFiles: ['a.yml', 'b/*.yml'],
    shippedRules: { enabled: false },
    notify: {
      bySeverity: { critical: ['slack', 'email'], high: ['slack', 'email'], low: ['email'] },
      channels: { email: { to: ['a@example.org', 'b@example.org'] } },
      sendResolved: false,
    },
    log: { level: 'debug' },
  })
  expect(config?.checks[0]?.labels.get('v')).toBe('1.10')
})

test('a variable changes one key of a part that the file has', () => {
  const { retention } = loadFine('storage: { retention: { raw: 2d, alerts: 3d } }', {
    env: { MIDWATCH_STORAGE_RETENTION_RAW: '1d' },
  }).storage
  expect([retention.rawMs, retention.alertsMs]).toEqual([86_400_000, 3 * 86_400_000])
})

test('a variable for a key goes into the short form of its part', () => {
  const { email } = loadFine('notify: { email: a@example.org }', {
    env: { MIDWATCH_NOTIFY_EMAIL_SMTP: 'smtp://mail.example.org' },
  }).notify.channels
  expect(email).toMatchObject({ to: ['a@example.org'], smtp: { host: 'mail.example.org' } })
})

test('the short names of commands set the same keys', () => {
  const { storage, server } = loadFine('', { env: { MIDWATCH_DATA: '/data', MIDWATCH_LISTEN: ':99' } })
  expect([storage.data, server.listen.port]).toEqual(['/data', 99])
})

test('plain texts keep signs that mean something to YAML', () => {
  const { storage } = loadFine('', { env: { MIDWATCH_STORAGE_DATA: '/srv/a: b #c' } })
  expect(storage.data).toBe('/srv/a: b #c')
})

test('a fault names the variable, which has no line', () => {
  const loaded = load('server: { listen: ":1" }', {
    env: {
      MIDWATCH_SERVER_LISTEN: 'x',
      MIDWATCH_CHECKS: '[{name: a, htpp: b}]',
      MIDWATCH_NOTIFY_BY_SEVERITY: '{low: [',
    },
  })
  expect(loaded.config).toBeUndefined()
  expect(problemTexts(loaded)).toEqual([
    expect.stringMatching(/^MIDWATCH_NOTIFY_BY_SEVERITY: /),
    expect.stringMatching(/^MIDWATCH_NOTIFY_BY_SEVERITY: /),
    'MIDWATCH_SERVER_LISTEN: server.listen: "x" is not an address to listen on; write x:8420',
    expect.stringMatching(/^MIDWATCH_CHECKS: checks\[0\]\.htpp: is not a kind of check; did you mean "http"\?/),
  ])
})

test('variables that set nothing are warnings with a suggestion', () => {
  const loaded = load('', {
    env: { MIDWATCH_STORAGE_RETENTION_RAWW: '1d', MIDWATCH_ZZZZZZ: '1', MIDWATCH_CHECKS_0_EVERY: '1s' },
  })
  expect(loaded.config).toBeDefined()
  expect(problemTexts(loaded)).toEqual([
    'MIDWATCH_CHECKS_0_EVERY: warning: sets no key of the config; it is ignored',
    'MIDWATCH_STORAGE_RETENTION_RAWW: warning: sets no key of the config; did you mean MIDWATCH_STORAGE_RETENTION_RAW?',
    'MIDWATCH_ZZZZZZ: warning: sets no key of the config; it is ignored',
  ])
})

test('what commands read, empty variables and what Kubernetes sets beside a Service are no warnings', () => {
  const env = {
    MIDWATCH_URL: 'http://127.0.0.1:8420',
    MIDWATCH_TOKEN: 'x',
    MIDWATCH_CONFIG: 'midwatch.yml',
    MIDWATCH_NOTIFY_SLACK: '',
    MIDWATCH_SERVICE_HOST: '10.0.0.1',
    MIDWATCH_SERVICE_PORT: '8420',
    MIDWATCH_PORT: 'tcp://10.0.0.1:8420',
    MIDWATCH_PORT_8420_TCP_ADDR: '10.0.0.1',
    MIDWATCHER: 'x',
  }
  expect(problemTexts(load('', { env }))).toEqual([])
})
