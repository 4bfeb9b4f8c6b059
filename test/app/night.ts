import { LAST_ALIVE } from '../../src/app/judge.ts'
import { alertsAfter, frozenBy } from '../../src/app/outage.ts'
import { Teller } from '../../src/app/teller.ts'
import { Watch } from '../../src/app/watch.ts'
import type { AuditTrail as Audit } from '../../src/audit/audit-trail.ts'
import { AuditTrail } from '../../src/audit/audit-trail.ts'
import { Dependencies } from '../../src/health/dependencies.ts'
import { HealthBoard } from '../../src/health/health-board.ts'
import { MaintenanceCalendar } from '../../src/health/maintenance-calendar.ts'
import type { Finding } from '../../src/model/finding.ts'
import { up } from '../../src/model/finding.ts'
import type { HealthStatus } from '../../src/model/health.ts'
import { Labels } from '../../src/model/labels.ts'
import type { MaintenanceWindow } from '../../src/model/maintenance.ts'
import type { Notification } from '../../src/model/notification.ts'
import { Dispatcher } from '../../src/notify/dispatcher.ts'
import { heldBackBy } from '../../src/notify/held-back.ts'
import { routeTree } from '../../src/notify/route.ts'
import { Sender } from '../../src/notify/sender.ts'
import { dependencyStage, maintenanceStage } from '../../src/notify/stage.ts'
import { type Job, Runner } from '../../src/probe/runner.ts'
import { readRuleFile } from '../../src/rule/load.ts'
import { queryStore } from '../../src/rule/query.ts'
import { RuleEngine } from '../../src/rule/rule-engine.ts'
import { alertEvents } from '../../src/store/alert-events.ts'
import { loadAlerts } from '../../src/store/alerts.ts'
import { loadChecks } from '../../src/store/checks.ts'
import { loadNotify } from '../../src/store/notify.ts'
import { failingChannels, recordDelivery, releaseLeases } from '../../src/store/outbox.ts'
import { leaseMessages } from '../../src/store/outbox-lease.ts'
import { standIn } from '../../src/store/outbox-stand-in.ts'
import { getSetting, putSetting } from '../../src/store/settings.ts'
import { createLog } from '../../src/telemetry/log.ts'
import { SelfMetrics } from '../../src/telemetry/self-metrics.ts'
import { type TestStore, testStore } from '../support/test-store.ts'

const S = 1000
export const EVALUATION_MS = 15 * S

export interface NightOptions {
  readonly rules: string
  readonly maintenance?: readonly MaintenanceWindow[]
  /** Four hours unless told. */
  readonly repeatMs?: number
  /** Names of checks, each of which is looked at every half minute; those that depend on others with their names. */
  readonly checks: readonly (string | { readonly name: string; readonly dependsOn: readonly string[] })[]
}

/**
 * Everything between a look at a check and a message that has arrived, over a real store, with a clock that a test moves: what
 * was told, in order, as `12:00:30 first notification: +shop -cart`.
 */
export class Night implements AsyncDisposable {
  readonly told: string[] = []
  readonly notifications: Notification[] = []
  readonly #options: NightOptions
  readonly #disk: TestStore
  readonly #findings = new Map<string, () => Finding>()
  #run!: Run

  private constructor(options: NightOptions, disk: TestStore) {
    this.#options = options
    this.#disk = disk
  }

  static async begin(options: NightOptions): Promise<Night> {
    const night = new Night(options, await testStore())
    await night.#start()
    return night
  }

  get board(): HealthBoard {
    return this.#run.board
  }

  get nowMs(): number {
    return this.#disk.clock.now()
  }

  /** Ends the windows that there are, as somebody does who is done. */
  endMaintenance(): void {
    this.#run.calendar.update([])
  }

  /** What PromQL answers now, as text. */
  async ask(expression: string): Promise<string[]> {
    const found = await queryStore(this.#disk.store.series, expression, this.nowMs)
    return found.map(({ labels, value }) => `${labels} ${value}`).sort()
  }

  /** What the next looks at these checks find. */
  find(finding: () => Finding, ...names: readonly string[]): void {
    for (const name of names) this.#findings.set(name, finding)
  }

  /** Names of checks with the state of their alerts, those that are over left out. */
  get states(): Readonly<Record<string, string>> {
    return Object.fromEntries(
      [...this.#run.rules.alerts()].map(({ alert }) => [
        alert.labels.get('check') || alert.labels.get('i'),
        alert.frozen === undefined ? alert.state : `${alert.state}, frozen`,
      ]),
    )
  }

