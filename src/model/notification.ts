/** One alert of a notification, as it goes to a channel. */
export interface NotifiedAlert {
  readonly status: 'firing' | 'resolved'
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly startsAtMs: number
  /** Undefined while it fires. */
  readonly endsAtMs: number | undefined
  readonly generatorUrl: string
  readonly fingerprint: string
  /** What the check behind the alert last found: which phase failed and why. */
  readonly finding?: string
  /** The value when the rule last handed it over, and what it is held against: `0.32 (threshold > 0.1)`. */
  readonly measure?: string
  /** Journeys on which errors happened that this may be about; of one that fires. */
  readonly traceIds?: readonly string[]
  /** Who has taken it on. */
  readonly acknowledged?: { readonly by: string; readonly reason: string; readonly untilMs: number }
  /** Where it can be acknowledged without signing in; only of one that fires and that nobody has taken on. */
  readonly ackUrl?: string
}

/** The reason of a message that says only that somebody has taken on all that it lists. */
export const ACKNOWLEDGED = 'acknowledged'

/** What a channel is asked to tell: a whole group, firing and resolved alerts. */
export interface Notification {
  readonly receiver: string
  readonly status: 'firing' | 'resolved'
  /** Why it is sent now: first time, new alerts, some resolved, repeat, … */
  readonly reason: string
  readonly groupKey: string
  readonly groupLabels: Readonly<Record<string, string>>
  readonly commonLabels: Readonly<Record<string, string>>
  readonly commonAnnotations: Readonly<Record<string, string>>
  /** Where midwatch is reached, without a slash at the end. */
  readonly externalUrl: string
  /** Where all that fire can be acknowledged at once, where there are several. */
  readonly ackUrl?: string
  /** By which step of an escalation it is told, and after how long; it is told at once where this is left out. */
  readonly escalation?: { readonly step: number; readonly afterMs: number }
  readonly alerts: readonly NotifiedAlert[]
  /** What people have to know of its way: that it is late, or comes in place of another message. */
  readonly notes?: readonly string[]
  /** Where it is several messages in one: the groups that they are about, the worst first. */
  readonly groups?: readonly NotifiedGroup[]
}

/** A group in a message about several of them. */
export interface NotifiedGroup {
  readonly labels: Readonly<Record<string, string>>
  /** Where all of it that fires can be acknowledged at once, where there are several. */
  readonly ackUrl?: string
  readonly alerts: readonly NotifiedAlert[]
}
