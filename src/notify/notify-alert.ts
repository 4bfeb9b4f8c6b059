import type { AlertOrigin, SentAlert } from '../model/alert.ts'
import { compareText, fingerprint, type Labels } from '../model/labels.ts'

/** An alert as the telling side holds it. */
export interface NotifyAlert {
  readonly fingerprint: string
  readonly labels: Labels
  readonly annotations: Readonly<Record<string, string>>
  readonly startsAtMs: number
  readonly endsAtMs: number
  readonly updatedAtMs: number
  /** Nobody said when it ends; the end is assumed. */
  readonly timedOut: boolean
  readonly generatorUrl: string
  readonly origin?: AlertOrigin
  /** Why nothing is known at present of what it is about: it is not repeated then. Not written down. */
  readonly frozen?: string
}

export function fromSent(alert: SentAlert, nowMs: number): NotifyAlert {
  return { timedOut: false, ...alert, fingerprint: fingerprint(alert.labels), updatedAtMs: nowMs }
}

export function isResolved({ endsAtMs }: NotifyAlert, nowMs: number): boolean {
  return endsAtMs <= nowMs
}

/**
 * What is known of an alert after it was sent again, as Alertmanager merges: overlapping ones keep the earliest start, and
 * the later knowledge decides the rest. What is sent is always the later one, whatever a clock that was put back says.
 */
export function mergeAlerts(known: NotifyAlert | undefined, sent: NotifyAlert): NotifyAlert {
  if (known === undefined) return sent
  const overlaps =
    (sent.endsAtMs > known.startsAtMs && sent.endsAtMs < known.endsAtMs) ||
    (sent.startsAtMs > known.startsAtMs && sent.startsAtMs < known.endsAtMs)
  if (!overlaps) return sent
  const [older, newer] = [known, sent]
  const startsAtMs = Math.min(older.startsAtMs, newer.startsAtMs)
  if (isResolved(newer, newer.updatedAtMs)) {
    const endsAtMs = isResolved(older, newer.updatedAtMs) ? Math.max(older.endsAtMs, newer.endsAtMs) : newer.endsAtMs
    return { ...newer, startsAtMs, endsAtMs }
  }
  if (older.endsAtMs > newer.endsAtMs && !older.timedOut && !isResolved(older, newer.updatedAtMs)) {
    return { ...newer, startsAtMs, endsAtMs: older.endsAtMs }
  }
  return { ...newer, startsAtMs }
}

/** As Alertmanager sorts a group: by job and instance, those without behind the others, then by all labels. */
export function byImportance(a: NotifyAlert, b: NotifyAlert): number {
  for (const name of ['job', 'instance']) {
    const [one, other] = [a.labels.get(name), b.labels.get(name)]
    if (one === other) continue
    return one === '' ? 1 : other === '' ? -1 : compareText(one, other)
  }
  return compareSets(a.labels, b.labels)
}

/** As `LabelSet.Before`: the smaller set first; of two that are as large, the one that lacks a label which the other has. */
export function compareSets({ pairs: a }: Labels, { pairs: b }: Labels): number {
  if (a.length !== b.length) return a.length - b.length
  for (let i = 0; i < a.length; i += 2) {
    const order = compareText(b[i] as string, a[i] as string) || compareText(a[i + 1] as string, b[i + 1] as string)
    if (order !== 0) return order
  }
  return 0
}
