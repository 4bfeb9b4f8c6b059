import type { Details, Reason } from './finding.ts'

/** `unknown`: not looked at yet, or it could not be judged. */
export type HealthStatus = 'healthy' | 'degraded' | 'unhealthy' | 'unknown'

/** What is known of one check. */
export interface CheckHealth {
  readonly name: string
  readonly status: HealthStatus
  readonly critical: boolean
  readonly category: string
  /** Since when it has this status, epoch milliseconds. */
  readonly sinceMs: number
  readonly lastRunMs: number | undefined
  readonly lastSuccessMs: number | undefined
  readonly latencyMs: number | undefined
  /** Why it is not healthy; '' when it is. */
  readonly message: string
  readonly reason: Reason | undefined
  readonly phase: string | undefined
  readonly details: Details
  /** The maintenance window in which it is now. */
  readonly maintenance?: { readonly window: string; readonly untilMs: number } | undefined
}

export interface HealthSummary {
  readonly status: HealthStatus
  readonly healthy: number
  readonly degraded: number
  readonly unhealthy: number
  readonly unknown: number
  /** Checks in maintenance, which are in none of the other counts. */
  readonly maintenance: number
  readonly total: number
}