  /** The story of the alerts of a check. */
  storyOf(check: string): string[] {
    const { store } = this.#disk
    const rows = store.reader.statement('SELECT DISTINCT fingerprint FROM alert_event').all() as {
      fingerprint: string
    }[]
    const own = new Set(
      this.#run.dispatcher.alerts.filter((one) => one.labels.get('check') === check).map((a) => a.fingerprint),
    )
    return rows
      .filter(({ fingerprint }) => own.has(fingerprint))
      .flatMap(({ fingerprint }) => alertEvents(store.reader, fingerprint, 1000))
      .map(({ kind, detail }) => `${kind}: ${detail}`)
  }

  async advance(ms: number): Promise<void> {
    const { clock, store } = this.#disk
    const endMs = clock.now() + ms
    while (clock.now() < endMs) {
      await clock.advance(EVALUATION_MS)
      await store.writer.run(putSetting, { key: LAST_ALIVE, value: String(clock.now()) })
      await this.#run.rules.tick(clock.now())
      await store.writer.flush()
      await clock.advance(0)
      await store.writer.flush()
    }
  }

  /** Pushes a sample of a metric that no check gives. */
  async push(name: string, value: number, labels: Readonly<Record<string, string>>): Promise<void> {
    const { series } = this.#disk.store
    const ref = series.ref(Labels.of({ ...labels, __name__: name }))
    const batch = {
      length: 1,
      refs: Uint32Array.of(ref as number),
      timesMs: Float64Array.of(this.nowMs),
      values: Float64Array.of(value),
      stale: undefined,
    }
    await series.append(batch)
  }

  /** The process is gone, as by kill -9, and another one begins `ms` later. */
  async away(ms: number): Promise<void> {
    await this.#run.kill()
    this.#disk.clock.jumpTo(this.#disk.clock.now() + ms)
    await this.#disk.reopen()
    await this.#start()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#run.kill()
    await this.#disk[Symbol.asyncDispose]()
  }

  async #start(): Promise<void> {
    this.#run = new Run(this.#options, this.#disk, {
      findingOf: (name) => (this.#findings.get(name) ?? up)(),
      onMessage: (notification) => {
        this.notifications.push(notification)
        const alerts = notification.alerts.map(
          ({ status, labels }) => `${status === 'firing' ? '+' : '-'}${labels.check ?? labels.i ?? ''}`,
        )
        const at = new Date(this.nowMs).toISOString().slice(11, 19)
        this.told.push(`${at} ${notification.reason}: ${alerts.sort().join(' ')}`)
      },
    })
    await this.#run.start()
  }
}

interface RunDoors {
  readonly findingOf: (name: string) => Finding
  readonly onMessage: (notification: Notification) => void
}

/** One life of the process, put together as the app does. */
class Run {
  readonly calendar = new MaintenanceCalendar()
  readonly board: HealthBoard
  readonly rules: RuleEngine
  readonly dispatcher: Dispatcher
  readonly #disk: TestStore
  readonly #runner: Runner
  readonly #sender: Sender
  readonly #teller: Teller
  readonly #metrics = new SelfMetrics()
  readonly #stop = new AbortController()
  readonly #jobs: readonly Job[]
  #running: Promise<void> = Promise.resolve()

