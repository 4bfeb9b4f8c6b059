import { isResolved, type NotifyAlert } from './notify-alert.ts'
import type { PipelineResult } from './stage.ts'

/** Rules say again for a quarter of an hour that an alert is over. */
const FORGOTTEN_AFTER_MS = 20 * 60_000

/**
 * Alerts that fired only while they were held back, so that nobody knows of them. Their end is no news either, also when
 * nothing holds them back any more.
 */
export class Unseen {
  /** When each was last looked at, by fingerprint. */
  readonly #lastMs = new Map<string, number>()

  /** What is left to be told of: ends that are nobody's news count as held back. */
  sort({ pass, owed }: PipelineResult, nowMs: number): Pick<PipelineResult, 'pass' | 'owed'> {
    for (const alert of owed) {
      if (!isResolved(alert, nowMs) || this.#lastMs.has(alert.fingerprint)) this.#lastMs.set(alert.fingerprint, nowMs)
    }
    if (this.#lastMs.size === 0) return { pass, owed }
    const unseen: NotifyAlert[] = []
    const seen = pass.filter((alert) => {
      if (!this.#lastMs.has(alert.fingerprint)) return true
      if (!isResolved(alert, nowMs)) {
        this.#lastMs.delete(alert.fingerprint)
        return true
      }
      this.#lastMs.set(alert.fingerprint, nowMs)
      unseen.push(alert)
      return false
    })
    this.#forget(nowMs)
    return { pass: seen, owed: [...owed, ...unseen] }
  }

  #forget(nowMs: number): void {
    for (const [fingerprint, lastMs] of this.#lastMs) {
      if (nowMs - lastMs > FORGOTTEN_AFTER_MS) this.#lastMs.delete(fingerprint)
    }
  }
}
