import type { Finding } from '../model/finding.ts'
import type { CheckHealth, HealthStatus, HealthSummary } from '../model/health.ts'

/** A check as the board has to know it. */
export interface BoardCheck {
  readonly name: string
  readonly critical: boolean
  readonly category: string
}

/** What is remembered of a check over a restart. */
export interface Remembered {
  readonly name: string
  readonly status: HealthStatus
  readonly sinceMs: number
  readonly lastRunMs: number | undefined
  readonly lastSuccessMs: number | undefined
  readonly finding: Finding | undefined
}

/** As PromQL's lookback: what was measured longer ago is in no answer. */
const LOOKBACK_MS = 5 * 60_000

export interface StatusChange {
  readonly name: string
  readonly atMs: number
  readonly from: HealthStatus
  readonly to: HealthStatus
  readonly message: string
}

/** How every check is doing, and what that makes of the whole. */
export class HealthBoard {
  readonly #checks = new Map<string, CheckHealth>()
  /** When a check was first looked at after a time in which nothing was known of it; those that are unknown are not in it. */
  readonly #knownSinceMs = new Map<string, number>()
  /** When a check was last found otherwise than down after it had been down. */
  readonly #recoveredMs = new Map<string, number>()

  readonly #maintenanceOf: (name: string) => CheckHealth['maintenance']

  /** @param maintenanceOf the maintenance window in which a check is now */
  constructor(maintenanceOf: (name: string) => CheckHealth['maintenance'] = () => undefined) {
    this.#maintenanceOf = maintenanceOf
  }

  /** Takes another list of checks; those that stay keep what is known of them. */
  update(checks: readonly BoardCheck[], nowMs: number, remembered: readonly Remembered[] = []): void {
    const before = new Map(this.#checks)
    const memory = new Map(remembered.map((each) => [each.name, each]))
    const names = new Set(checks.map(({ name }) => name))
    for (const times of [this.#knownSinceMs, this.#recoveredMs]) {
      for (const name of times.keys()) if (!names.has(name)) times.delete(name)
    }
    this.#checks.clear()
    for (const check of checks) {
      const known = before.get(check.name) ?? recall(check, memory.get(check.name))
      this.#checks.set(check.name, { ...(known ?? blank(check.name, nowMs)), ...check })
    }
  }

  /**
   * Notes what a look at a check found.
   *
   * @returns the change of its status, if it changed
   */
  note(name: string, finding: Finding, atMs: number, durationMs: number): StatusChange | undefined {
    const before = this.#checks.get(name)
    if (before === undefined) return undefined
    const status = statusOf(finding)
    const message = finding.outcome === 'up' ? '' : finding.message
    if (before.status === 'unhealthy' && status !== 'unhealthy') this.#recoveredMs.set(name, atMs)
    if (status === 'unknown') this.#knownSinceMs.delete(name)
    else if (!this.#knownSinceMs.has(name) || isLongAgo(before, atMs)) this.#knownSinceMs.set(name, atMs)
    this.#checks.set(name, {
      ...before,
      status,
      sinceMs: status === before.status ? before.sinceMs : atMs,
      lastRunMs: atMs,
      lastSuccessMs: finding.outcome === 'up' || finding.outcome === 'degraded' ? atMs : before.lastSuccessMs,
      latencyMs: Math.round(durationMs * 10) / 10,
      message,
      reason: finding.outcome === 'up' ? undefined : finding.reason,
      phase: finding.outcome === 'up' ? undefined : finding.phase,
      details: finding.details,
    })
    return status === before.status ? undefined : { name, atMs, from: before.status, to: status, message }
  }

  /**
   * Why nothing is known of a check at a moment, for people: it could not be judged, or was not looked at. Undefined when
   * something is known, and when there is no such check.
   */
  darkness(name: string, atMs: number): string | undefined {
    const check = this.#checks.get(name)
    if (check === undefined) return undefined
    if (check.status === 'unknown') return `${name} is unknown${check.message === '' ? '' : `: ${check.message}`}`
    const knownSinceMs = this.#knownSinceMs.get(name)
    if (knownSinceMs === undefined) return `${name} was not looked at since the start`
    if (knownSinceMs > atMs) return `${name} was unknown until ${timeOf(knownSinceMs)}`
    return isLongAgo(check, atMs) ? `${name} was last looked at at ${timeOf(check.lastRunMs)}` : undefined
  }

  /** When a check was last found otherwise than down after it had been down; undefined when it was not. */
  recoveredMs(name: string): number | undefined {
    return this.#recoveredMs.get(name)
  }

  get checks(): readonly CheckHealth[] {
    return [...this.#checks.values()].map((check) => this.#withMaintenance(check))
  }

  find(name: string): CheckHealth | undefined {
    const check = this.#checks.get(name)
    return check === undefined ? undefined : this.#withMaintenance(check)
  }

  #withMaintenance(check: CheckHealth): CheckHealth {
    const maintenance = this.#maintenanceOf(check.name)
    return maintenance === undefined ? check : { ...check, maintenance }
  }

  /**
   * The whole: unhealthy when a critical check is, degraded when any other is not healthy. What is unknown or in maintenance
   * changes nothing.
   */
  get summary(): HealthSummary {
    const counts = { healthy: 0, degraded: 0, unhealthy: 0, unknown: 0, maintenance: 0 }
    let status: HealthStatus = 'healthy'
    for (const check of this.checks) {
      if (check.maintenance !== undefined) {
        counts.maintenance++
        continue
      }
      counts[check.status]++
      if (check.status === 'unhealthy' && check.critical) status = 'unhealthy'
      else if ((check.status === 'unhealthy' || check.status === 'degraded') && status === 'healthy')
        status = 'degraded'
    }
    return { status, ...counts, total: this.#checks.size }
  }
}

function isLongAgo({ lastRunMs }: CheckHealth, atMs: number): boolean {
  return lastRunMs === undefined || atMs - lastRunMs >= LOOKBACK_MS
}

function timeOf(ms: number | undefined): string {
  return ms === undefined ? 'no time' : new Date(ms).toISOString()
}

export function statusOf(finding: Finding): HealthStatus {
  switch (finding.outcome) {
    case 'up':
      return 'healthy'
    case 'degraded':
      return 'degraded'
    case 'down':
      return 'unhealthy'
    case 'unknown':
      return 'unknown'
  }
}

function blank(name: string, nowMs: number): CheckHealth {
  return {
    name,
    status: 'unknown',
    critical: false,
    category: 'application',
    sinceMs: nowMs,
    lastRunMs: undefined,
    lastSuccessMs: undefined,
    latencyMs: undefined,
    message: 'not looked at yet',
    reason: undefined,
    phase: undefined,
    details: {},
  }
}

function recall(check: BoardCheck, memory: Remembered | undefined): CheckHealth | undefined {
  if (memory === undefined) return undefined
  const { finding, ...rest } = memory
  return {
    ...check,
    ...rest,
    latencyMs: undefined,
    message: finding === undefined || finding.outcome === 'up' ? '' : finding.message,
    reason: finding === undefined || finding.outcome === 'up' ? undefined : finding.reason,
    phase: finding === undefined || finding.outcome === 'up' ? undefined : finding.phase,
    details: finding?.details ?? {},
  }
}
