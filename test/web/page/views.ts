import type { HealthStatus, HealthSummary } from '../../../src/model/health.ts'
import type { AckView } from '../../../src/web/page/acknowledge.tsx'
import type { AlertView } from '../../../src/web/page/alerts.tsx'
import type { CheckView } from '../../../src/web/page/check.tsx'
import type { CheckSummary } from '../../../src/web/page/check-row.tsx'
import type { History, HistorySlot } from '../../../src/web/page/history.tsx'
import type { PageContext } from '../../../src/web/page/layout.tsx'
import type { OverviewView } from '../../../src/web/page/overview.tsx'
import type { SlosView } from '../../../src/web/page/slos.tsx'
import type { JourneyEntry, TraceView } from '../../../src/web/page/trace.tsx'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** A Thursday, at the hour in which such pages are read. */
export const nowMs = Date.UTC(2026, 2, 12, 2, 47, 20)

export const page: PageContext = {
  assets: { css: '/assets/midwatch-0.css', icon: '/assets/midwatch-0.svg' },
  nowMs,
  version: '0.1.0',
  path: '/',
  navigation: [
    { href: '/', label: 'Overview' },
    { href: '/alerts', label: 'Alerts' },
    { href: '/docs/runbooks', label: 'Runbooks' },
  ],
  actor: 'maya',
  signedIn: false,
}

/** Half-hours up to now: `up` but for what `changes` puts at a slot counted from the newest (0). */
export function history(changes: Readonly<Record<number, HistorySlot>> = {}): History {
  const slots = Array.from({ length: 48 }, (_, i): HistorySlot => changes[47 - i] ?? 'up')
  return { fromMs: Math.floor(nowMs / (HOUR / 2)) * (HOUR / 2) - 47 * (HOUR / 2), slotMs: HOUR / 2, slots }
}

export function check(name: string, given: Partial<CheckSummary> = {}): CheckSummary {
  return {
    name,
    status: 'healthy',
    critical: false,
    category: 'application',
    sinceMs: nowMs - 6 * DAY,
    lastRunMs: nowMs - 8 * SECOND,
    lastSuccessMs: nowMs - 8 * SECOND,
    latencyMs: 42.3,
    message: '',
    reason: undefined,
    phase: undefined,
    details: {},
    kind: 'http',
    target: `https://${name}.example.org/health`,
    history: history(),
    ...given,
  }
}

export function alert(name: string, given: Partial<AlertView> = {}): AlertView {
  return {
    name,
    state: 'firing',
    severity: 'high',
    sinceMs: nowMs - 12 * MINUTE,
    summary: `${name} needs somebody`,
    description: '',
    value: 0,
    labels: {},
    runbookUrl: undefined,
    checkName: undefined,
    notes: [],
    fingerprint: 'af90b7bec0c95108',
    acknowledged: undefined,
    ...given,
  }
}

export function summarize(checks: readonly CheckSummary[]): HealthSummary {
  const count = (status: HealthStatus) => checks.filter((one) => one.status === status).length
  const status = checks.some((one) => one.status === 'unhealthy' && one.critical)
    ? 'unhealthy'
    : checks.some((one) => one.status === 'unhealthy' || one.status === 'degraded')
      ? 'degraded'
      : 'healthy'
  return {
    status,
    healthy: count('healthy'),
    degraded: count('degraded'),
    unhealthy: count('unhealthy'),
    unknown: count('unknown'),
    maintenance: 0,
    total: checks.length,
  }
}

export function overview(checks: readonly CheckSummary[], given: Partial<OverviewView> = {}): OverviewView {
  return {
    summary: summarize(checks),
    startedAtMs: nowMs - (9 * DAY + 4 * HOUR),
    evaluatedAtMs: nowMs - 5 * SECOND,
    checks,
    filter: { status: undefined, text: '' },
    alerts: [],
    problems: [],
    ...given,
  }
}

const downFor14Min = { sinceMs: nowMs - 14 * MINUTE - 5 * SECOND, lastSuccessMs: nowMs - 14 * MINUTE - 35 * SECOND }

