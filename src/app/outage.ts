import type { AlertInstance } from '../model/alert.ts'
import type { Labels } from '../model/labels.ts'

/** A time in which midwatch did not run. */
export interface Outage {
  readonly fromMs: number
  readonly toMs: number
}

/** As PromQL's lookback: after a shorter absence rules still see what was measured before it. */
const LOOKBACK_MS = 5 * 60_000
/** How long scraped and pushed series have to be there again. */
const SETTLING_MS = 2 * 60_000

/** The alerts of the last run, as if the time since had not passed for those that wait. */
export function alertsAfter(
  { fromMs, toMs }: Outage,
  alerts: ReadonlyMap<string, readonly AlertInstance[]>,
): ReadonlyMap<string, readonly AlertInstance[]> {
  const awayMs = Math.max(toMs - fromMs, 0)
  const later = (alert: AlertInstance): AlertInstance => {
    const { frozen } = alert
    return {
      ...alert,
      activeAtMs: alert.state === 'pending' ? alert.activeAtMs + awayMs : alert.activeAtMs,
      ...(alert.keepFiringSinceMs === undefined ? {} : { keepFiringSinceMs: alert.keepFiringSinceMs + awayMs }),
      ...(frozen === undefined ? {} : { frozen: { ...frozen, sinceMs: frozen.sinceMs + awayMs } }),
    }
  }
  return new Map([...alerts].map(([key, list]) => [key, list.map(later)]))
}

/**
 * Why nothing is known of what an alert is about: its check is unknown, or was not looked at; or midwatch has just come back
 * from a long absence, and what it is about may not have been heard of again.
 */
export function frozenBy(
  { fromMs, toMs }: Outage,
  darkness: (check: string, atMs: number) => string | undefined,
): (labels: Labels, atMs: number, isThere: boolean) => string | undefined {
  const settledMs = toMs - fromMs < LOOKBACK_MS ? 0 : toMs + SETTLING_MS
  return (labels, atMs, isThere) => {
    const check = labels.get('check')
    const dark = check === '' ? undefined : darkness(check, atMs)
    if (dark !== undefined || isThere || atMs >= settledMs) return dark
    return `midwatch did not run until ${new Date(toMs).toISOString()}, and it was not heard of since`
  }
}
