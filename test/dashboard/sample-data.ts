import { exampleKpis } from '../../scripts/dashboards/files.ts'
import { type Kpi, kpiSeries } from '../../src/objective/kpi.ts'
import { kpiAlert } from '../../src/objective/kpi-rules.ts'
import { alerts, root } from '../rules/shipped.ts'

/** When the sample data end; dashboards are looked at as they are at this moment. */
export const END_MS = Date.UTC(2026, 2, 4, 12)
/** Samples stand a little off the full minute, so that none lies on the edge of a window. */
const OFFSET_MS = 7_000
const MINUTE_MS = 60_000
const STEP_MINUTES = 2
const MINUTES = 30 * 60
const DAY_S = 86_400

type LabelPairs = Readonly<Record<string, string>>

/** One series: its value in each minute up to `MINUTES`. */
export interface SampleSeries {
  readonly name: string
  readonly labels: LabelPairs
  readonly value: (minute: number) => number
}

/** Minutes that counters have counted already: how 2.42 treats those near 0 differs from 3. */
const COUNTED_BEFORE = 5000

/** Grows by about `aMinute`, a little more at some times than at others. */
function counter(name: string, labels: LabelPairs, aMinute: number): SampleSeries {
  const phase = hash(name + JSON.stringify(labels)) % 360
  return {
    name,
    labels,
    value: (minute) => round(aMinute * (COUNTED_BEFORE + minute + 20 * Math.sin((minute + phase) / 60))),
  }
}

/** Swings around a value. */
function gauge(name: string, labels: LabelPairs, around: number, swing = around / 10): SampleSeries {
  const phase = hash(name + JSON.stringify(labels)) % 360
  return { name, labels, value: (minute) => round(around + swing * Math.sin((minute + phase) / 30)) }
}

/** The same all the time, or what the function says. */
function fixed(name: string, labels: LabelPairs, value: number | ((minute: number) => number)): SampleSeries {
  return { name, labels, value: typeof value === 'number' ? () => value : value }
}

/** The series of a histogram: each observation falls into the buckets by these shares. */
function histogram(
  name: string,
  labels: LabelPairs,
  bounds: readonly number[],
  aMinute: number,
  mean: number,
): SampleSeries[] {
  const whole = counter(`${name}_count`, labels, aMinute)
  const within = (bound: number) => 1 - Math.exp(-bound / mean)
  return [
    ...bounds.map((bound) => ({
      name: `${name}_bucket`,
      labels: { ...labels, le: String(bound) },
      value: (minute: number) => Math.floor(whole.value(minute) * within(bound)),
    })),
    { name: `${name}_bucket`, labels: { ...labels, le: '+Inf' }, value: whole.value },
    whole,
    { name: `${name}_sum`, labels, value: (minute: number) => round(whole.value(minute) * mean) },
  ]
}

function hash(text: string): number {
  let sum = 7
  for (const char of text) sum = (sum * 31 + char.charCodeAt(0)) % 1_000_003
  return sum
}

function round(value: number): number {
  return Math.round(value * 1e6) / 1e6
}

const each = <T>(items: readonly T[], make: (item: T, i: number) => readonly SampleSeries[]) => items.flatMap(make)

const SECONDS = [0.5, 1, 2.5, 5, 10, 30, 60, 120]
const push = { job: 'push' }
const endS = END_MS / 1000
const timeAt = (minute: number) => (END_MS + (minute - MINUTES) * MINUTE_MS) / 1000

function checks(): SampleSeries[] {
  const known = [
    ['shop', 'application', 'http', 'true', 'https://shop.example.org/health', 20],
    ['erp', 'integration', 'http', 'false', 'https://erp.example.org', 9],
    ['database', 'database', 'postgres', 'true', 'db:5432', undefined],
    ['nightly-backup', 'application', 'heartbeat', 'false', 'nightly-backup', undefined],
  ] as const
  return each(known, ([check, category, probe, critical, instance, days], k) => {
    const labels = { job: 'probe', check, category, probe, critical, instance }
    // The last check is down at the end; the second one was twice.
    const isUp = (minute: number) =>
      (k === 3 && minute > MINUTES - 90) || (k === 1 && (minute % 700 < 12 || minute === MINUTES - 14)) ? 0 : 1
    const common = [fixed('probe_success', labels, isUp), gauge('probe_duration_seconds', labels, 0.2 + k)]
    if (probe === 'heartbeat') {
      return [
        ...common,
        fixed('probe_heartbeat_last_ping_timestamp_seconds', labels, endS - 5 * 3600),
        fixed('probe_heartbeat_duration_seconds', labels, 312),
        fixed('probe_heartbeat_running', labels, 0),
      ]
    }
    if (days === undefined) return [...common, gauge('probe_dns_lookup_time_seconds', labels, 0.004)]
    return [
      ...common,
      gauge('probe_dns_lookup_time_seconds', labels, 0.01),
      fixed('probe_http_status_code', labels, (minute) => (isUp(minute) === 1 ? 200 : 503)),
      fixed('probe_http_uncompressed_body_length', labels, 5120),
      ...['resolve', 'connect', 'tls', 'processing', 'transfer'].map((phase) =>
        gauge('probe_http_duration_seconds', { ...labels, phase }, 0.03),
      ),
      fixed('probe_ssl_earliest_cert_expiry', labels, endS + days * DAY_S),
      fixed('probe_tls_version_info', { ...labels, version: 'TLS 1.3' }, 1),
    ]
  })
}

