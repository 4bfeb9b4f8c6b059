/**
 * Somebody has taken on an alert: it is neither repeated nor escalated until `endsAtMs` or until it is resolved. Times are
 * epoch milliseconds.
 */
export interface Acknowledgement {
  readonly fingerprint: string
  /** Since when the alert has fired: one that fires anew is another matter. */
  readonly startsAtMs: number
  readonly atMs: number
  readonly endsAtMs: number
  readonly by: string
  /** '' where none was given. */
  readonly reason: string
}

/** `acknowledged by maya until 2026-01-02T03:04:05.000Z: looking at it` */
export function describeAcknowledgement({ by, endsAtMs, reason }: Acknowledgement): string {
  return `acknowledged by ${by} until ${new Date(endsAtMs).toISOString()}${reason === '' ? '' : `: ${reason}`}`
}
