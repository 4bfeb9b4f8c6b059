import type { AuditTrail } from '../audit/audit-trail.ts'
import type { Config } from '../config/config.ts'
import type { QueryBackend } from '../export/forward/backend.ts'
import type { Dependencies } from '../health/dependencies.ts'
import type { HealthBoard } from '../health/health-board.ts'
import type { MaintenanceCalendar } from '../health/maintenance-calendar.ts'
import type { HeartbeatBook } from '../ingest/heartbeat-book.ts'
import type { MetricContract } from '../ingest/metric-contract.ts'
import type { Clock } from '../lib/clock.ts'
import type { Acknowledgement } from '../model/acknowledgement.ts'
import type { SentAlert } from '../model/alert.ts'
import type { MaintenanceRequest, MaintenanceWindow } from '../model/maintenance.ts'
import type { Problem } from '../model/problem.ts'
import type { StoredSlo } from '../model/stored-slo.ts'
import type { AckLinks } from '../notify/ack-links.ts'
import type { AcknowledgementRequest, Acknowledgements } from '../notify/acknowledgements.ts'
import type { Dispatcher } from '../notify/dispatcher.ts'
import type { SilenceRequest, Silences } from '../notify/silences.ts'
import type { SloEntry } from '../objective/book.ts'
import type { Kpi } from '../objective/kpi.ts'
import type { TargetsView } from '../probe/scrape/manager.ts'
import type { RuleEngine } from '../rule/rule-engine.ts'
import type { Store } from '../store/store.ts'
import type { Log } from '../telemetry/log.ts'
import type { SelfMetrics } from '../telemetry/self-metrics.ts'
import type { RuleGroupDesk } from './rule-group-desk.ts'

/** Everything that addresses and pages are made of; one value, given to each of them. */
export interface WebContext {
  readonly clock: Clock
  readonly log: Log
  readonly startedMs: number
  /** The config in use; another one after a reload. */
  config(): Config
  readonly store: Store
  readonly board: HealthBoard
  readonly rules: RuleEngine
  /** The time between evaluations of groups without an interval, and between steps of subqueries that name none. */
  tickMs(): number
  /** Rule groups that are in no file. */
  readonly ruleGroups: RuleGroupDesk
  readonly dispatcher: Dispatcher
  readonly audit: AuditTrail
  readonly heartbeats: HeartbeatBook
  readonly metrics: SelfMetrics
  /** Brings midwatch's own metrics up to date before they are shown. */
  refreshMetrics(): void
  /** What is known of each check besides its health, in the order of the config. */
  checks(): readonly CheckView[]
  /** A ping of this heartbeat has been stored: what is known of it is looked at now rather than at the next turn. */
  onPing(name: string): void
  readonly kpis: KpiView
  /** The targets that are scraped, in Prometheus' shape. */
  targets(): TargetsView
  /** Who answers queries in the place of our own store; undefined is nobody. */
  backend(): QueryBackend | undefined
  /** Everything runs: rules are read, checks and schedule have begun. */
  isStarted(): boolean
  /** Reads the config again and takes it over when it is fine. */
  reload(actor: string, traceId?: string): Promise<ReloadReport>
  lastReload(): ReloadReport
  /** Every channel that is set up, and the sink of events, by the names that the outbox knows. */
  channelNames(): readonly string[]
  /** Sends a test message through a channel, past the outbox; says how it went. */
  testChannel(name: string): Promise<ChannelTest>
  readonly silences: Silences
  readonly maintenance: MaintenanceCalendar
  /** Makes a maintenance window; resolves when it is on disk. */
  startMaintenance(request: MaintenanceRequest, actor: string, traceId?: string): Promise<MaintenanceWindow>
  /** Ends a window, by its id or its name: for good, or this time where the config has it. */
  endMaintenance(idOrName: string, actor: string, traceId?: string): Promise<MaintenanceWindow>
  /** Which checks depend on which, in the config in use. */
  dependencies(): Dependencies
  /** Makes or changes a silence; resolves to its id when it is on disk. */
  setSilence(request: SilenceRequest, actor: string, traceId?: string): Promise<string>
  expireSilence(id: string, actor: string, traceId?: string): Promise<void>
  readonly acknowledgements: Acknowledgements
  /** Reads the links by which messages are acknowledged. */
  readonly ackLinks: AckLinks
  /** Takes alerts on, all or none; resolves when that is on disk. */
  acknowledge(
    fingerprints: readonly string[],
    request: AcknowledgementRequest,
    doer: Doer,
  ): Promise<readonly Acknowledgement[]>
  takeBack(fingerprint: string, doer: Doer): Promise<void>
  /** Takes alerts from outside; resolves when they are on disk. */
  takeAlerts(alerts: readonly SentAlert[]): Promise<void>
  /** Every SLO in use, by id. */
  slos(): readonly SloEntry[]
  /** Makes an SLO, or puts another in the place of the one with this id; resolves when it is on disk. Rejects with SloRefusal. */
  saveSlo(spec: StoredSlo['spec'], id: string | undefined, actor: string, traceId?: string): Promise<SloEntry>
  deleteSlo(id: string, actor: string, traceId?: string): Promise<void>
  /** How long an alert without an end fires after it was last heard of. */
  resolveTimeoutMs(): number
  /** The routes and receivers as Alertmanager's YAML, secrets masked. */
  alertmanagerConfig(): string
  /** A token that commands on this machine use; made anew at every start. */
  readonly localToken: string
}

/** Who does something, and on which journey. */
export interface Doer {
  readonly actor: string
  readonly traceId?: string | undefined
}

/** The KPIs in use; others after a reload. */
export interface KpiView {
  readonly all: readonly Kpi[]
  /** What is written down of a metric. */
  contractOf(metricName: string): MetricContract | undefined
}

export interface CheckView {
  readonly name: string
  readonly kind: string
  readonly instance: string
  readonly critical: boolean
  readonly category: string
  readonly everyMs: number
  readonly timeoutMs: number | undefined
  readonly dependsOn: readonly string[]
  readonly runbook: string | undefined
  readonly labels: Readonly<Record<string, string>>
  readonly written: Readonly<Record<string, unknown>>
}

export interface ReloadReport {
  readonly ok: boolean
  readonly atMs: number
  readonly problems: readonly Problem[]
}

export type ChannelTest =
  | { readonly kind: 'delivered'; readonly target: string; readonly tookMs: number }
  | { readonly kind: 'failed'; readonly target: string; readonly error: string }
  | { readonly kind: 'unknown'; readonly known: readonly string[] }
