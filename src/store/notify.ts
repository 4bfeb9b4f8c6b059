import type { AlertEvent, AlertOrigin } from '../model/alert.ts'
import { writeEvents } from './alert-events.ts'
import type { Connection } from './database.ts'
import { type EpisodeChange, openEpisodes, writeEpisodes } from './episodes.ts'
import { defineOperation, type Transaction } from './operation.ts'
import { writeMessages } from './outbox.ts'
import { sql } from './schema.ts'

/** An alert as the telling side keeps it. Label sets are JSON arrays of sorted pairs. */
export interface NotifyAlertRow {
  readonly fingerprint: string
  readonly labels: string
  readonly annotations: Readonly<Record<string, string>>
  readonly startsAtMs: number
  readonly endsAtMs: number
  readonly updatedAtMs: number
  /** The end was assumed, not sent. */
  readonly timedOut: boolean
  readonly generatorUrl: string
  readonly origin?: AlertOrigin
}

/** A notification group: alerts of one route with equal group labels, and when it is looked at next. */
export interface NotifyGroupRow {
  readonly routeId: string
  readonly groupKey: string
  readonly labels: string
  readonly nextFlushMs: number
  /** Whether it has been looked at before: new groups wait for `group_wait`, old ones for `group_interval`. */
  readonly flushed: boolean
}

/** What one integration of a receiver was last told about a group. */
export interface NotifyLogRow {
  readonly groupKey: string
  readonly receiver: string
  /** 0 for those who are told at once, else the number of the step of the escalation that tells this one. */
  readonly step: number
  readonly integration: string
  readonly atMs: number
  readonly firing: readonly string[]
  /** When each of those that fire was first told, in the same order. */
  readonly toldMs: readonly number[]
  readonly resolved: readonly string[]
  readonly expiresMs: number
}

/** A message that is owed. */
export interface NewMessage {
  readonly channel: string
  readonly groupKey: string
  /** JSON text; the channel makes the words when it sends. */
  readonly body: string
  readonly createdMs: number
  readonly expiresMs: number
}

export interface NotifyChange {
  readonly alerts: readonly NotifyAlertRow[]
  readonly goneAlerts: readonly string[]
  readonly groups: readonly NotifyGroupRow[]
  readonly goneGroups: readonly { readonly routeId: string; readonly groupKey: string }[]
  readonly episodes?: readonly EpisodeChange[]
}

export const NO_NOTIFY_CHANGE: NotifyChange = { alerts: [], goneAlerts: [], groups: [], goneGroups: [] }

/** What looking at a due group decided: messages that are owed and the log that says so, in one write. */
export interface FlushChange extends NotifyChange {
  readonly log: readonly NotifyLogRow[]
  readonly messages: readonly NewMessage[]
  readonly events: readonly AlertEvent[]
}

export const saveFlush = defineOperation('save-flush', (transaction, change: FlushChange) => {
  const { db } = transaction
  writeNotifyChange(transaction, change)
  for (const row of change.log) {
    const values = {
      at_ms: row.atMs,
      firing: JSON.stringify(row.firing),
      told_ms: JSON.stringify(row.toldMs),
      resolved: JSON.stringify(row.resolved),
      expires_ms: row.expiresMs,
    }
    db.run(
      sql
        .insertInto('notify_log')
        .values({
          group_key: row.groupKey,
          receiver: row.receiver,
          step: row.step,
          integration: row.integration,
          ...values,
        })
        .onConflict((conflict) =>
          conflict.columns(['group_key', 'receiver', 'step', 'integration']).doUpdateSet(values),
        ),
    )
  }
  writeMessages(transaction, change.messages)
  writeEvents(transaction, change.events)
})

export function writeNotifyChange(transaction: Transaction, change: NotifyChange): void {
  const { db } = transaction
  const { alerts, goneAlerts, groups, goneGroups, episodes = [] } = change
  for (const alert of alerts) {
    const values = {
      labels: alert.labels,
      annotations: JSON.stringify(alert.annotations),
      starts_at_ms: alert.startsAtMs,
      ends_at_ms: alert.endsAtMs,
      updated_at_ms: alert.updatedAtMs,
      timed_out: alert.timedOut ? 1 : 0,
      generator_url: alert.generatorUrl,
      origin: alert.origin === undefined ? null : JSON.stringify(alert.origin),
    }
    db.run(
      sql
        .insertInto('notify_alert')
        .values({ fingerprint: alert.fingerprint, ...values })
        .onConflict((conflict) => conflict.column('fingerprint').doUpdateSet(values)),
    )
  }
  for (const fingerprint of goneAlerts) db.run(sql.deleteFrom('notify_alert').where('fingerprint', '=', fingerprint))
  for (const { routeId, groupKey, labels, nextFlushMs, flushed } of groups) {
    const values = { labels, next_flush_ms: nextFlushMs, flushed: flushed ? 1 : 0 }
    db.run(
      sql
        .insertInto('notify_group')
        .values({ route_id: routeId, group_key: groupKey, ...values })
        .onConflict((conflict) => conflict.columns(['route_id', 'group_key']).doUpdateSet(values)),
    )
  }
  for (const { routeId, groupKey } of goneGroups) {
    db.run(sql.deleteFrom('notify_group').where('route_id', '=', routeId).where('group_key', '=', groupKey))
  }
  writeEpisodes(transaction, episodes)
}

export const retainNotifyLog = defineOperation('retain-notify-log', ({ db }, { nowMs }: { nowMs: number }) => {
  db.run(sql.deleteFrom('notify_log').where('expires_ms', '<', nowMs))
})

/** Everything the telling side held when the program ended. */
export function loadNotify(db: Connection): {
  readonly alerts: readonly NotifyAlertRow[]
  readonly groups: readonly NotifyGroupRow[]
  readonly log: readonly NotifyLogRow[]
  readonly open: readonly string[]
} {
  return {
    alerts: db.all(sql.selectFrom('notify_alert').selectAll()).map((row) => ({
      fingerprint: row.fingerprint,
      labels: row.labels,
      annotations: JSON.parse(row.annotations) as Record<string, string>,
      startsAtMs: row.starts_at_ms,
      endsAtMs: row.ends_at_ms,
      updatedAtMs: row.updated_at_ms,
      timedOut: row.timed_out === 1,
      generatorUrl: row.generator_url,
      ...(row.origin === null ? {} : { origin: JSON.parse(row.origin) as AlertOrigin }),
    })),
    groups: db.all(sql.selectFrom('notify_group').selectAll()).map((row) => ({
      routeId: row.route_id,
      groupKey: row.group_key,
      labels: row.labels,
      nextFlushMs: row.next_flush_ms,
      flushed: row.flushed === 1,
    })),
    log: db.all(sql.selectFrom('notify_log').selectAll()).map((row) => ({
      groupKey: row.group_key,
      receiver: row.receiver,
      step: row.step,
      integration: row.integration,
      atMs: row.at_ms,
      firing: JSON.parse(row.firing) as string[],
      toldMs: JSON.parse(row.told_ms) as number[],
      resolved: JSON.parse(row.resolved) as string[],
      expiresMs: row.expires_ms,
    })),
    open: openEpisodes(db),
  }
}
