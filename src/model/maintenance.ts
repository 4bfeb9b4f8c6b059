import type { Matcher } from './matcher.ts'

/** What a window is for; a check or an alert is in it when one of these says so. */
export interface MaintenanceScope {
  readonly everything: boolean
  /** Names of checks. */
  readonly checks: readonly string[]
  readonly categories: readonly string[]
  /** All of them have to hold; none are no scope. */
  readonly matchers: readonly Matcher[]
}

/** When it is: once, or again and again. Times are epoch milliseconds. */
export type MaintenanceTimes =
  | { readonly kind: 'once'; readonly fromMs: number; readonly toMs: number }
  | {
      readonly kind: 'recurring'
      /** When each begins: five fields, or six with seconds first. */
      readonly cron: string
      /** An IANA name; undefined is the zone of the machine. */
      readonly timezone: string | undefined
      /** How long each takes, whatever the clocks on the wall do meanwhile. */
      readonly forMs: number
    }

/** A time in which people work on something: it is looked at as always, and nobody is told of it. */
export interface MaintenanceWindow {
  /** A UUID; of one of the config its name. */
  readonly id: string
  readonly name: string
  readonly origin: 'config' | 'api'
  readonly scope: MaintenanceScope
  readonly times: MaintenanceTimes
  readonly comment: string
  readonly createdBy: string
  /** Somebody ended it before its time, for good. */
  readonly endedMs?: number | undefined
}

/** One time at which a window is. */
export interface Occurrence {
  readonly window: MaintenanceWindow
  readonly startsAtMs: number
  readonly endsAtMs: number
}

/** What somebody asks for while midwatch runs. */
export interface MaintenanceRequest {
  /** One that is free is made up where this is undefined. */
  readonly name: string | undefined
  readonly scope: MaintenanceScope
  readonly times: MaintenanceTimes
  readonly comment: string
}

/** A window can't be made or ended as asked: its name is taken, nobody knows it, it is over, or the config has it. */
export class MaintenanceError extends Error {
  override readonly name = 'MaintenanceError'
  readonly kind: 'taken' | 'unknown' | 'over' | 'configured'

  constructor(kind: MaintenanceError['kind'], message: string) {
    super(message)
    this.kind = kind
  }
}

/** Whether a window does not come, or does not come again. */
export function isOver({ times, endedMs }: MaintenanceWindow, nowMs: number): boolean {
  return (endedMs !== undefined && endedMs <= nowMs) || (times.kind === 'once' && times.toMs <= nowMs)
}