function targets(): SampleSeries[] {
  return each(['app-1:9090', 'app-2:9090'], (instance, k) => [
    fixed('up', { job: 'app', instance }, (minute) => (k === 1 && minute > MINUTES - 30 ? 0 : 1)),
    gauge('scrape_duration_seconds', { job: 'app', instance }, 0.03),
  ])
}

function machines(): SampleSeries[] {
  return each(['app-1', 'db-1'], (instance, k) => {
    const of = { job: 'node', instance }
    const disk = { ...of, device: '/dev/sda1', fstype: 'ext4', mountpoint: '/' }
    const gigabyte = 1024 ** 3
    return [
      ...each(['0', '1'], (cpu) =>
        each(['idle', 'user', 'system', 'iowait', 'steal'], (mode) => [
          counter('node_cpu_seconds_total', { ...of, cpu, mode }, mode === 'idle' ? 36 - 20 * k : 6 + 5 * k),
        ]),
      ),
      gauge('node_memory_MemTotal_bytes', of, 8 * gigabyte, 0),
      gauge('node_memory_MemAvailable_bytes', of, (3 - k) * gigabyte),
      gauge('node_memory_MemFree_bytes', of, gigabyte),
      fixed('node_filesystem_size_bytes', disk, 100 * gigabyte),
      fixed('node_filesystem_avail_bytes', disk, (minute) => (20 - 12 * k) * gigabyte - minute * k * 1e6),
      fixed('node_filesystem_files', disk, 6_000_000),
      fixed('node_filesystem_files_free', disk, 5_000_000),
      fixed('node_filesystem_readonly', disk, 0),
      gauge('node_filefd_allocated', of, 3000),
      fixed('node_filefd_maximum', of, 100_000),
      gauge('node_load5', of, 1.2),
      fixed('node_time_seconds', of, timeAt),
      fixed('node_boot_time_seconds', of, endS - (9 - 8 * k) * DAY_S),
      counter('node_disk_io_time_seconds_total', { ...of, device: 'sda' }, 12),
      counter('node_disk_read_bytes_total', { ...of, device: 'sda' }, 4e6),
      counter('node_disk_written_bytes_total', { ...of, device: 'sda' }, 9e6),
      counter('node_network_receive_bytes_total', { ...of, device: 'eth0' }, 3e7),
      counter('node_network_transmit_bytes_total', { ...of, device: 'eth0' }, 2e7),
      gauge('node_procs_running', of, 3),
      gauge('node_procs_blocked', of, 1),
      counter('node_context_switches_total', of, 60_000),
    ]
  })
}

function languageModels(): SampleSeries[] {
  const models = [
    ['acme', 'small', 3],
    ['acme', 'large', 1],
    ['other', 'medium', 2],
  ] as const
  return each(models, ([provider, model, aMinute], k) => {
    const of = { ...push, provider, model }
    const learned = { job: 'push', provider, model }
    return [
      counter('llm_calls_total', { ...of, outcome: 'success' }, aMinute),
      counter('llm_calls_total', { ...of, outcome: 'failure' }, aMinute / 8),
      ...histogram('llm_call_duration_seconds', of, SECONDS, aMinute, 4 + 6 * k),
      counter('llm_tokens_total', { ...of, direction: 'input' }, 900 * aMinute),
      counter('llm_tokens_total', { ...of, direction: 'output' }, 300 * aMinute),
      ...each(['north', 'south'], (tenant) => [counter('llm_cost_dollars_total', { ...of, tenant }, 0.0008 * aMinute)]),
      gauge('llm:call_duration_seconds:mean1h', learned, 4 + 6 * k),
      gauge('llm:call_duration_seconds:threshold7d', learned, 5 + 6 * k),
      gauge('llm:tokens:increase1d', learned, 1e6),
      gauge('llm:tokens:threshold7d', learned, 1.2e6),
    ]
  })
}

