import type { AlertEvent, AlertInstance, AlertState } from '../model/alert.ts'
import { Labels } from '../model/labels.ts'
import { writeEvents } from './alert-events.ts'
import type { Connection } from './database.ts'
import { type NewMessage, type NotifyChange, writeNotifyChange } from './notify.ts'
import { defineOperation } from './operation.ts'
import { writeMessages } from './outbox.ts'
import { sql } from './schema.ts'

/** What one evaluation of a rule group changed: the alerts' states and their place on the telling side, as one write. */
export interface EvaluationChange {
  readonly nowMs: number
  readonly upserts: readonly { readonly ruleKey: string; readonly alert: AlertInstance }[]
  readonly removals: readonly { readonly ruleKey: string; readonly labels: Labels }[]
  readonly events: readonly AlertEvent[]
  readonly notify: NotifyChange
  /** Messages that tell other systems of it. */
  readonly messages?: readonly NewMessage[]
}

interface PlainEvaluationChange {
  readonly nowMs: number
  readonly upserts: readonly {
    readonly ruleKey: string
    readonly labels: string
    readonly alert: Omit<AlertInstance, 'labels'>
  }[]
  readonly removals: readonly { readonly ruleKey: string; readonly labels: string }[]
  readonly events: readonly AlertEvent[]
  readonly notify: NotifyChange
  readonly messages: readonly NewMessage[]
}

/** Label sets as text, since class instances do not survive the way to the writer's thread. */
export function plainEvaluation({ messages = [], ...change }: EvaluationChange): PlainEvaluationChange {
  const { nowMs, upserts, removals, events, notify } = change
  return {
    nowMs,
    upserts: upserts.map(({ ruleKey, alert: { labels, ...alert } }) => ({ ruleKey, labels: text(labels), alert })),
    removals: removals.map(({ ruleKey, labels }) => ({ ruleKey, labels: text(labels) })),
    events,
    notify,
    messages,
  }
}

export const saveEvaluation = defineOperation('save-evaluation', (transaction, change: PlainEvaluationChange) => {
  const { db } = transaction
  for (const { ruleKey, labels, alert } of change.upserts) {
    const values = {
      annotations: JSON.stringify(alert.annotations),
      state: alert.state,
      // SQLite has no NaN; the column is null then.
      value: Number.isNaN(alert.value) ? null : alert.value,
      active_at_ms: alert.activeAtMs,
      fired_at_ms: alert.firedAtMs ?? null,
      resolved_at_ms: alert.resolvedAtMs ?? null,
      last_sent_at_ms: alert.lastSentAtMs ?? null,
      keep_firing_since_ms: alert.keepFiringSinceMs ?? null,
      frozen_since_ms: alert.frozen?.sinceMs ?? null,
      frozen_by: alert.frozen?.reason ?? null,
      evaluated_at_ms: change.nowMs,
      peak: alert.peak === undefined || Number.isNaN(alert.peak) ? null : alert.peak,
    }
    db.run(
      sql
        .insertInto('alert')
        .values({ rule_key: ruleKey, labels, ...values })
        .onConflict((conflict) => conflict.columns(['rule_key', 'labels']).doUpdateSet(values)),
    )
  }
  for (const { ruleKey, labels } of change.removals) {
    db.run(sql.deleteFrom('alert').where('rule_key', '=', ruleKey).where('labels', '=', labels))
  }
  writeEvents(transaction, change.events)
  writeNotifyChange(transaction, change.notify)
  writeMessages(transaction, change.messages)
})

export const retainAlerts = defineOperation('retain-alerts', ({ db }, { beforeMs }: { beforeMs: number }) => {
  db.run(sql.deleteFrom('alert_event').where('at_ms', '<', beforeMs))
  db.run(sql.deleteFrom('alert_episode').where('ended_ms', '<', beforeMs))
  db.run(sql.deleteFrom('outbox').where('finished_ms', '<', beforeMs))
})

/** Instances by the key of their rule. */
export function loadAlerts(db: Connection): ReadonlyMap<string, readonly AlertInstance[]> {
  const byRule = new Map<string, AlertInstance[]>()
  for (const row of db.all(sql.selectFrom('alert').selectAll())) {
    const alert: AlertInstance = {
      labels: Labels.fromSortedPairs(JSON.parse(row.labels) as string[]),
      annotations: JSON.parse(row.annotations) as Record<string, string>,
      state: row.state as AlertState,
      value: row.value ?? Number.NaN,
      activeAtMs: row.active_at_ms,
      firedAtMs: row.fired_at_ms ?? undefined,
      resolvedAtMs: row.resolved_at_ms ?? undefined,
      lastSentAtMs: row.last_sent_at_ms ?? undefined,
      keepFiringSinceMs: row.keep_firing_since_ms ?? undefined,
      ...(row.peak === null ? {} : { peak: row.peak }),
      ...(row.frozen_since_ms === null
        ? {}
        : { frozen: { sinceMs: row.frozen_since_ms, reason: row.frozen_by ?? '' } }),
    }
    byRule.set(row.rule_key, [...(byRule.get(row.rule_key) ?? []), alert])
  }
  return byRule
}

function text(labels: Labels): string {
  return JSON.stringify(labels.pairs)
}
