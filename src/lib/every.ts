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

/** A long wait is looked at this often, so that a clock that was changed meanwhile is noticed. */
const LONGEST_SLEEP_MS = 60_000

/**
 * Runs `work` at every `k × intervalMs + phaseMs` of the clock, never twice at once: a run that takes longer than the
 * interval skips the starting times it missed. When the clock is changed by an interval or more, the loop goes on from the
 * new time: it neither waits for the old one to come again nor makes up for what was skipped.
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
    const dueMs = await nextSlot(intervalMs, phaseMs, lastDueMs, clock, signal)
    if (dueMs === undefined) return
    lastDueMs = dueMs
    try {
      await work(dueMs, signal)
    } catch (error) {
      if (!signal.aborted) onError(error)
    }
  }
}

/** Waits for the next starting time after `lastDueMs`; undefined when the signal ends the wait. */
async function nextSlot(
  intervalMs: number,
  phaseMs: number,
  lastDueMs: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<number | undefined> {
  const slotAt = (ms: number, round: (slots: number) => number) =>
    round((ms - phaseMs) / intervalMs) * intervalMs + phaseMs
  const offsetMs = clock.now() - clock.monotonicMs()
  let dueMs = slotAt(clock.now(), Math.ceil)
  // A clock that went back a little must not give a slot twice; one that went back far is not waited for.
  if (dueMs <= lastDueMs && lastDueMs - dueMs < intervalMs) dueMs = lastDueMs + intervalMs
  for (;;) {
    const nowMs = clock.now()
    if (nowMs >= dueMs) break
    if (dueMs - nowMs > 2 * intervalMs) dueMs = slotAt(nowMs, Math.ceil)
    try {
      await clock.sleep(Math.min(dueMs - nowMs, LONGEST_SLEEP_MS), signal)
    } catch {
      return undefined
    }
  }
  const jumpedMs = clock.now() - clock.monotonicMs() - offsetMs
  return jumpedMs >= intervalMs ? slotAt(clock.now(), Math.floor) : dueMs
}
