/** What is set up and what happens in one scenario; all times are milliseconds from its start. */
export interface TellingScenario {
  readonly seed: number
  /** What it is about, in a few words. */
  readonly about: string
  readonly route: WrittenRoute & { readonly receiver: string }
  readonly receivers: readonly WrittenReceiver[]
  readonly inhibitRules: readonly WrittenInhibitRule[]
  readonly events: readonly TellingEvent[]
  readonly endMs: number
}

export type Labelled = Readonly<Record<string, string>>

export interface WrittenMatcher {
  readonly name: string
  readonly op: '=' | '!=' | '=~' | '!~'
  readonly value: string
}

export interface WrittenRoute {
  readonly receiver?: string
  readonly matchers?: readonly WrittenMatcher[]
  readonly continue?: boolean
  readonly groupBy?: readonly string[]
  readonly waitMs?: number
  readonly intervalMs?: number
  readonly repeatMs?: number
  readonly mute?: readonly IntervalName[]
  readonly active?: readonly IntervalName[]
  readonly routes?: readonly WrittenRoute[]
}

/** Time intervals that hold or do not hold for as long as a scenario takes. */
export const INTERVALS = {
  always: [{ times: [{ start_time: '00:00', end_time: '24:00' }], location: 'Europe/Berlin' }],
  never: [{ years: ['1999'] }, { days_of_month: ['31'], months: ['february'] }],
  century: [{ years: ['2000:2099'] }, { years: ['1999'] }],
} as const
export type IntervalName = keyof typeof INTERVALS

export interface WrittenReceiver {
  readonly name: string
  readonly webhooks: readonly { readonly sendResolved: boolean; readonly maxAlerts: number }[]
}

export interface WrittenInhibitRule {
  readonly source: readonly WrittenMatcher[]
  readonly target: readonly WrittenMatcher[]
  readonly equal: readonly string[]
}

export interface WrittenAlert {
  readonly labels: Labelled
  readonly annotations: Labelled
  /** Undefined leaves it to the program: now. */
  readonly startsMs: number | undefined
  /** Undefined leaves it to the program: `RESOLVE_TIMEOUT_MS` later. */
  readonly endsMs: number | undefined
  readonly generatorUrl: string
}

export type TellingEvent =
  | { readonly kind: 'post'; readonly atMs: number; readonly alerts: readonly WrittenAlert[] }
  | {
      /** Makes a silence, or changes the one of that key. */
      readonly kind: 'silence'
      readonly atMs: number
      readonly key: string
      readonly matchers: readonly WrittenMatcher[]
      readonly startsMs: number
      readonly endsMs: number
    }
  | { readonly kind: 'expire'; readonly atMs: number; readonly key: string }

/** `global.resolve_timeout` of every scenario. */
export const RESOLVE_TIMEOUT_MS = 4000

/** The same with every time `factor` times as long. */
export function slowedDown<T>(value: T, factor: number): T {
  if (Array.isArray(value)) return value.map((item) => slowedDown(item, factor)) as T
  if (typeof value !== 'object' || value === null) return value
  const slowed = Object.entries(value).map(([key, inner]) => [
    key,
    key.endsWith('Ms') && typeof inner === 'number' ? inner * factor : slowedDown(inner, factor),
  ])
  return Object.fromEntries(slowed) as T
}