const database = check('database', {
  ...downFor14Min,
  status: 'unhealthy',
  critical: true,
  category: 'database',
  kind: 'postgres',
  target: 'postgres://watch@db.example.org:5432/shop',
  latencyMs: 5000,
  reason: 'timeout',
  phase: 'connect',
  message: 'no connection to 192.0.2.17:5432 within 5 s; the last one took 3.1 ms',
  history: history({ 0: 'down', 31: 'degraded' }),
})

const shop = check('shop', {
  ...downFor14Min,
  status: 'unhealthy',
  critical: true,
  latencyMs: 1204,
  reason: 'status',
  phase: 'processing',
  message: '503 Service Unavailable instead of 2xx; the body begins with {"error":"pool exhausted"}',
  details: { status_code: 503, http_version: '1.1', body_bytes: 61, tls_version: 'TLS 1.3', redirects: 0 },
  history: history({ 0: 'down', 1: 'degraded', 31: 'degraded', 12: 'unknown', 13: 'unknown' }),
})

const checks: readonly CheckSummary[] = [
  shop,
  database,
  check('erp', {
    status: 'degraded',
    category: 'integration',
    sinceMs: nowMs - 3 * HOUR - 12 * MINUTE,
    latencyMs: 2840,
    reason: 'latency',
    message: '2.84 s, over the 800 ms that are expected',
    history: history({ 0: 'degraded', 1: 'degraded', 2: 'degraded', 3: 'degraded', 6: 'degraded', 22: 'down' }),
  }),
  check('branch-office', {
    status: 'unknown',
    category: 'infrastructure',
    sinceMs: nowMs - 26 * MINUTE,
    lastSuccessMs: nowMs - 27 * MINUTE,
    kind: 'icmp',
    target: '198.51.100.7',
    latencyMs: undefined,
    reason: 'internal',
    message: 'midwatch itself has no connection to the outside',
    history: history({ 0: 'unknown', 46: 'none', 47: 'none' }),
  }),
  check('checkout', { critical: true, latencyMs: 118 }),
  check('login', { critical: true, latencyMs: 64, history: history({ 19: 'degraded' }) }),
  check('search', { latencyMs: 231 }),
  check('cache', {
    category: 'database',
    kind: 'redis',
    target: 'redis://cache.example.org:6379',
    latencyMs: 0.8,
    history: history({ 40: 'down' }),
  }),
  check('reports', { category: 'database', kind: 'postgres', target: 'postgres://watch@db2.example.org/reports' }),
  check('language-model', { category: 'integration', target: 'https://llm.example.org/v1/models', latencyMs: 388 }),
  check('mail', { category: 'integration', kind: 'smtp', target: 'mail.example.org:587', latencyMs: 93 }),
  check('nightly-backup', {
    category: 'infrastructure',
    kind: 'heartbeat',
    target: '',
    latencyMs: undefined,
    history: history({ 46: 'none', 47: 'none' }),
  }),
]

const databaseDown = alert('DatabaseDown', {
  severity: 'critical',
  sinceMs: nowMs - 13 * MINUTE,
  summary: 'Database database is down',
  description: 'The database at db.example.org:5432 has not answered for 1 minute (probe_success is 0, expected 1).',
  labels: { category: 'database', check: 'database', critical: 'true', instance: 'db.example.org:5432', job: 'probe' },
  runbookUrl: 'docs/runbooks/database-down.md',
  checkName: 'database',
})

const shopDown = alert('CheckDown', {
  severity: 'critical',
  sinceMs: nowMs - 12 * MINUTE,
  summary: 'shop is down',
  labels: { category: 'application', check: 'shop', critical: 'true', instance: 'https://shop.example.org/health' },
  runbookUrl: 'https://wiki.example.org/shop',
  checkName: 'shop',
  notes: ['told with DatabaseDown: shop depends on database'],
})

