import { Cron } from 'croner'
import { formatDuration } from '../model/duration.ts'
import { type Details, down, type Finding, type ProbeMetric, unknown, up } from '../model/finding.ts'
import type { Heartbeat } from '../model/heartbeat.ts'
import type { PingMemory } from './ping-memory.ts'

/** When midwatch knows of a heartbeat, and when it could not be told anything. */
export interface Watched {
  /** Since when the heartbeat is expected at all, epoch milliseconds. */
  readonly sinceMs: number
  /** The latest time in which midwatch did not run: pings of then are not known. */
  readonly absence: { readonly fromMs: number; readonly toMs: number } | undefined
}

/** Something that has to come by a deadline. */
interface Expectation {
  readonly dueMs: number
  /** When it would have been too late. */
  readonly limitMs: number
  /** When it is too late: the limit, or later where midwatch was away and could not hear it. */
  readonly deadlineMs: number
}

/**
 * What the pings so far make of a heartbeat at a moment, as Healthchecks measures it: a period counts from the end of a run, a
 * cron line gives the first time after it. After a start the job has the grace from there, or `max_runtime` where it is set.
 */
export function judgeHeartbeat(heartbeat: Heartbeat, memory: PingMemory, nowMs: number, watched: Watched): Finding {
  const extras = { metrics: metricsOf(memory), details: detailsOf(heartbeat, memory) }
  const { failure } = memory
  if (failure !== undefined) {
    const what = failure.exitCode === undefined ? 'reported a failure' : `ended with exit code ${failure.exitCode}`
    const said = failure.firstLine === '' ? '' : `: ${failure.firstLine}`
    return down('reported', `the job ${what} at ${time(failure.atMs)}${said}`, extras)
  }
  const due = dueOf(heartbeat, memory, watched)
  if (memory.runningSinceMs !== undefined) {
    const running = judgeRun(heartbeat, memory, memory.runningSinceMs, due, nowMs, watched)
    if (running !== undefined) return running
  } else if (nowMs > due.deadlineMs) {
    return down(
      'late',
      `expected at ${time(due.dueMs)}, with a grace of ${duration(heartbeat.graceMs)}; ${lastOf(memory)}`,
      extras,
    )
  } else if (nowMs > due.limitMs) {
    return waiting(`due at ${time(due.dueMs)}`, due, extras)
  }
  if (memory.lastPingMs === undefined) {
    return unknown('late', `no ping has come yet; the first is expected at ${time(due.dueMs)}`, extras)
  }
  return up(extras)
}

/** A run that has begun and not ended; undefined while that is fine. */
function judgeRun(
  heartbeat: Heartbeat,
  memory: PingMemory,
  startMs: number,
  due: Expectation,
  nowMs: number,
  { absence }: Watched,
): Finding | undefined {
  const { graceMs, maxRuntimeMs } = heartbeat
  const extras = { metrics: metricsOf(memory), details: detailsOf(heartbeat, memory), phase: 'run' }
  const limitMs = maxRuntimeMs ?? graceMs
  const end = expect(startMs, limitMs, graceMs, absence)
  const ranMs = nowMs - startMs
  if (nowMs > end.deadlineMs) {
    return maxRuntimeMs === undefined
      ? down(
          'late',
          `started at ${time(startMs)} and did not end within the grace of ${duration(graceMs)}; a job that may take longer needs max_runtime`,
          extras,
        )
      : down('timeout', `running for ${duration(ranMs)}, more than ${duration(maxRuntimeMs)}`, extras)
  }
  // A start in time is a sign of life; one that came too late mends nothing before the job is done.
  if (startMs > due.deadlineMs) {
    return down(
      'late',
      `expected at ${time(due.dueMs)}, started at ${time(startMs)} and not done yet; ${lastOf(memory)}`,
      extras,
    )
  }
  return nowMs > end.limitMs ? waiting(`running since ${time(startMs)}`, end, extras) : undefined
}

function waiting(what: string, { deadlineMs }: Expectation, extras: Parameters<typeof unknown>[2]): Finding {
  const message = `${what}, when midwatch was not running and could not hear it; waiting until ${time(deadlineMs)}`
  return unknown('late', message, extras)
}

/** When the next sign of life is expected. */
function dueOf(heartbeat: Heartbeat, memory: PingMemory, { sinceMs, absence }: Watched): Expectation {
  const fromMs = memory.lastSuccessMs ?? sinceMs
  return expect(nextAfter(heartbeat.schedule, fromMs), heartbeat.graceMs, heartbeat.graceMs, absence)
}

/** What was to come while midwatch was away may have come: it gets a grace of its own from the return. */
function expect(dueMs: number, allowedMs: number, graceMs: number, absence: Watched['absence']): Expectation {
  const limitMs = dueMs + allowedMs
  const wasMissed = absence !== undefined && limitMs > absence.fromMs && dueMs < absence.toMs
  return { dueMs, limitMs, deadlineMs: wasMissed ? Math.max(limitMs, absence.toMs + graceMs) : limitMs }
}

const crons = new WeakMap<Heartbeat['schedule'], Cron>()

/** The first time after `fromMs` that the schedule means; Infinity when there is none. */
export function nextAfter(schedule: Heartbeat['schedule'], fromMs: number): number {
  if (schedule.type === 'period') return fromMs + schedule.periodMs
  let cron = crons.get(schedule)
  if (cron === undefined) {
    const { timezone } = schedule
    const zone = timezone === undefined ? {} : { timezone }
    cron = new Cron(schedule.cron, { mode: '5-or-6-parts', paused: true, ...zone })
    crons.set(schedule, cron)
  }
  return cron.nextRun(new Date(fromMs))?.getTime() ?? Number.POSITIVE_INFINITY
}

function metricsOf({ lastPingMs, lastDurationMs, runningSinceMs }: PingMemory): ProbeMetric[] {
  const metrics: ProbeMetric[] = [{ name: 'probe_heartbeat_running', value: runningSinceMs === undefined ? 0 : 1 }]
  if (lastPingMs !== undefined) {
    metrics.push({ name: 'probe_heartbeat_last_ping_timestamp_seconds', value: lastPingMs / 1000 })
  }
  if (lastDurationMs !== undefined) {
    metrics.push({ name: 'probe_heartbeat_duration_seconds', value: lastDurationMs / 1000 })
  }
  return metrics
}

function detailsOf({ schedule }: Heartbeat, memory: PingMemory): Details {
  const { lastPingMs, lastSuccessMs, lastDurationMs, runningSinceMs } = memory
  return {
    ...(lastPingMs === undefined ? {} : { last_ping: time(lastPingMs) }),
    ...(lastSuccessMs === undefined ? {} : { last_success: time(lastSuccessMs) }),
    ...(lastDurationMs === undefined ? {} : { last_duration_seconds: lastDurationMs / 1000 }),
    ...(runningSinceMs === undefined ? {} : { running_since: time(runningSinceMs) }),
    ...(lastSuccessMs === undefined ? {} : { next_expected: time(nextAfter(schedule, lastSuccessMs)) }),
  }
}

function lastOf({ lastPingMs }: PingMemory): string {
  return lastPingMs === undefined ? 'none has ever come' : `the last sign of life came at ${time(lastPingMs)}`
}

/** UTC, to the second. */
function time(ms: number): string {
  return Number.isFinite(ms) ? new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z') : 'no time at all'
}

/** To the second, so that a message does not change its length at every look. */
function duration(ms: number): string {
  return formatDuration(ms >= 1000 ? Math.floor(ms / 1000) * 1000 : ms)
}
