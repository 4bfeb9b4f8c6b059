import type { Clock } from './clock.ts'

interface EveryOptions {
  readonly clock: Clock
  /** Ends the loop; work under way gets it too. */
  readonly signal: AbortSignal
  /** Shifts the grid of starting times, so that many loops of one interval do not start together. 0 to `intervalMs`. */
  readonly phaseMs?: number
  /** Called with what `work` throws; the loop goes on. */
  readonly onError: (error: unknown) => void
}

/**
 * Runs `work` at every `k × intervalMs + phaseMs` of the clock, never twice at once: a run that takes longer than the
 * interval skips the starting times it missed.
 *
 * @returns a promise that ends when the signal is aborted and the last run is over
 */
export async function every(
  intervalMs: number,
  work: (dueMs: number, signal: AbortSignal) => Promise<void> | void,
  { clock, signal, phaseMs = 0, onError }: EveryOptions,
): Promise<void> {
  let lastDueMs = -Infinity
  while (!signal.aborted) {
    const nowMs = clock.now()
    let dueMs = Math.ceil((nowMs - phaseMs) / intervalMs) * intervalMs + phaseMs
    if (dueMs <= lastDueMs) dueMs = lastDueMs + intervalMs
    try {
      if (dueMs > nowMs) await clock.sleep(dueMs - nowMs, signal)
    } catch {
      return
    }
    lastDueMs = dueMs
    try {
      await work(dueMs, signal)
    } catch (error) {
      if (!signal.aborted) onError(error)
    }
  }
}
