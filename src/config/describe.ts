import { formatDuration } from '../model/duration.ts'
import type { Heartbeat } from '../model/heartbeat.ts'
import type { Channel } from '../notify/channel/channel.ts'
import { type ChannelName, channels } from '../notify/channel/registry.ts'
import { describeEventSink } from '../notify/event-sink.ts'
import { describeAlerting } from './alerting.ts'
import { printAlertmanager } from './alertmanager/print.ts'
import type { CheckConfig, Config, Listen } from './config.ts'
import { formatBeacon } from './connectivity.ts'
import { describeDelivery } from './delivery.ts'
import type { EscalationConfig } from './escalation.ts'
import { describeMaintenance } from './maintenance.ts'
import type { NotifyConfig } from './notify.ts'
import { formatDays } from './schema.ts'

const MASK = '<secret>'

/** The effective configuration as plain data under the keys of the file, defaults filled in and secrets masked. */
export function describeConfig(config: Config): Record<string, unknown> {
  const { server, storage, evaluation, shippedRules } = config
  const { rawMs, rollupMs, auditMs, alertsMs } = storage.retention
  return {
    server: {
      listen: formatListen(server.listen),
      ...given('external_url', server.externalUrl),
      trusted_proxies: [...server.trustedProxies.texts],
      public: [...server.public],
      tokens: server.tokens.map(({ name, scopes }) => ({ name, token: MASK, scopes: [...scopes] })),
    },
    storage: {
      data: storage.data,
      retention: {
        raw: formatDays(rawMs),
        rollup: formatDays(rollupMs),
        audit: formatDays(auditMs),
        alerts: formatDays(alertsMs),
      },
      limits: { series: storage.limits.series, series_per_metric: storage.limits.seriesPerMetric },
    },
    evaluation: {
      cron: evaluation.cron,
      ...given('timezone', evaluation.timezone),
      resend_delay: formatDuration(evaluation.resendDelayMs),
    },
    checks: config.checks.map(describeCheck),
    allow: [...config.allow],
    probes: { address_policy: config.probes.addressPolicy, concurrency: config.probes.concurrency },
    rule_files: [...config.ruleFiles],
    slo_files: [...config.sloFiles],
    kpi_files: [...config.kpiFiles],
    shipped_rules:
      shippedRules.enabled && shippedRules.disabled.length > 0
        ? { disable: [...shippedRules.disabled] }
        : shippedRules.enabled,
    notify: describeNotify(config.notify),
    ...given('alertmanager', describeAlertmanager(config)),
    ...given('alerting', config.alerting && describeAlerting(config.alerting)),
    ...given(
      'global',
      config.externalLabels.size === 0 ? undefined : { external_labels: config.externalLabels.toObject() },
    ),
    ...given('events', config.events === undefined ? undefined : describeEventSink(config.events)),
    maintenance: config.maintenance.map(describeMaintenance),
    connectivity: {
      any_of: config.connectivity.anyOf.map(formatBeacon),
      every: formatDuration(config.connectivity.everyMs),
      timeout: formatDuration(config.connectivity.timeoutMs),
    },
    log: { level: config.log.level },
  }
}

/** As it is written in the config: `127.0.0.1:8420`, `[::1]:8420`, `:8420`. */
export function formatListen({ host, port }: Listen): string {
  return `${host === undefined ? '' : host.includes(':') ? `[${host}]` : host}:${port}`
}

function describeCheck(check: CheckConfig): Record<string, unknown> {
  return {
    ...check.written,
    // The target is worth showing, even where the text that names it holds a password.
    ...(check.kind === 'probe' && check.written[check.probe.key] === MASK ? { [check.probe.key]: check.instance } : {}),
    critical: check.critical,
    category: check.category,
    labels: check.labels.toObject(),
    depends_on: [...check.dependsOn],
    ...(check.kind === 'probe'
      ? { every: formatDuration(check.everyMs), timeout: formatDuration(check.timeoutMs), confirm: check.confirm }
      : { heartbeat: describeHeartbeat(check.heartbeat) }),
  }
}

function describeHeartbeat({ schedule, graceMs, maxRuntimeMs }: Heartbeat): Record<string, unknown> {
  return {
    ...(schedule.type === 'period'
      ? { period: formatDuration(schedule.periodMs) }
      : { cron: schedule.cron, ...given('timezone', schedule.timezone) }),
    grace: formatDuration(graceMs),
    ...given('max_runtime', maxRuntimeMs === undefined ? undefined : formatDuration(maxRuntimeMs)),
  }
}

/** What was written of it; without routes of its own those of `notify` count, and are not repeated here. */
function describeAlertmanager(config: Config): Record<string, unknown> | undefined {
  if (config.alertmanager === undefined) return undefined
  const { route, receivers, ...others } = printAlertmanager(config).config
  return config.alertmanager.route === undefined ? others : { route, receivers, ...others }
}

function describeNotify(notify: NotifyConfig): Record<string, unknown> {
  const set = Object.entries(channels).flatMap(([name, channel]) => {
    const settings = notify.channels[name as ChannelName]
    return settings === undefined ? [] : [[name, (channel as Channel<unknown>).describe(settings)] as const]
  })
  return {
    ...Object.fromEntries(set),
    by_severity: Object.fromEntries(Object.entries(notify.bySeverity).map(([one, names]) => [one, [...names]])),
    group_by: [...notify.groupBy],
    group_wait: formatDuration(notify.groupWaitMs),
    group_interval: formatDuration(notify.groupIntervalMs),
    repeat: formatDuration(notify.repeatMs),
    ...(Object.keys(notify.escalation).length === 0 ? {} : { escalation: describeEscalation(notify.escalation) }),
    send_resolved: notify.sendResolved,
    ...describeDelivery(notify),
  }
}

function describeEscalation(escalation: EscalationConfig): Record<string, unknown> {
  const steps = Object.entries(escalation).map(([source, all]) => [
    source,
    all.map(({ afterMs, to }) => ({ after: formatDuration(afterMs), to: [...to] })),
  ])
  return Object.fromEntries(steps)
}

function given<Key extends string, Value>(key: Key, value: Value | undefined): { [K in Key]?: Value } {
  return value === undefined ? {} : ({ [key]: value } as { [K in Key]: Value })
}