function work(): SampleSeries[] {
  return [
    ...each(['mail', 'invoices'], (queue, k) => [
      gauge('worker_active', { ...push, queue }, 4 - 2 * k, 1),
      gauge('queue_tasks_active', { ...push, queue }, 3),
      gauge('queue_tasks_queued', { ...push, queue }, 20 + 60 * k),
      counter('queue_tasks_failed_total', { ...push, queue }, 0.05),
      gauge('approval_queue_size', { ...push, queue }, 5 + k, 2),
      fixed('approval_oldest_age_seconds', { ...push, queue }, (minute) => 3600 + 60 * minute),
    ]),
    ...each(['invoice', 'reply'], (type, k) => [
      counter('automation_total', { ...push, type, action: 'run', status: 'success' }, 3 + k),
      counter('automation_total', { ...push, type, action: 'run', status: 'failure' }, 0.2),
      ...histogram('automation_duration_seconds', { ...push, type }, SECONDS, 3 + k, 5),
      ...histogram('automation_confidence', { ...push, type }, [0.2, 0.4, 0.6, 0.8, 1], 3 + k, 0.7),
    ]),
    ...each(['billing', 'forms'], (source, k) => [
      counter('webhook_received_total', { ...push, source, event_type: 'created' }, 2 + k),
      ...histogram('webhook_processing_seconds', { ...push, source }, SECONDS, 2 + k, 8),
      counter('webhook_signature_failures_total', { ...push, source }, 0.2),
    ]),
    ...each(['read', 'write'], (method, k) => [
      counter('rpc_calls_total', { ...push, system: 'erp', method }, 4 - k),
      ...histogram('rpc_call_duration_seconds', { ...push, system: 'erp', method }, SECONDS, 4 - k, 1.5),
    ]),
    ...each(['success', 'failure'], (outcome, k) => [
      counter('notification_sent_total', { ...push, channel: 'slack', outcome }, 0.4 - 0.3 * k),
    ]),
  ]
}

function agents(): SampleSeries[] {
  return each(['planner', 'writer'], (agent, k) => [
    counter('agent_tasks_total', { ...push, agent, outcome: 'success' }, 2 + k),
    counter('agent_tasks_total', { ...push, agent, outcome: 'failure' }, 0.2),
    ...histogram('agent_task_duration_seconds', { ...push, agent }, SECONDS, 2 + k, 20),
    ...each(['search', 'mail'], (tool) => [
      counter('agent_tool_calls_total', { ...push, agent, tool, outcome: 'success' }, 5),
      counter('agent_tool_calls_total', { ...push, agent, tool, outcome: 'failure' }, 0.3),
    ]),
  ])
}

function governance(): SampleSeries[] {
  return [
    ...each(['four-eyes', 'no-personal-data'], (policy, k) => [
      counter('policy_evaluations_total', { ...push, policy, outcome: 'allowed' }, 3),
      counter('policy_evaluations_total', { ...push, policy, outcome: 'denied' }, 0.1),
      counter('policy_violations_total', { ...push, policy }, 0.01 * k),
    ]),
    ...each(['success', 'failure'], (outcome, k) => [counter('audit_records_total', { ...push, outcome }, 6 - 5 * k)]),
    ...each(['password', 'token'], (kind, k) => [
      counter('auth_failures_total', { ...push, kind }, 0.5 + 2 * k),
      counter('rate_limit_hits_total', { ...push, kind }, 1),
      counter('security_events_total', { ...push, kind }, 0.02),
    ]),
  ]
}

function itself(): SampleSeries[] {
  const of = { job: 'midwatch', instance: '127.0.0.1:8420' }
  return [
    fixed('midwatch_outbox_oldest_age_seconds', of, 0),
    gauge('midwatch_scheduler_lag_seconds', of, 0.05),
    gauge('midwatch_writer_queue_length', of, 4),
    gauge('midwatch_disk_free_bytes', of, 2e10),
    fixed('midwatch_storage_corruptions_total', of, 0),
    fixed('midwatch_config_last_reload_successful', of, 1),
    gauge('midwatch_series', of, 4000),
    gauge('midwatch_resident_memory_bytes', of, 1.2e8),
    gauge('midwatch_database_size_bytes', of, 5e8),
    counter('midwatch_samples_appended_total', of, 16_000),
    counter('midwatch_series_refused_total', { ...of, reason: 'too-old' }, 0.1),
    ...each(['checks', 'llm'], (group) => [
      gauge('midwatch_rule_group_last_duration_seconds', { ...of, rule_group: group }, 0.004),
    ]),
    ...each(['delivered', 'failed'], (outcome) => [
      counter('midwatch_notifications_total', { ...of, channel: 'slack', outcome }, 0.1),
    ]),
  ]
}