/** A bad night with everything in it. */
export const badNight: OverviewView = overview(checks, {
  alerts: [
    databaseDown,
    shopDown,
    alert('LlmDailySpendHigh', {
      sinceMs: nowMs - 5 * HOUR,
      summary: 'Language models cost 6.42 $ in 24 hours',
      value: 6.4172,
      runbookUrl: 'docs/runbooks/llm-spend.md',
      acknowledged: { by: 'maya', reason: 'a batch of old orders', untilMs: nowMs + 2 * HOUR },
    }),
    alert('QueueBacklog', {
      state: 'pending',
      severity: 'medium',
      sinceMs: nowMs - 4 * MINUTE,
      summary: 'invoices has 83 tasks waiting',
      value: 83,
      labels: { queue: 'invoices' },
      runbookUrl: 'docs/runbooks/queue-backlog.md',
    }),
  ],
  problems: [
    {
      severity: 'error',
      title: 'The configuration was not reloaded',
      detail: 'midwatch.yml:41:7 "evry" is not a key of a check; did you mean "every"? The one of before is in force.',
      sinceMs: nowMs - 38 * MINUTE,
      runbookUrl: '/docs/runbooks/midwatch-config',
    },
    {
      severity: 'warning',
      title: 'The channel sms fails',
      detail: 'Twilio answered 401; three messages wait, the oldest for 9 min. They go to email meanwhile.',
      sinceMs: nowMs - 9 * MINUTE,
      runbookUrl: '/docs/runbooks/midwatch-notifications',
    },
  ],
})

/** A quiet night. */
export const allWell: OverviewView = overview(
  checks.map((one) =>
    check(one.name, { category: one.category, critical: one.critical, kind: one.kind, target: one.target }),
  ),
)

/** More than fits a screen: 200 checks, some of them bad. */
export const many: OverviewView = overview(
  Array.from({ length: 200 }, (_, i) =>
    check(`service-${String(i + 1).padStart(3, '0')}`, {
      category: ['application', 'database', 'integration', 'security'][i % 4] as string,
      ...(i % 37 === 5
        ? {
            ...downFor14Min,
            status: 'unhealthy',
            reason: 'refused',
            phase: 'connect',
            message: 'ECONNREFUSED 192.0.2.9:443',
          }
        : {}),
      history: history(i % 9 === 0 ? { 0: 'down', [i % 40]: 'degraded' } : {}),
    }),
  ),
)

function checkView(summary: CheckSummary, given: Partial<CheckView> = {}): CheckView {
  return {
    ...summary,
    everyMs: 30 * SECOND,
    timeoutMs: 5 * SECOND,
    schedule: undefined,
    dependsOn: [],
    labels: {},
    runbookUrl: undefined,
    phases: [],
    latency: { fromMs: nowMs - DAY, toMs: nowMs, points: [] },
    uptimes: [
      { windowMs: DAY, upShare: 1, knownShare: 1 },
      { windowMs: 7 * DAY, upShare: 1, knownShare: 1 },
      { windowMs: 30 * DAY, upShare: 1, knownShare: 1 },
    ],
    events: [],
    alerts: [],
    jsonUrl: `http://127.0.0.1:8420/api/v1/checks/${encodeURIComponent(summary.name)}`,
    needsToken: false,
    ...given,
  }
}

/** The shop of the bad night. */
export const shopView: CheckView = checkView(shop, {
  dependsOn: ['database', 'cache'],
  labels: { team: 'storefront', region: 'eu-west' },
  runbookUrl: 'https://wiki.example.org/shop',
  phases: [
    { name: 'resolve', durationMs: 1.2, hasFailed: false },
    { name: 'connect', durationMs: 8.4, hasFailed: false },
    { name: 'tls', durationMs: 19.7, hasFailed: false },
    { name: 'processing', durationMs: 1174, hasFailed: true },
    { name: 'transfer', durationMs: 0.7, hasFailed: false },
  ],
  latency: {
    fromMs: nowMs - DAY,
    toMs: nowMs,
    points: Array.from({ length: 288 }, (_, i) => {
      const daily = 70 + 35 * Math.sin(i / 46) + ((i * 7919) % 23)
      const isUnknown = i > 210 && i < 216
      const slow = i > 284 ? 1100 + i : i > 96 && i < 104 ? 640 : 0
      return { atMs: nowMs - DAY + i * 5 * MINUTE, latencyMs: isUnknown ? undefined : daily + slow }
    }),
  },
  uptimes: [
    { windowMs: DAY, upShare: 0.98993, knownShare: 0.958 },
    { windowMs: 7 * DAY, upShare: 0.998563, knownShare: 0.994 },
    { windowMs: 30 * DAY, upShare: 0.999664, knownShare: 1 },
  ],
  events: [
    { atMs: nowMs - 14 * MINUTE, status: 'unhealthy', message: '503 Service Unavailable instead of 2xx' },
    { atMs: nowMs - 31 * MINUTE, status: 'degraded', message: '1.31 s, over the 800 ms that are expected' },
    { atMs: nowMs - 6 * HOUR, status: 'healthy', message: '' },
    {
      atMs: nowMs - 7 * HOUR,
      status: 'unknown',
      message: 'midwatch itself has no connection to the outside: neither 192.0.2.1:53 nor 198.51.100.1:53 answers',
    },
  ],
  alerts: [shopDown],
  needsToken: true,
})

