import type { Labels } from './labels.ts'
import { type Matcher, matchesAll } from './matcher.ts'

/** Alerts that satisfy all matchers are not told from `startsAtMs` until `endsAtMs`. Times are epoch milliseconds. */
export interface Silence {
  /** A UUID. */
  readonly id: string
  readonly matchers: readonly Matcher[]
  readonly startsAtMs: number
  readonly endsAtMs: number
  readonly updatedAtMs: number
  readonly createdBy: string
  readonly comment: string
}

export type SilenceState = 'pending' | 'active' | 'expired'

export function silenceState({ startsAtMs, endsAtMs }: Silence, nowMs: number): SilenceState {
  if (endsAtMs <= nowMs) return 'expired'
  return startsAtMs > nowMs ? 'pending' : 'active'
}

export function isSilencing(silence: Silence, labels: Labels, nowMs: number): boolean {
  return silenceState(silence, nowMs) === 'active' && matchesAll(silence.matchers, labels)
}