function objectives(): SampleSeries[] {
  return each(['requests', 'latency'], (slo, k) => {
    const of = { sloth_id: `shop-${slo}`, sloth_service: 'shop', sloth_slo: slo }
    const budget = 0.001 * (1 + 9 * k)
    const errors = (factor: number) => budget * factor
    return [
      ...['5m', '30m', '1h', '2h', '6h', '1d', '3d', '30d'].map((window, w) =>
        gauge(`slo:sli_error:ratio_rate${window}`, { ...of, sloth_window: window }, errors(1.5 - w / 8)),
      ),
      fixed('slo:objective:ratio', of, 1 - budget),
      fixed('slo:error_budget:ratio', of, budget),
      fixed('slo:time_period:days', of, 30),
      gauge('slo:current_burn_rate:ratio', of, 1.5),
      gauge('slo:period_burn_rate:ratio', of, 0.7),
      gauge('slo:period_error_budget_remaining:ratio', of, 0.3, 0.05),
      fixed('sloth_slo_info', { ...of, sloth_objective: String(100 * (1 - budget)), sloth_mode: 'cli-gen-prom' }, 1),
    ]
  })
}

/** The KPIs of the example. */
const kpis = exampleKpis(root)

/** Alerts of the example's KPIs. */
export const kpiAlerts = [...new Set(kpis.flatMap((kpi) => kpi.thresholds.map(({ side }) => kpiAlert(kpi, side))))]

/** What a KPI records, and what it draws of its metric itself. */
function keyFigures(): SampleSeries[] {
  return kpis.flatMap((kpi) => {
    const { name, unit, owner, by, aggregations, metric, kind } = kpi
    const of = { kpi: name, unit, ...(owner === undefined ? {} : { owner }) }
    const recorded = combinations(kpi, by).flatMap((labels) =>
      aggregations.map((aggregation) => gauge(kpiSeries(name, aggregation), { ...of, ...labels }, 3)),
    )
    return kind === 'histogram'
      ? [...recorded, ...histogram(metric, { ...push, phase: 'payment' }, SECONDS, 4, 3)]
      : recorded
  })
}

function combinations({ labels }: Kpi, by: readonly string[]): LabelPairs[] {
  return by.reduce<LabelPairs[]>(
    (all, label) =>
      all.flatMap((one) => (labels?.get(label)?.values ?? ['one', 'two']).map((value) => ({ ...one, [label]: value }))),
    [{}],
  )
}

/** Every shipped alert and those of KPIs fire in the last quarter of an hour. */
function firing(): SampleSeries[] {
  const names = new Map([
    ...alerts.map(({ name, severity }) => [name, severity] as const),
    ...kpiAlerts.map((name) => [name, 'critical'] as const),
  ])
  return [...names].map(([alertname, severity]) => {
    const check = /^(?:Check|Database|Integration|Heartbeat|Certificate)/.test(alertname) ? { check: 'shop' } : {}
    return fixed(
      'ALERTS',
      { alertname, alertstate: 'firing', severity, job: 'probe', instance: 'shop', ...check },
      (minute) => (minute > MINUTES - 15 ? 1 : Number.NaN),
    )
  })
}

/** Series of every metric that the shipped dashboards ask for. */
export const sampleSeries: readonly SampleSeries[] = [
  ...checks(),
  ...targets(),
  ...machines(),
  ...languageModels(),
  ...work(),
  ...agents(),
  ...governance(),
  ...itself(),
  ...objectives(),
  ...keyFigures(),
  ...firing(),
]

/** As OpenMetrics, each sample with its time: what `promtool tsdb create-blocks-from` and `midwatch import` take. */
export function openMetrics(series: readonly SampleSeries[]): string {
  const lines: string[] = []
  for (const { name, labels, value } of series) {
    const pairs = Object.entries(labels).map(([label, text]) => `${label}=${JSON.stringify(text)}`)
    for (let minute = 0; minute < MINUTES; minute += STEP_MINUTES) {
      const number = value(minute)
      if (Number.isNaN(number)) continue
      const seconds = (END_MS + (minute - MINUTES) * MINUTE_MS + OFFSET_MS) / 1000
      lines.push(`${name}{${pairs.join(',')}} ${number} ${seconds}`)
    }
  }
  return `${lines.join('\n')}\n# EOF\n`
}
