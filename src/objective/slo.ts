import type { AlertWindows } from './windows.ts'

type Texts = Readonly<Record<string, string>>

/** One service level objective, as read from whichever format and checked: it can be compiled. */
export interface Slo {
  /** Unique among all; `<service>-<name>`, in OpenSLO `<service>-<name>-<number of the objective>`. */
  readonly id: string
  readonly service: string
  readonly name: string
  readonly description: string
  /** Percent of events that have to be good, above 0 and up to 100. */
  readonly objective: number
  /** What the budget is for; undefined is the period that everybody has. */
  readonly periodMs: number | undefined
  readonly labels: Texts
  readonly sli: Sli
  /** Undefined: nobody is told. */
  readonly page: SloAlert | undefined
  readonly ticket: SloAlert | undefined
  readonly policy: Policy
  /** Windows of its own, in place of those of its period. */
  readonly windows: AlertWindows | undefined
  /** What Sloth does not do and midwatch does unless it is told otherwise; undefined: exactly Sloth's rules. */
  readonly guards: Guards | undefined
  /** Which parts of Sloth's chain of plugins make its rules. */
  readonly steps: Steps
  /** Checks of midwatch that it is about. */
  readonly checks: readonly string[]
  readonly origin: SloOrigin
}

/** What is measured. In each query `{{ .window }}` stands for the window. */
export type Sli =
  | {
      readonly kind: 'events'
      readonly errorQuery: string
      readonly totalQuery: string
      readonly counts: EventCount
      /** Whether errors of which nobody has counted any yet are none; not so where they are what is left of the good ones. */
      readonly isZeroWhenAbsent: boolean
    }
  | { readonly kind: 'raw'; readonly errorRatioQuery: string }

/** What a query for events gives: how many there were within the window, or a second; unknown when nobody can tell. */
export type EventCount = 'events' | 'events a second' | 'unknown'

export interface SloAlert {
  readonly name: string
  readonly labels: Texts
  readonly annotations: Texts
}

export const POLICIES = ['workbook', 'fast-slow'] as const
/**
 * How pairs of windows make an alert. `workbook`: both windows of a pair are above the pair's factor. `fast-slow`: for pages
 * the short window of the quick pair has its own factor and everything else the one of the slow pair, so that a short steep
 * burn and a long flat one are both seen early.
 */
export type Policy = (typeof POLICIES)[number]

export interface Guards {
  /** Pairs whose long window has fewer events than this say nothing; 0 is no such limit. */
  readonly minEvents: number
  /** An alert on the number of errors, for times with fewer events than `minEvents`. */
  readonly lowTraffic: LowTraffic | undefined
}

export interface LowTraffic {
  readonly errors: number
  /** Undefined: the long window of the slow page. */
  readonly withinMs: number | undefined
  readonly severity: Severity
}

export const SEVERITIES = ['page', 'ticket'] as const
/** A page wakes somebody, a ticket waits for working hours. */
export type Severity = (typeof SEVERITIES)[number]

/** The parts of Sloth's chain that make rules, each switched on or off by `slo_plugins`. */
export interface Steps {
  readonly sli: boolean
  readonly meta: boolean
  readonly alerts: boolean
  /** The period's ratio from those of the shortest window rather than from the queries. */
  readonly optimizesPeriod: boolean
}

export const ALL_STEPS: Steps = { sli: true, meta: true, alerts: true, optimizesPeriod: true }

/** Where it was written, and the names that Sloth gives to that. */
export interface SloOrigin {
  readonly file: string
  /** 1-based. */
  readonly line: number
  readonly column: number
  readonly mode: 'cli-gen-prom' | 'cli-gen-k8s' | 'cli-gen-openslo'
  readonly spec: 'prometheus/v1' | 'sloth.slok.dev/v1' | 'openslo/v1alpha' | 'openslo/v1'
}

/** The labels that tell an SLO's series from all others. */
export function identityOf({ id, service, name }: Slo): Texts {
  return { sloth_id: id, sloth_service: service, sloth_slo: name }
}
