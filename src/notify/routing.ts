import type { InhibitRule } from './inhibition.ts'
import type { Route } from './route.ts'
import type { TimeInterval } from './time-interval.ts'

/** One way in which a receiver tells: a channel with what is special about its use here. */
export interface Integration {
  /** Names the channel in the outbox. */
  readonly channel: string
  readonly sendResolved: boolean
  /** The channel that tells in its place while it fails for long. */
  readonly fallback?: string | undefined
  /** It is told as well when somebody has taken on all that it was told of. */
  readonly keepsIncidents?: boolean
}

/** Who is told as well once an alert has waited for somebody to take it on. */
export interface EscalationStep {
  /** Since the alert was first told. */
  readonly afterMs: number
  readonly integrations: readonly Integration[]
}

/** How telling is set up; swapped as a whole at a reload. */
export interface Routing {
  readonly root: Route
  readonly receivers: ReadonlyMap<string, readonly Integration[]>
  /** By the name of the receiver, in the order of their times; those that are not in it are not escalated. */
  readonly escalations?: ReadonlyMap<string, readonly EscalationStep[]>
  readonly inhibitRules?: readonly InhibitRule[]
  readonly timeIntervals?: ReadonlyMap<string, TimeInterval>
}
