import type { AlertEvent, AlertInstance } from '../model/alert.ts'
import { fingerprint, type Labels } from '../model/labels.ts'
import { type Condition, measureText, worse } from '../model/measure.ts'

/** How long a resolved alert is kept and sent again, so that a lost "resolved" still arrives. */
export const RESOLVED_RETENTION_MS = 15 * 60_000

/** One series of an alerting expression's result, with the alert's own labels and expanded annotations. */
export interface AlertSample {
  readonly labels: Labels
  readonly annotations: Readonly<Record<string, string>>
  readonly value: number
}

interface Timing {
  readonly forMs: number
  readonly keepFiringForMs: number
  /** What the value is held against; says which of two values is the worse. */
  readonly condition?: Condition | undefined
}

export interface TransitionResult {
  /** Every instance after the evaluation, by the key of its labels. */
  readonly instances: ReadonlyMap<string, AlertInstance>
  /** Label sets that are not remembered any more. */
  readonly removed: readonly Labels[]
  readonly events: readonly AlertEvent[]
  /** Instances whose state is new or changed, and so has to be written down. */
  readonly changed: readonly AlertInstance[]
}

/**
 * Why nothing is known now of what an alert is about; undefined when something is.
 *
 * @param isThere whether the expression returned it
 */
export type FrozenBy = (labels: Labels, isThere: boolean) => string | undefined

/**
 * One evaluation of an alerting rule: what the instances become, given what the expression returned now.
 *
 * Pure; the steps and their order are those of Prometheus' `AlertingRule.Eval`. What is frozen is left out of them: it neither
 * begins, nor fires after its waiting time, nor ends.
 *
 * @param tsMs the evaluation's slot, not the wall clock
 */
export function transition(
  before: ReadonlyMap<string, AlertInstance>,
  result: readonly AlertSample[],
  timing: Timing,
  tsMs: number,
  frozenBy: FrozenBy = () => undefined,
): TransitionResult {
  const { forMs, condition } = timing
  const instances = new Map(before)
  const seen = new Set<string>()
  for (const { labels, annotations, value } of result) {
    const known = instances.get(labels.key)
    if (known !== undefined && known.state !== 'inactive') {
      seen.add(labels.key)
      instances.set(labels.key, { ...known, value, annotations, peak: worse(known.peak, value, condition) })
    } else if (frozenBy(labels, true) === undefined) {
      seen.add(labels.key)
      instances.set(labels.key, {
        labels,
        annotations,
        state: 'pending',
        value,
        peak: value,
        activeAtMs: tsMs,
        firedAtMs: undefined,
        resolvedAtMs: undefined,
        lastSentAtMs: undefined,
        keepFiringSinceMs: undefined,
      })
    }
  }
  const removed: Labels[] = []
  for (const [key, alert] of instances) {
    const isThere = seen.has(key)
    const reason = alert.state === 'inactive' ? undefined : frozenBy(alert.labels, isThere)
    if (reason !== undefined) {
      instances.set(key, { ...alert, frozen: { sinceMs: alert.frozen?.sinceMs ?? tsMs, reason } })
      continue
    }
    const thawed = thaw(alert, tsMs)
    const next = isThere ? present(thawed, forMs, tsMs) : absent(thawed, timing, tsMs)
    if (next === undefined) {
      instances.delete(key)
      removed.push(alert.labels)
    } else instances.set(key, next)
  }
  const changed = [...instances.values()].filter((alert) => isChanged(before.get(alert.labels.key), alert))
  const events = [
    ...changed.flatMap((alert) => eventsOf(before.get(alert.labels.key), alert, timing, tsMs)),
    ...removed.flatMap((labels) => forgotten(before.get(labels.key), tsMs)),
  ]
  return { instances, removed, events, changed }
}

/** The time in which it was frozen counts for no waiting time. */
function thaw(alert: AlertInstance, tsMs: number): AlertInstance {
  const { frozen, state, activeAtMs, keepFiringSinceMs } = alert
  if (frozen === undefined) return alert
  const frozenMs = Math.max(tsMs - frozen.sinceMs, 0)
  return {
    ...alert,
    frozen: undefined,
    activeAtMs: state === 'pending' ? activeAtMs + frozenMs : activeAtMs,
    keepFiringSinceMs: keepFiringSinceMs === undefined ? undefined : keepFiringSinceMs + frozenMs,
  }
}

function present(alert: AlertInstance, forMs: number, tsMs: number): AlertInstance {
  return settle(alert.keepFiringSinceMs === undefined ? alert : { ...alert, keepFiringSinceMs: undefined }, forMs, tsMs)
}

