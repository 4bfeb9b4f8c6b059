/** What an integration was last told about a group: hashes of its firing and its resolved alerts. */
export interface NotifyLogEntry {
  readonly atMs: number
  readonly firing: readonly string[]
  readonly resolved: readonly string[]
}

export type DedupDecision =
  | { readonly notify: true; readonly reason: string; readonly say: boolean }
  | { readonly notify: false; readonly reason: string }

interface DedupInput {
  readonly entry: NotifyLogEntry | undefined
  readonly firing: readonly string[]
  readonly resolved: readonly string[]
  readonly sendResolved: boolean
  readonly repeatIntervalMs: number
  readonly nowMs: number
}

/**
 * Whether a group has to be told (again), with Alertmanager's rules in their order.
 *
 * `say` is false where only the log has to learn that all is resolved, since the integration does not tell of it.
 */
export function dedup({ entry, firing, resolved, sendResolved, repeatIntervalMs, nowMs }: DedupInput): DedupDecision {
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
  if (entry.atMs < nowMs - repeatIntervalMs) return { notify: true, reason: 'repeat interval elapsed', say: true }
  const nextSeconds = Math.ceil((entry.atMs + repeatIntervalMs - nowMs) / 1000)
  return { notify: false, reason: `told already; to be repeated in ${nextSeconds} s at the earliest` }
}