  constructor(options: NightOptions, disk: TestStore, { findingOf, onMessage }: RunDoors) {
    const { rules, checks: written, repeatMs = 4 * 3_600_000, maintenance = [] } = options
    this.#disk = disk
    const { store, clock } = disk
    this.calendar.update(maintenance)
    const log = createLog('silent')
    const audit: Audit = new AuditTrail(store.writer, clock)
    const startedMs = clock.now()
    const lastAliveMs = Number(getSetting(store.reader, LAST_ALIVE) ?? startedMs)
    const outage = { fromMs: lastAliveMs, toMs: startedMs }
    const remembered = loadChecks(store.reader).map((row) => ({ ...row, status: row.state as HealthStatus }))
    const checks = written.map((one) => (typeof one === 'string' ? { name: one, dependsOn: [] } : one))
    const infos = checks.map((one) => ({ ...one, critical: true, category: 'application', everyMs: 30 * S }))
    this.board = new HealthBoard((name) => {
      const occurrence = this.calendar.ofCheck(name, clock.now())
      return occurrence && { window: occurrence.window.name, untilMs: occurrence.endsAtMs }
    })
    this.board.update(infos, startedMs, remembered)
    const dependencies = new Dependencies(infos, this.board)
    const watch = new Watch({ clock, log, store, board: this.board, audit })
    this.#runner = new Runner({
      clock,
      sink: store.series,
      context: { addressPolicy: 'any', query: async () => [] },
      isInMaintenance: (job, atMs) => this.calendar.of(job.labels.probe, atMs) !== undefined,
      concurrency: 100,
      onRun: (run) => watch.note(run),
      onStartDelay() {},
      onError(error) {
        throw error
      },
    })
    this.#jobs = checks.map(({ name }) => {
      const labels = Labels.of({ job: 'probe', check: name })
      return {
        name,
        labels: { probe: labels, foreign: labels },
        everyMs: 30 * S,
        timeoutMs: 5 * S,
        confirm: false,
        identity: name,
        run: async () => findingOf(name),
      }
    })
    this.calendar.watch(this.#jobs.map(({ name, labels }) => ({ name, labels: labels.probe })))
    this.dispatcher = new Dispatcher(
      {
        routing: {
          root: routeTree({
            receiver: 'team',
            groupBy: ['alertname'],
            groupIntervalMs: 60 * S,
            repeatIntervalMs: repeatMs,
          }),
          receivers: new Map([['team', [{ channel: 'slack', sendResolved: true }]]]),
        },
        stages: [
          dependencyStage((check, nowMs) => dependencies.causeOf(check, nowMs)),
          maintenanceStage((one, nowMs) => {
            const occurrence = this.calendar.of(one, nowMs)
            return occurrence && { name: occurrence.window.name, endsAtMs: occurrence.endsAtMs }
          }),
        ],
        findingOf: () => undefined,
        heldBackBy: (one, nowMs) => heldBackBy(one, this.dispatcher.alerts, dependencies, nowMs),
        externalUrl: 'http://watch.example.org',
        expiryMs: 24 * 3_600_000,
      },
      loadNotify(store.reader),
      { lastAliveMs, nowMs: startedMs },
    )
    this.#sender = new Sender(
      {
        clock,
        lease: (request) => store.writer.run(leaseMessages, request),
        record: (delivery) => store.writer.run(recordDelivery, delivery),
        failing: () => failingChannels(store.reader),
        standIn: (request) => store.writer.run(standIn, request),
        onDelivery: (report) => this.#teller.noteDelivery(report),
        onError(error) {
          throw error
        },
      },
      new Map([['slack', { name: 'slack', target: '#a', send: async (one: Notification) => onMessage(one) }]]),
    )
    this.#teller = new Teller({
      clock,
      log,
      metrics: this.#metrics,
      audit,
      store,
      dispatcher: this.dispatcher,
      sender: this.#sender,
    })
    const { groups, problems } = readRuleFile(rules, 'night.yml')
    if (problems.length > 0) throw new Error(JSON.stringify(problems))
    this.rules = new RuleEngine(
      {
        query: (expr, atMs, shared) => queryStore(store.series, expr, atMs, { shared }),
        sink: store.series,
        externalUrl: 'http://watch.example.org',
        restored: alertsAfter(outage, loadAlerts(store.reader)),
        frozenBy: frozenBy(outage, (check, atMs) => this.board.darkness(check, atMs)),
        spacingMs: () => EVALUATION_MS,
        onResult: (result) => this.#teller.noteEvaluation(result),
        onError(error) {
          throw error
        },
      },
      groups,
    )
  }

  async start(): Promise<void> {
    await this.#runner.update(this.#jobs)
    await this.#disk.store.writer.run(releaseLeases, {})
    this.#running = this.#teller.run(this.#stop.signal)
  }

  async kill(): Promise<void> {
    this.#stop.abort()
    await this.#running
    await this.#runner.stop()
    await this.#sender.drain()
    await this.#disk.store.writer.flush()
    this.#metrics.stop()
  }
}
