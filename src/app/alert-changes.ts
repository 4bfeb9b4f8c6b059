import { fingerprint } from '../model/labels.ts'
import type { EventType, StateChange } from '../notify/event.ts'
import type { EvaluationResult } from '../rule/rule-engine.ts'

const TYPES: Readonly<Record<string, EventType>> = {
  pending: 'alert.pending',
  firing: 'alert.firing',
  resolved: 'alert.resolved',
}

/** What an evaluation changed, as other systems are told of it. */
export function alertChanges({ events, upserts }: Pick<EvaluationResult, 'events' | 'upserts'>): StateChange[] {
  const told = events.filter(({ kind }) => TYPES[kind] !== undefined)
  if (told.length === 0) return []
  const alerts = new Map(upserts.map(({ alert }) => [fingerprint(alert.labels), alert]))
  return told.map((event) => {
    const alert = alerts.get(event.fingerprint)
    return {
      type: TYPES[event.kind] as EventType,
      subject: `alert/${event.fingerprint}`,
      atMs: event.atMs,
      data: {
        fingerprint: event.fingerprint,
        labels: alert?.labels.toObject() ?? {},
        annotations: alert?.annotations ?? {},
        // JSON has no NaN and no infinity.
        value: alert === undefined ? null : String(alert.value),
        active_at: time(alert?.activeAtMs),
        fired_at: time(alert?.firedAtMs),
        resolved_at: time(alert?.resolvedAtMs),
        detail: event.detail,
      },
    }
  })
}

function time(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString()
}
