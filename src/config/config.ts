import type { MetricsBackend } from '../export/forward/backend-config.ts'
import type { RemoteWrite } from '../export/forward/remote-write-config.ts'
import type { AddressPolicy } from '../lib/address.ts'
import type { Secret } from '../lib/secret.ts'
import type { Heartbeat } from '../model/heartbeat.ts'
import type { Labels } from '../model/labels.ts'
import type { MaintenanceWindow } from '../model/maintenance.ts'
import type { EventSink } from '../notify/event-sink.ts'
import type { ProbeDefinition } from '../probe/probe.ts'
import type { ScrapeConfig } from '../probe/scrape/config.ts'
import type { AlertingConfig } from './alerting.ts'
import type { AlertmanagerConfig } from './alertmanager/alertmanager.ts'
import type { ConnectivityConfig } from './connectivity.ts'
import type { NotifyConfig } from './notify.ts'

/** What the operator asked for: defaults filled in, every value ready for use, frozen in depth. */
export interface Config {
  /** Where the config file is, `.` without one: what paths in `scrape` are relative to. */
  readonly folder: string
  readonly server: ServerConfig
  readonly storage: StorageConfig
  readonly evaluation: EvaluationConfig
  readonly checks: readonly CheckConfig[]
  /** What is not done unless it is asked for: `script` starts programs. */
  readonly allow: readonly Permission[]
  readonly probes: ProbesConfig
  /** Other programs' `/metrics`, as in `prometheus.yml`. */
  readonly scrape: readonly ScrapeConfig[]
  /** Who answers queries in the place of our own store; undefined is nobody. */
  readonly metricsBackend: MetricsBackend | undefined
  /** Stores that get every sample as well. */
  readonly remoteWrite: readonly RemoteWrite[]
  /** Globs, relative to the working directory (in the file they are relative to the file). */
  readonly ruleFiles: readonly string[]
  /** Globs of SLO files, as `ruleFiles`. */
  readonly sloFiles: readonly string[]
  /** Globs of files of KPIs, as `ruleFiles`. */
  readonly kpiFiles: readonly string[]
  readonly shippedRules: ShippedRulesConfig
  readonly notify: NotifyConfig
  /** Alertmanager's own keys, where they are written. */
  readonly alertmanager: AlertmanagerConfig | undefined
  /** Other Alertmanagers that are handed the alerts of the rules. */
  readonly alerting: AlertingConfig | undefined
  /** What other systems know this midwatch by. */
  readonly externalLabels: Labels
  /** Who is told of changes of state as CloudEvents; undefined tells nobody. */
  readonly events: EventSink | undefined
  /** Times in which nobody is told of something. */
  readonly maintenance: readonly MaintenanceWindow[]
  readonly connectivity: ConnectivityConfig
  readonly log: LogConfig
}

export interface ServerConfig {
  readonly listen: Listen
  /** Where people reach midwatch, for links in messages; without a slash at its end. */
  readonly externalUrl: string | undefined
  readonly trustedProxies: AddressRanges
  /** What may be read without a token, besides the `/health` addresses. */
  readonly public: readonly PublicPart[]
  readonly tokens: readonly TokenConfig[]
}

export interface Listen {
  /** An address or a name; undefined is every address of the machine, IPv6 and IPv4. */
  readonly host: string | undefined
  /** 0 to 65535; 0 is any free port. */
  readonly port: number
}

/** Some IP addresses, as single ones and as CIDR ranges. */
export interface AddressRanges {
  /** As they were written. */
  readonly texts: readonly string[]
  /** Whether the IP address is in one of the ranges; an IPv4 address in IPv6 clothes counts as IPv4. */
  includes(address: string): boolean
}

export const PUBLIC_PARTS = ['metrics'] as const
export type PublicPart = (typeof PUBLIC_PARTS)[number]

export const SCOPES = ['read', 'ingest', 'admin'] as const
export type Scope = (typeof SCOPES)[number]

export interface TokenConfig {
  readonly name: string
  readonly token: Secret
  readonly scopes: readonly Scope[]
}

export interface StorageConfig {
  /** The folder of the database, relative to the working directory. */
  readonly data: string
  readonly retention: {
    readonly rawMs: number
    readonly rollupMs: number
    readonly auditMs: number
    readonly alertsMs: number
  }
  readonly limits: {
    /** How many series there may be at once. */
    readonly series: number
    /** How many of them one metric name may have. */
    readonly seriesPerMetric: number
  }
}

export interface EvaluationConfig {
  /** Five fields, or six with seconds first. */
  readonly cron: string
  /** An IANA name; undefined is the zone of the machine. */
  readonly timezone: string | undefined
  /** An alert that holds is handed over again at the first evaluation later than this. */
  readonly resendDelayMs: number
}

export interface ProbesConfig {
  readonly addressPolicy: AddressPolicy
  /** How many probes may run at once. */
  readonly concurrency: number
}

export interface ShippedRulesConfig {
  readonly enabled: boolean
  /** Names of shipped alerts that are left out. */
  readonly disabled: readonly string[]
}

export const PERMISSIONS = ['script'] as const
export type Permission = (typeof PERMISSIONS)[number]

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

export interface LogConfig {
  readonly level: (typeof LOG_LEVELS)[number]
}

/** What every check has, however it is done. */
interface CheckCommon {
  readonly name: string
  readonly critical: boolean
  readonly category: string
  readonly labels: Labels
  /** Names of checks; while one of them is down, this one is not reported. */
  readonly dependsOn: readonly string[]
  readonly runbook: string | undefined
  /** The entry as it was written, with `${…}` unresolved and secrets masked: for people to read. */
  readonly written: Readonly<Record<string, unknown>>
}

/** midwatch asks. */
export interface ProbeCheck extends CheckCommon {
  readonly kind: 'probe'
  readonly probe: ProbeDefinition<string, unknown>
  /** What `probe.config` made of the entry; `probe.run` takes it. */
  readonly settings: unknown
  /** The target without credentials. */
  readonly instance: string
  readonly everyMs: number
  /** At most `everyMs`. */
  readonly timeoutMs: number
  /** Whether a failure is looked at a second time before it counts. */
  readonly confirm: boolean
}

/** midwatch is told. */
export interface HeartbeatCheck extends CheckCommon {
  readonly kind: 'heartbeat'
  readonly heartbeat: Heartbeat
}

export type CheckConfig = ProbeCheck | HeartbeatCheck

/** Freezes lists and plain records in depth; values that know how to guard themselves (URLs, patterns) stay as they are. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  const prototype: unknown = Object.getPrototypeOf(value)
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) return value
  Object.freeze(value)
  for (const inner of Object.values(value)) deepFreeze(inner)
  return value
}
