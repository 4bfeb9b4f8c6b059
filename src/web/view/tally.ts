import type { Samples } from '../../model/sample.ts'

/** Bars are half-hours. */
export const SLOT_MS = 1_800_000

/** A sample holds for at least this long, as in PromQL; for longer where a check runs more seldom. */
const MIN_HOLD_MS = 300_000

const NEVER: ReadonlySet<number> = new Set()

export function slotOf(atMs: number): number {
  return Math.floor(atMs / SLOT_MS)
}

/** What was seen of one check in each half-hour of a span, counted sample by sample. */
export class Tally {
  readonly fromSlot: number
  readonly ups: Uint16Array
  readonly downs: Uint16Array
  /** Looks in maintenance, which count to neither. */
  readonly held: Uint16Array
  /** How much of each half-hour is known at all. */
  readonly knownMs: Float64Array

  constructor(fromSlot: number, slots: number) {
    this.fromSlot = fromSlot
    this.ups = new Uint16Array(slots)
    this.downs = new Uint16Array(slots)
    this.held = new Uint16Array(slots)
    this.knownMs = new Float64Array(slots)
  }

  /**
   * Adds samples of `probe_success`, in one pass. The time in maintenance is not known time.
   *
   * @param inMaintenance when looks in maintenance began
   * @param everyMs how often the check runs
   * @param nowMs nothing is known of what comes after this
   */
  add(
    { length, timesMs, values, stale }: Samples,
    everyMs: number,
    nowMs: number,
    inMaintenance: ReadonlySet<number> = NEVER,
  ): void {
    const holdMs = Math.max(3 * everyMs, MIN_HOLD_MS)
    const { fromSlot, ups, downs } = this
    // What came before the first one was not read; it is taken to have come in time.
    let previousMs = length === 0 || stale?.[0] === 1 ? Number.NEGATIVE_INFINITY : (timesMs[0] as number) - everyMs
    for (let i = 0; i < length; i++) {
      const atMs = timesMs[i] as number
      if (stale?.[i] === 1) {
        this.#know(previousMs, Math.min(atMs, previousMs + everyMs))
        previousMs = Number.NEGATIVE_INFINITY
        continue
      }
      const slot = slotOf(atMs) - fromSlot
      if (inMaintenance.has(atMs)) {
        this.held[slot] = Math.min((this.held[slot] ?? 0) + 1, 0xffff)
        this.#know(previousMs, Math.min(atMs, previousMs + everyMs))
        previousMs = Number.NEGATIVE_INFINITY
        continue
      }
      const counts = values[i] === 0 ? downs : ups
      counts[slot] = Math.min((counts[slot] ?? 0) + 1, 0xffff)
      const gapMs = atMs - previousMs
      if (gapMs <= holdMs) this.#know(previousMs, atMs)
      else if (gapMs < Number.POSITIVE_INFINITY) this.#know(previousMs, previousMs + everyMs)
      previousMs = atMs
    }
    this.#know(previousMs, Math.min(previousMs + everyMs, nowMs))
  }

  #know(startMs: number, endMs: number): void {
    let atMs = Math.max(startMs, this.fromSlot * SLOT_MS)
    while (atMs < endMs) {
      const slot = slotOf(atMs) - this.fromSlot
      if (slot >= this.knownMs.length) return
      const untilMs = Math.min(endMs, (slot + 1 + this.fromSlot) * SLOT_MS)
      this.knownMs[slot] = Math.min((this.knownMs[slot] as number) + (untilMs - atMs), SLOT_MS)
      atMs = untilMs
    }
  }
}