/** A heartbeat that has never come. */
export const heartbeatView: CheckView = checkView(
  check('nightly-backup', {
    status: 'unknown',
    kind: 'heartbeat',
    target: '',
    category: 'infrastructure',
    lastRunMs: undefined,
    lastSuccessMs: undefined,
    latencyMs: undefined,
    history: history(Object.fromEntries(Array.from({ length: 48 }, (_, i) => [i, 'none' as const]))),
  }),
  {
    everyMs: undefined,
    timeoutMs: undefined,
    schedule: '0 3 * * * Europe/Berlin, 30 min grace',
    uptimes: [{ windowMs: DAY, upShare: undefined, knownShare: 0 }],
  },
)

export function entry(event: string, given: Partial<JourneyEntry> = {}): JourneyEntry {
  return {
    kind: 'record',
    atMs: nowMs - 10 * MINUTE,
    event,
    actor: '',
    action: '',
    resource: '',
    outcome: '',
    level: '',
    durationMs: undefined,
    attributes: {},
    ...given,
  }
}

const startMs = nowMs - 22 * MINUTE

export const traceView: TraceView = {
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  total: 7,
  jsonUrl: 'http://127.0.0.1:8420/api/v1/traces/4bf92f3577b34da6a3ce929d0e0e4736',
  needsToken: true,
  entries: [
    entry('webhook.received', {
      atMs: startMs,
      actor: 'erp',
      action: 'POST',
      resource: '/webhooks/invoices',
      outcome: 'success',
      durationMs: 14.2,
      attributes: { source: 'erp', event_type: 'invoice.created', body_bytes: 2481 },
    }),
    entry('task.queued', {
      atMs: startMs + 16,
      actor: 'shop',
      action: 'enqueue',
      resource: 'invoices/20417',
      outcome: 'success',
    }),
    entry('worker took invoices/20417', {
      kind: 'log',
      atMs: startMs + 940,
      level: 'info',
      attributes: { worker: 'worker-3' },
    }),
    entry('llm.call', {
      kind: 'span',
      atMs: startMs + 1204,
      durationMs: 3120,
      outcome: 'success',
      attributes: {
        'gen_ai.request.model': 'large-2',
        tokens: { input: 1830, output: 212 },
        cost_dollars: 0.0123,
        finish_reasons: ['stop'],
      },
    }),
    entry('rpc.call', {
      kind: 'span',
      atMs: startMs + 4360,
      durationMs: 5002,
      outcome: 'failure',
      actor: 'worker-3',
      action: 'erp.invoice.post',
      resource: 'invoices/20417',
      attributes: {
        error: 'deadline exceeded',
        attempt: 1,
        peer: { host: 'erp.example.org', port: 8069, address: '192.0.2.40' },
        headers: { 'content-type': 'application/json', 'x-request-id': '20417-1' },
        timeout_ms: 5000,
        idempotent: true,
        retryable: true,
      },
    }),
    entry('giving up after 1 attempt: deadline exceeded', { kind: 'log', atMs: startMs + 9371, level: 'error' }),
    entry('approval.requested', {
      atMs: startMs + 9380,
      actor: 'worker-3',
      action: 'request',
      resource: 'approvals/991',
      outcome: 'success',
      durationMs: 3,
      attributes: undefined,
    }),
  ],
}

