import type { InhibitRule } from './inhibition.ts'
import type { Route } from './route.ts'
import type { TimeInterval } from './time-interval.ts'

/** One way in which a receiver tells: a channel with what is special about its use here. */
export interface Integration {
  /** Names the channel in the outbox. */
  readonly channel: string
  readonly sendResolved: boolean
}

/** How telling is set up; swapped as a whole at a reload. */
export interface Routing {
  readonly root: Route
  readonly receivers: ReadonlyMap<string, readonly Integration[]>
  readonly inhibitRules?: readonly InhibitRule[]
  readonly timeIntervals?: ReadonlyMap<string, TimeInterval>
}
