import type { Labels } from './labels.ts'
import type { Condition } from './measure.ts'

export type AlertState = 'inactive' | 'pending' | 'firing'

/** Nothing is known at present of what an alert is about: it keeps its state, and its waiting time stands still. */
export interface Frozen {
  readonly sinceMs: number
  /** For people: `shop is unknown: …`. */
  readonly reason: string
}

/** One instance of an alerting rule, keyed by its full label set. */
export interface AlertInstance {
  /** With `alertname`, without the metric name. */
  readonly labels: Labels
  readonly annotations: Readonly<Record<string, string>>
  readonly state: AlertState
  /** The expression's value when it was last seen. */
  readonly value: number
  /** The worst value since it became active: the least where the rule wants more, else the greatest. */
  readonly peak?: number
  readonly activeAtMs: number
  readonly firedAtMs: number | undefined
  /** Set when it is inactive: it is sent as resolved for another 15 minutes. */
  readonly resolvedAtMs: number | undefined
  readonly lastSentAtMs: number | undefined
  readonly keepFiringSinceMs: number | undefined
  /** While it is frozen. */
  readonly frozen?: Frozen | undefined
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
  readonly origin?: AlertOrigin
  /** Why nothing is known at present of what it is about: it is not repeated then. */
  readonly frozen?: string
}

/** What the rule knows of its alert besides; one that was posted from outside has none. Plain data. */
export interface AlertOrigin {
  /** The group and the file of the rule. */
  readonly group: string
  readonly file: string
  /** Since when the expression holds, epoch milliseconds. */
  readonly activeAtMs: number
  /** As text, since JSON has no NaN: the value when it was last handed over, and the worst one. */
  readonly value: string
  readonly peak: string
  /** What the value is held against, where the expression says so plainly. */
  readonly condition?: Condition
}

/**
 * What can happen to an alert. The list is open: who makes an event of another kind need not be known here, and whoever
 * shows events shows those that it does not know by their own name.
 */
export type AlertEventKind =
  | 'pending'
  | 'firing'
  | 'resolved'
  | 'forgotten'
  | 'frozen'
  | 'thawed'
  | 'received'
  | 'grouped'
  | 'dependency'
  | 'inhibited'
  | 'muted'
  | 'maintenance'
  | 'silenced'
  | 'acknowledged'
  | 'deduplicated'
  | 'not-told'
  | 'queued'
  | 'attempt-failed'
  | 'delivered'
  | 'expired'
  | 'ack-ended'
  | 'escalated'
  | (string & {})

/** One line of an alert's story: what was decided or done, and why. */
export interface AlertEvent {
  readonly fingerprint: string
  readonly atMs: number
  readonly kind: AlertEventKind
  readonly detail: string
  /** What it is about: `channel/slack`, `silence/<id>`, `alert/<fingerprint>`, `group/<key>`; nothing in particular unless told. */
  readonly subject?: string
  /** It is the same as the one before of this kind and subject, which happened this many times more until `atMs`. */
  readonly again?: number
}
