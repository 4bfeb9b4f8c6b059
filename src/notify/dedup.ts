import { momentText } from '../model/moment.ts'

/** What an integration was last told about a group: hashes of its firing and its resolved alerts. */
export interface NotifyLogEntry {
  readonly atMs: number
  readonly firing: readonly string[]
  readonly resolved: readonly string[]
}

export type DedupDecision =
  | { readonly notify: true; readonly reason: string; readonly say: boolean }
  /** `isHeld`: it would be repeated, had nobody taken it on. */
  | { readonly notify: false; readonly reason: string; readonly isHeld?: true }

interface DedupInput {
  readonly entry: NotifyLogEntry | undefined
  readonly firing: readonly string[]
  readonly resolved: readonly string[]
  readonly sendResolved: boolean
  /** Somebody has taken on every alert that fires: what is new is told, and nothing is repeated. */
  readonly isAcknowledged?: boolean
  readonly repeatIntervalMs: number
  readonly nowMs: number
  /** Why nothing is repeated for the sake of what fires; asked only when it is time for it. */
  readonly quietBy?: () => string | undefined
}

/**
 * Whether a group has to be told (again), with Alertmanager's rules in their order.
 *
 * `say` is false where only the log has to learn that all is resolved, since the integration does not tell of it.
 */
export function dedup(input: DedupInput): DedupDecision {
  const { entry, firing, resolved, sendResolved, isAcknowledged = false, repeatIntervalMs, nowMs, quietBy } = input
  if (entry === undefined) {
    return firing.length > 0
      ? { notify: true, reason: 'first notification', say: true }
      : { notify: false, reason: 'nothing fires, and nothing was told' }
  }
  const told = { firing: new Set(entry.firing), resolved: new Set(entry.resolved) }
  if (!firing.every((hash) => told.firing.has(hash))) {
    const reason = entry.firing.length === 0 ? 'first notification' : 'new alerts added'
    return { notify: true, reason, say: true }
  }
  if (firing.length === 0) {
    return entry.firing.length > 0
      ? { notify: true, reason: 'all alerts resolved', say: sendResolved }
      : { notify: false, reason: 'all resolved, and that was told' }
  }
  if (sendResolved && !resolved.every((hash) => told.resolved.has(hash))) {
    return { notify: true, reason: 'some alerts resolved', say: true }
  }
  if (entry.atMs < nowMs - repeatIntervalMs) {
    if (isAcknowledged) {
      return { notify: false, reason: 'not repeated, since all that fires is acknowledged', isHeld: true }
    }
    const reason = quietBy?.()
    if (reason === undefined) return { notify: true, reason: 'repeat interval elapsed', say: true }
    return { notify: false, reason: `not repeated: ${reason}` }
  }
  if (repeatIntervalMs === Number.POSITIVE_INFINITY) return { notify: false, reason: 'told already' }
  const again = momentText(entry.atMs + repeatIntervalMs)
  return {
    notify: false,
    reason: `nothing new since the message of ${momentText(entry.atMs)}; repeated after ${again}`,
  }
}