const attack = '"><img src=x onerror=alert(1)><script>alert(1)</script> {{x}} \u202egnp.exe مرحبا '
const endless = 'x'.repeat(600)

const unkindCheck = check(`${endless}${attack}`, {
  status: 'unhealthy',
  critical: true,
  category: endless,
  kind: 'http',
  target: `https://${endless}.example.org/`,
  message: `${attack}${endless.repeat(20)}`,
  reason: 'body',
  phase: endless,
})

const unkindAlert = alert(endless, {
  severity: endless,
  summary: `${attack}${endless}`,
  description: endless.repeat(5),
  labels: Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`${endless}${i}`, `${attack}${endless}`])),
  runbookUrl: `javascript:alert('${endless}')`,
  checkName: endless,
  notes: [endless],
  acknowledged: { by: attack, reason: `${attack}${endless}`, untilMs: nowMs + HOUR },
  value: 1.7976931348623157e308,
})

/** All that a name or a label may hold, at lengths that break a layout. */
export const unkind: OverviewView = overview([unkindCheck, check(endless)], {
  alerts: [unkindAlert, { ...unkindAlert, state: 'pending' }],
  problems: [{ severity: 'error', title: endless, detail: attack + endless, sinceMs: undefined, runbookUrl: endless }],
})

export const unkindView: CheckView = checkView(unkindCheck, {
  dependsOn: [endless, attack],
  labels: unkindAlert.labels,
  phases: [{ name: endless, durationMs: 1e12, hasFailed: true }],
  events: [{ atMs: nowMs, status: 'unhealthy', message: endless }],
  alerts: [unkindAlert],
  runbookUrl: endless,
  jsonUrl: `http://127.0.0.1:8420/${endless}`,
  details: { [endless]: endless },
})

export const unkindTrace: TraceView = {
  ...traceView,
  traceId: endless,
  entries: [
    entry(`${attack}${endless}`, {
      actor: endless,
      action: attack,
      resource: endless,
      outcome: endless,
      level: endless,
      durationMs: 1e13,
      attributes: { [endless]: `${attack}${endless}` },
    }),
  ],
}

/** What a link in a message opens. */
export const ackView: AckView = {
  action: '/ack/x',
  alerts: [
    {
      name: 'DatabaseDown',
      severity: 'critical',
      summary: 'Database database is down',
      sinceMs: nowMs - 13 * MINUTE,
      acknowledged: undefined,
    },
    {
      name: endless,
      severity: endless,
      summary: `${attack}${endless}`,
      sinceMs: nowMs - 13 * MINUTE,
      acknowledged: { by: attack, reason: `${attack}${endless}`, untilMs: nowMs + HOUR },
    },
  ],
  by: '',
  problem: 'by is empty; say who takes it on.',
}

export const slosView: SlosView = {
  slos: [
    {
      id: 'shop-requests',
      description: 'Requests that are answered without an error of ours',
      objective: 99.9,
      window: '30d',
      budgetLeft: 0.62,
      burnRate: 0.4,
      exhaustedInMs: 46 * 86_400_000,
      firing: [],
    },
    {
      id: 'shop-checkout',
      description: '',
      objective: 99.95,
      window: '30d',
      budgetLeft: -0.31,
      burnRate: 22.4,
      exhaustedInMs: 0,
      firing: ['page', 'ticket'],
    },
    {
      id: 'search-latency',
      description: 'Answers under 300 ms',
      objective: 95,
      window: '7d',
      budgetLeft: 0.12,
      burnRate: 3.2,
      exhaustedInMs: 6 * 3_600_000,
      firing: ['ticket'],
    },
    {
      id: 'reports-generated',
      description: 'Not measured yet',
      objective: 99,
      window: '30d',
      budgetLeft: undefined,
      burnRate: undefined,
      exhaustedInMs: undefined,
      firing: [],
    },
  ],
  jsonUrl: 'http://127.0.0.1:8420/api/v1/slos',
  needsToken: false,
}
