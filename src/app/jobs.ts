import { hostname } from 'node:os'
import type { CheckConfig, HeartbeatCheck, ProbeCheck } from '../config/config.ts'
import { formatDuration } from '../model/duration.ts'
import type { Finding } from '../model/finding.ts'
import { Labels } from '../model/labels.ts'
import type { Job } from '../probe/runner.ts'
import type { CheckView } from '../web/context.ts'

/** What a check is besides its state, whoever looks at it. */
export type CheckInfo = Omit<CheckView, 'labels'> & { readonly labels: Labels }

/** How often it is looked whether a heartbeat is late. */
const HEARTBEAT_EVERY_MS = 5000

/** The job that does a configured check, and what is shown of it. */
export function jobOf(
  check: CheckConfig,
  judge: (check: HeartbeatCheck) => Finding,
): { readonly job: Job; readonly info: CheckInfo } {
  return check.kind === 'probe' ? probeJob(check) : heartbeatJob(check, judge)
}

function probeJob(check: ProbeCheck): { job: Job; info: CheckInfo } {
  const { name, probe, settings, instance, everyMs, timeoutMs, confirm } = check
  const labels = probeLabels(check, probe.key, instance)
  return {
    job: {
      name,
      labels: { probe: labels, foreign: foreignLabels() },
      everyMs,
      timeoutMs,
      confirm,
      identity: JSON.stringify([check.written, labels.pairs, everyMs, timeoutMs, confirm]),
      run: (context) => probe.run(settings, context),
    },
    info: infoOf(check, probe.key, instance, everyMs, timeoutMs),
  }
}

function heartbeatJob(check: HeartbeatCheck, judge: (check: HeartbeatCheck) => Finding): { job: Job; info: CheckInfo } {
  const { name, heartbeat } = check
  const labels = probeLabels(check, 'heartbeat', name)
  return {
    job: {
      name,
      labels: { probe: labels, foreign: labels },
      everyMs: HEARTBEAT_EVERY_MS,
      timeoutMs: HEARTBEAT_EVERY_MS,
      confirm: false,
      identity: JSON.stringify(['heartbeat', heartbeat, labels.pairs]),
      run: async () => judge(check),
    },
    info: infoOf(check, 'heartbeat', describeSchedule(check), HEARTBEAT_EVERY_MS, undefined),
  }
}

function describeSchedule({ heartbeat: { schedule, graceMs } }: HeartbeatCheck): string {
  const when = schedule.type === 'period' ? `every ${formatDuration(schedule.periodMs)}` : `at ${schedule.cron}`
  return `expected ${when}, ${formatDuration(graceMs)} grace`
}

function probeLabels(
  { name, critical, category, labels }: Pick<CheckConfig, 'name' | 'critical' | 'category' | 'labels'>,
  kind: string,
  instance: string,
): Labels {
  return labels.merge(
    Labels.of({ job: 'probe', check: name, instance, probe: kind, category, critical: critical ? 'true' : 'false' }),
  )
}

/** Metrics under node_exporter's names look as if it was scraped on this machine. */
function foreignLabels(): Labels {
  return Labels.of({ job: 'node', instance: hostname() })
}

function infoOf(
  {
    name,
    critical,
    category,
    dependsOn,
    runbook,
    labels,
    written,
  }: Omit<CheckInfo, 'kind' | 'instance' | 'everyMs' | 'timeoutMs'>,
  kind: string,
  instance: string,
  everyMs: number,
  timeoutMs: number | undefined,
): CheckInfo {
  return { name, kind, instance, critical, category, everyMs, timeoutMs, dependsOn, runbook, labels, written }
}

/** A check that midwatch makes of itself. */
export interface SelfCheck {
  readonly name: string
  readonly critical: boolean
  readonly instance: string
  /** 15 s unless told. */
  readonly everyMs?: number
  /** 5 s unless told. */
  readonly timeoutMs?: number
  /** Changes when it does something else under the same name. */
  readonly variant?: string
  run(): Promise<Finding> | Finding
}

const SELF_EVERY_MS = 15_000
const SELF_TIMEOUT_MS = 5000

export function selfJobOf(check: SelfCheck): { readonly job: Job; readonly info: CheckInfo } {
  const common = {
    ...check,
    category: 'midwatch',
    labels: Labels.empty,
    dependsOn: [],
    runbook: undefined,
    written: {},
  }
  const { everyMs = SELF_EVERY_MS, timeoutMs = SELF_TIMEOUT_MS, variant = '' } = check
  const labels = probeLabels(common, 'self', check.instance)
  return {
    job: {
      name: check.name,
      labels: { probe: labels, foreign: foreignLabels() },
      everyMs,
      timeoutMs,
      confirm: false,
      identity: `self ${check.name} ${variant}`,
      run: async () => check.run(),
    },
    info: infoOf(common, 'self', check.instance, everyMs, timeoutMs),
  }
}
