import type { Acknowledgement } from '../model/acknowledgement.ts'
import { isResolved, type NotifyAlert } from './notify-alert.ts'

/** What somebody asks for. */
export interface AcknowledgementRequest {
  readonly by: string
  readonly reason: string
  readonly forMs: number
}

/** There is nothing to acknowledge, or nothing to take back. */
export class AcknowledgementError extends Error {
  override readonly name = 'AcknowledgementError'
}

/** An acknowledgement that has ended by itself, and why. */
export interface Ended {
  readonly acknowledgement: Acknowledgement
  readonly why: 'resolved' | 'expired'
}

/** Who has taken on which alert. */
export class Acknowledgements {
  readonly #byFingerprint = new Map<string, Acknowledgement>()

  constructor(known: Iterable<Acknowledgement> = []) {
    for (const one of known) this.#byFingerprint.set(one.fingerprint, one)
  }

  /** That of an alert, while it counts. */
  of({ fingerprint, startsAtMs }: NotifyAlert, nowMs: number): Acknowledgement | undefined {
    const known = this.#byFingerprint.get(fingerprint)
    return known !== undefined && known.endsAtMs > nowMs && startsAtMs <= known.startsAtMs ? known : undefined
  }

  /** The one that is kept, whether it still counts or not. */
  find(fingerprint: string): Acknowledgement | undefined {
    return this.#byFingerprint.get(fingerprint)
  }

  /** Acknowledges an alert that fires, in place of whatever was said before. */
  set(
    { fingerprint, startsAtMs }: NotifyAlert,
    { by, reason, forMs }: AcknowledgementRequest,
    nowMs: number,
  ): Acknowledgement {
    const made = { fingerprint, startsAtMs, atMs: nowMs, endsAtMs: nowMs + forMs, by, reason }
    this.#byFingerprint.set(fingerprint, made)
    return made
  }

  /** Puts back what was there before a change that could not be written down. */
  restore(fingerprint: string, before: Acknowledgement | undefined): void {
    if (before === undefined) this.#byFingerprint.delete(fingerprint)
    else this.#byFingerprint.set(fingerprint, before)
  }

  /** Takes out those that are over. */
  takeEnded(alertOf: (fingerprint: string) => NotifyAlert | undefined, nowMs: number): Ended[] {
    const ended: Ended[] = []
    for (const acknowledgement of this.#byFingerprint.values()) {
      const { fingerprint, startsAtMs, endsAtMs } = acknowledgement
      const alert = alertOf(fingerprint)
      const fires = alert !== undefined && !isResolved(alert, nowMs) && alert.startsAtMs <= startsAtMs
      if (fires && endsAtMs > nowMs) continue
      this.#byFingerprint.delete(fingerprint)
      ended.push({ acknowledgement, why: fires ? 'expired' : 'resolved' })
    }
    return ended
  }
}