/** Whether what is active has waited long enough. */
function settle(alert: AlertInstance, forMs: number, tsMs: number): AlertInstance {
  const { activeAtMs, firedAtMs = activeAtMs } = alert
  // A clock that was put back must not make anybody wait for the time to come again.
  if (alert.state === 'pending' && activeAtMs > tsMs) return settle({ ...alert, activeAtMs: tsMs }, forMs, tsMs)
  if (alert.state === 'pending' && tsMs - activeAtMs >= forMs) return { ...alert, state: 'firing', firedAtMs: tsMs }
  // `for` was raised by a reload: what fires has to wait again.
  if (alert.state === 'firing' && tsMs - activeAtMs < forMs && firedAtMs - activeAtMs < forMs) {
    return { ...alert, state: 'pending', firedAtMs: undefined, lastSentAtMs: undefined, keepFiringSinceMs: undefined }
  }
  return alert
}

function absent(alert: AlertInstance, { forMs, keepFiringForMs }: Timing, tsMs: number): AlertInstance | undefined {
  const { lastSentAtMs } = alert
  switch (alert.state) {
    case 'pending':
      return undefined
    case 'inactive':
      return tsMs - (alert.resolvedAtMs ?? tsMs) > RESOLVED_RETENTION_MS ? undefined : alert
    case 'firing': {
      const sinceMs = Math.min(alert.keepFiringSinceMs ?? tsMs, tsMs)
      if (tsMs - sinceMs < keepFiringForMs) return settle({ ...alert, keepFiringSinceMs: sinceMs }, forMs, tsMs)
      // Sent in what is now the future (the clock was put back): the end is news all the same.
      const sentMs = lastSentAtMs !== undefined && lastSentAtMs >= tsMs ? undefined : lastSentAtMs
      return { ...alert, state: 'inactive', resolvedAtMs: tsMs, lastSentAtMs: sentMs }
    }
  }
}

/** A changing value alone is not worth a write: it is there again after the next evaluation. */
function isChanged(before: AlertInstance | undefined, after: AlertInstance): boolean {
  return (
    before === undefined ||
    before.state !== after.state ||
    before.activeAtMs !== after.activeAtMs ||
    before.keepFiringSinceMs !== after.keepFiringSinceMs ||
    before.frozen?.sinceMs !== after.frozen?.sinceMs
  )
}

function eventsOf(before: AlertInstance | undefined, after: AlertInstance, timing: Timing, tsMs: number): AlertEvent[] {
  const event = (kind: AlertEvent['kind'], detail: string): AlertEvent[] => [
    { fingerprint: fingerprint(after.labels), atMs: tsMs, kind, detail },
  ]
  if (after.frozen !== undefined) {
    return before?.frozen === undefined ? event('frozen', `it stays ${after.state}: ${after.frozen.reason}`) : []
  }
  const thawing =
    before?.frozen === undefined
      ? []
      : event('thawed', `something is known again after ${(tsMs - before.frozen.sinceMs) / 1000} s`)
  // A waiting time that was put off by the time in which it was frozen is no news.
  const isSame = before?.state === after.state && (before.activeAtMs === after.activeAtMs || thawing.length > 0)
  return isSame ? thawing : [...thawing, ...stateEventOf(after, timing, tsMs, event)]
}

function stateEventOf(
  after: AlertInstance,
  { forMs, condition }: Timing,
  tsMs: number,
  event: (kind: AlertEvent['kind'], detail: string) => AlertEvent[],
): AlertEvent[] {
  const measure = measureText(after.value, condition) ?? after.value
  switch (after.state) {
    case 'pending':
      return event('pending', `the expression holds, value ${measure}; it fires after ${forMs / 1000} s`)
    case 'firing':
      return event('firing', `the expression has held for ${(tsMs - after.activeAtMs) / 1000} s, value ${measure}`)
    case 'inactive':
      return event('resolved', `the expression no longer holds, last value ${measure}`)
  }
}

function forgotten(before: AlertInstance | undefined, tsMs: number): AlertEvent[] {
  if (before?.state !== 'pending') return []
  const detail = 'the expression stopped holding before the waiting time was over'
  return [{ fingerprint: fingerprint(before.labels), atMs: tsMs, kind: 'forgotten', detail }]
}

/**
 * Whether an alert has to be handed to the telling side now: resolved and not said yet, or not said for longer than
 * `resendDelayMs` (strictly, as Prometheus does).
 */
export function needsSending(alert: AlertInstance, tsMs: number, resendDelayMs: number): boolean {
  if (alert.state === 'pending') return false
  const lastSentAtMs = alert.lastSentAtMs ?? Number.NEGATIVE_INFINITY
  return (alert.resolvedAtMs ?? Number.NEGATIVE_INFINITY) > lastSentAtMs || lastSentAtMs + resendDelayMs < tsMs
}
