import type { Labels } from './labels.ts'

export type AlertState = 'inactive' | 'pending' | 'firing'

/** One instance of an alerting rule, keyed by its full label set. */
export interface AlertInstance {
  /** With `alertname`, without the metric name. */
  readonly labels: Labels
  readonly annotations: Readonly<Record<string, string>>
  readonly state: AlertState
  /** The expression's value when it was last seen. */
  readonly value: number
  readonly activeAtMs: number
  readonly firedAtMs: number | undefined
  /** Set when it is inactive: it is sent as resolved for another 15 minutes. */
  readonly resolvedAtMs: number | undefined
  readonly lastSentAtMs: number | undefined
  readonly keepFiringSinceMs: number | undefined
}

/** An alert on its way from a rule (or from outside) to the telling side, as in Alertmanager's API. */
export interface SentAlert {
  readonly labels: Labels
  readonly annotations: Readonly<Record<string, string>>
  readonly startsAtMs: number
  /** Past this it counts as resolved unless it is sent again. */
  readonly endsAtMs: number
  readonly generatorUrl: string
  /** Nobody said when it ends: the end is assumed. */
  readonly timedOut?: boolean
}

/** One line of an alert's story: what was decided or done, and why. */
export interface AlertEvent {
  readonly fingerprint: string
  readonly atMs: number
  readonly kind:
    | 'pending'
    | 'firing'
    | 'resolved'
    | 'forgotten'
    | 'grouped'
    | 'suppressed'
    | 'queued'
    | 'attempt-failed'
    | 'delivered'
    | 'expired'
    | 'not-routed'
    | 'acknowledged'
    | 'ack-ended'
    | 'escalated'
  readonly detail: string
}
