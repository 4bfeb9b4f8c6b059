import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Hono } from 'hono'
import { RuleDesk } from '../../src/app/rule-desk.ts'
import { AuditTrail } from '../../src/audit/audit-trail.ts'
import { loadConfig } from '../../src/config/load.ts'
import { Dependencies } from '../../src/health/dependencies.ts'
import { HealthBoard } from '../../src/health/health-board.ts'
import { MaintenanceCalendar } from '../../src/health/maintenance-calendar.ts'
import { HeartbeatBook } from '../../src/ingest/heartbeat-book.ts'
import { AckLinks } from '../../src/notify/ack-links.ts'
import { Acknowledgements } from '../../src/notify/acknowledgements.ts'
import { Dispatcher } from '../../src/notify/dispatcher.ts'
import { routeTree } from '../../src/notify/route.ts'
import { Silences } from '../../src/notify/silences.ts'
import { RuleEngine } from '../../src/rule/rule-engine.ts'
import { pingsOf } from '../../src/store/heartbeats.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { SelfMetrics } from '../../src/telemetry/self-metrics.ts'
import type { WebEnv } from '../../src/web/auth.ts'
import type { WebContext } from '../../src/web/context.ts'
import { createWeb } from '../../src/web/server.ts'
import { ManualClock } from './manual-clock.ts'

/** midwatch's addresses over a real store in a folder of its own, without a network; `await using` removes it all. */
export interface TestWeb extends AsyncDisposable {
  readonly web: Hono<WebEnv>
  readonly context: WebContext
  readonly store: Store
  readonly clock: ManualClock
  readonly dataDir: string
  /** Everything that was logged, as JSON lines. */
  readonly logged: readonly string[]
  /** Posts JSON (or a text as it stands) and reads the answer. */
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Answer>
  get(path: string, headers?: Record<string, string>): Promise<Answer>
  /** Closes the store and opens the same folder again, as a restart does. */
  reopen(): Promise<TestWeb>
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The text as JSON; undefined when it is none. */
  // biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of the answer
  readonly json: any
}

interface Options {
  /** `midwatch.yml`; the default listens on loopback, so no token is needed. */
  readonly config?: string
  readonly clock?: ManualClock
  readonly dataDir?: string
  /** What a test puts in place of the parts made here. */
  readonly context?: Partial<WebContext>
}

export async function testWeb(options: Options = {}): Promise<TestWeb> {
  const { clock = new ManualClock() } = options
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'midwatch-web-')))
  const logged: string[] = []
  const log = createLog('trace', { write: (line) => void logged.push(line) })
  const { config, problems } = loadConfig({ file: 'midwatch.yml', env: {}, readFile: () => options.config ?? '{}' })
  if (config === undefined) throw new Error(problems.map(({ message }) => message).join('\n'))
  const store = await openStore({
    dataDir,
    clock,
    limits: config.storage.limits,
    writer: 'inline',
    onCorrupt(what) {
      throw new Error(what)
    },
    onWriterDeath(error) {
      throw error
    },
  })
  const metrics = new SelfMetrics()
  const startedMs = clock.now()
  const audit = new AuditTrail(store.writer, clock)
  const context: WebContext = {
    clock,
    log,
    startedMs,
    config: () => config,
    store,
    board: new HealthBoard(),
    rules: new RuleEngine(
      {
        query: async () => [],
        sink: store.series,
        externalUrl: 'http://127.0.0.1:8420',
        onResult() {},
        onError(error) {
          throw error
        },
      },
      [],
    ),
    dispatcher: new Dispatcher(
      {
        routing: { root: routeTree({ receiver: 'none' }), receivers: new Map() },
        stages: [],
        findingOf: () => undefined,
        externalUrl: 'http://127.0.0.1:8420',
        expiryMs: 3_600_000,
      },
      { alerts: [], groups: [], log: [] },
      { lastAliveMs: startedMs, nowMs: startedMs },
    ),
    audit,
    metrics,
    heartbeats: new HeartbeatBook({
      recent: (name) => pingsOf(store.reader, name, 100),
      sinceMs: () => 0,
      absence: undefined,
    }),
    onPing() {},
    refreshMetrics() {},
    checks: () => [],
    kpis: { all: [], contractOf: () => undefined },
    targets: () => ({ activeTargets: [], droppedTargets: [], droppedTargetCounts: {} }),
    reload: async () => ({ ok: true, atMs: startedMs, problems: [] }),
    isStarted: () => true,
    backend: () => undefined,
    lastReload: () => ({ ok: true, atMs: startedMs, problems: [] }),
    channelNames: () =>
      Object.entries(config.notify.channels).flatMap(([name, one]) => (one === undefined ? [] : [name])),
    testChannel: async () => ({ kind: 'unknown', known: [] }),
    silences: new Silences(),
    maintenance: new MaintenanceCalendar(),
    startMaintenance: () => Promise.reject(new Error('no window can be made here')),
    endMaintenance: () => Promise.reject(new Error('no window can be ended here')),
    dependencies: () => new Dependencies(context.checks(), context.board),
    setSilence: async () => '',
    expireSilence: async () => {},
    acknowledgements: new Acknowledgements(),
    ackLinks: new AckLinks(new Uint8Array(32)),
    acknowledge: async () => [],
    takeBack: async () => {},
    takeAlerts: async () => {},
    tickMs: () => 15_000,
    slos: () => [],
    saveSlo: async () => {
      throw new Error('no SLOs here')
    },
    deleteSlo: async () => {},
    resolveTimeoutMs: () => 300_000,
    alertmanagerConfig: () => '',
    localToken: 'local-token-of-a-test',
    ruleGroups: new RuleDesk({
      clock,
      log,
      store,
      audit,
      others: () => [],
      onChange: async () => {},
      messagesOf: () => [],
      onOwed() {},
    }),
    ...options.context,
  }
  const web = createWeb(context)
  const close = async () => {
    metrics.stop()
    await store.close()
  }
  const ask = async (path: string, init: RequestInit): Promise<Answer> => {
    const response = await web.request(path, init)
    const text = await response.text()
    return { status: response.status, headers: response.headers, text, json: parsed(text) }
  }
  return {
    web,
    context,
    store,
    clock,
    dataDir,
    logged,
    post(path, body, headers = {}) {
      const isRaw = typeof body === 'string' || body instanceof Uint8Array
      const type: Record<string, string> = isRaw ? {} : { 'content-type': 'application/json' }
      return ask(path, {
        method: 'POST',
        body: isRaw ? (body as string) : JSON.stringify(body),
        headers: { ...type, ...headers },
      })
    },
    get: (path, headers = {}) => ask(path, { headers }),
    async reopen() {
      await close()
      return testWeb({ ...options, clock, dataDir })
    },
    async [Symbol.asyncDispose]() {
      await close()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
