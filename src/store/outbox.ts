import type { AlertEvent } from '../model/alert.ts'
import { writeEvents } from './alert-events.ts'
import type { Connection } from './database.ts'
import type { NewMessage } from './notify.ts'
import { defineOperation, type Transaction } from './operation.ts'
import { sql } from './schema.ts'

/** A message that is owed, handed to a sender. */
export interface Message {
  readonly id: number
  readonly channel: string
  readonly groupKey: string
  readonly body: string
  readonly createdMs: number
  readonly expiresMs: number
  /** How often it has been tried, this time included. */
  readonly attempts: number
  /** What of it arrived at earlier tries, as its channel named it. */
  readonly done: readonly string[]
}

export interface LeaseRequest {
  readonly nowMs: number
  readonly leaseMs: number
  readonly limit: number
  /** How many tries may be under way at once on one channel, so that one that hangs leaves room for the others. */
  readonly limitPerChannel: number
  /** How many are under way now, by channel. */
  readonly inFlight: Readonly<Record<string, number>>
}

/** Owes messages that belong to nothing else that is written. */
export const oweMessages = defineOperation(
  'owe-messages',
  (transaction, { messages }: { readonly messages: readonly NewMessage[] }) => writeMessages(transaction, messages),
)

export function writeMessages({ db }: Transaction, messages: readonly NewMessage[]): void {
  for (const { channel, groupKey, body, createdMs, expiresMs } of messages) {
    db.run(
      sql.insertInto('outbox').values({
        channel,
        group_key: groupKey,
        body,
        created_ms: createdMs,
        expires_ms: expiresMs,
        next_try_ms: createdMs,
        last_error: null,
        finished_ms: null,
        outcome: null,
        done: null,
      }),
    )
  }
}

/** No try is put off farther than this; where one is, the clock was put back, and its time has come. */
export const LONGEST_WAIT_MS = 15 * 60_000

/**
 * Takes the longest-due messages and hides them for `leaseMs`, so that one whose sender dies comes back. Of one group and
 * channel only the oldest is taken: a resolve never overtakes its alert.
 */
export const leaseMessages = defineOperation(
  'lease-messages',
  ({ db }, { nowMs, leaseMs, limit, limitPerChannel, inFlight }: LeaseRequest): Message[] => {
    const candidates = unfinishedChannels(db).flatMap((channel) => {
      const free = limitPerChannel - (inFlight[channel] ?? 0)
      return free <= 0 ? [] : dueMessages(db, { channel, nowMs, leaseMs, most: Math.min(free, limit) })
    })
    const ids = candidates
      .sort((a, b) => a.nextTryMs - b.nextTryMs || a.id - b.id)
      .slice(0, limit)
      .map(({ id }) => id)
    const take = db.statement(
      `UPDATE outbox SET attempts = attempts + 1, leased_until_ms = ? WHERE id = ?
       RETURNING id, channel, group_key AS groupKey, body, created_ms AS createdMs, expires_ms AS expiresMs, attempts, done`,
    )
    return ids
      .sort((a, b) => a - b)
      .map((id) => take.get(nowMs + leaseMs, id) as Omit<Message, 'done'> & { readonly done: string | null })
      .map(({ done, ...message }) => ({ ...message, done: done === null ? [] : (JSON.parse(done) as string[]) }))
  },
)

/** From one to the next in the index: how many messages there are does not matter. */
function unfinishedChannels(db: Connection): readonly string[] {
  const rows = db
    .statement(
      `WITH RECURSIVE known (channel) AS (
         SELECT MIN(channel) FROM outbox WHERE finished_ms IS NULL
         UNION ALL
         SELECT (SELECT MIN(channel) FROM outbox WHERE finished_ms IS NULL AND channel > known.channel)
         FROM known WHERE known.channel IS NOT NULL)
       SELECT channel FROM known WHERE channel IS NOT NULL`,
    )
    .all() as { channel: string }[]
  return rows.map(({ channel }) => channel)
}

interface DueRequest {
  readonly channel: string
  readonly nowMs: number
  readonly leaseMs: number
  readonly most: number
}

/** The longest-due messages of a channel, each the oldest of its group, in the order of the index that ends the search. */
function dueMessages(
  db: Connection,
  { channel, nowMs, leaseMs, most }: DueRequest,
): readonly { readonly id: number; readonly nextTryMs: number }[] {
  const find = (when: string) =>
    db
      .statement(
        `SELECT id, next_try_ms AS nextTryMs FROM outbox AS due
         WHERE finished_ms IS NULL AND channel = @channel AND ${when}
           AND (leased_until_ms <= @nowMs OR leased_until_ms > @nowMs + @leaseMs)
           AND NOT EXISTS (SELECT 1 FROM outbox AS older WHERE older.finished_ms IS NULL
             AND older.channel = due.channel AND older.group_key = due.group_key AND older.id < due.id)
         ORDER BY next_try_ms, id LIMIT @most`,
      )
      .all({ channel, nowMs, leaseMs, longestWaitMs: LONGEST_WAIT_MS, most }) as { id: number; nextTryMs: number }[]
  const due = find('next_try_ms <= @nowMs')
  return due.length === most ? due : [...due, ...find('next_try_ms > @nowMs + @longestWaitMs')]
}

/** At the start: whoever held a message is gone. */
export const releaseLeases = defineOperation('release-leases', ({ db }): number =>
  db.run(
    sql
      .updateTable('outbox')
      .set({ leased_until_ms: 0 })
      .where('finished_ms', 'is', null)
      .where('leased_until_ms', '>', 0),
  ),
)

export type DeliveryOutcome =
  | { readonly kind: 'delivered' }
  | {
      readonly kind: 'retry'
      readonly error: string
      readonly nextTryMs: number
      /** What has arrived all the same; it is not sent again. */
      readonly done?: readonly string[]
    }
  | { readonly kind: 'given-up'; readonly error: string }

export interface Delivery {
  readonly id: number
  readonly channel: string
  readonly nowMs: number
  readonly outcome: DeliveryOutcome
  readonly events: readonly AlertEvent[]
}

/** Writes down how a try went, for the message and for its channel. */
export const recordDelivery = defineOperation('record-delivery', (transaction, delivery: Delivery) => {
  const { db } = transaction
  const { id, channel, nowMs, outcome } = delivery
  const message = sql.updateTable('outbox').where('id', '=', id)
  switch (outcome.kind) {
    case 'delivered':
      db.run(message.set({ finished_ms: nowMs, outcome: 'delivered', last_error: null }))
      break
    case 'retry':
      db.run(message.set({ next_try_ms: outcome.nextTryMs, leased_until_ms: 0, last_error: outcome.error }))
      if (outcome.done !== undefined) db.run(message.set({ done: JSON.stringify(outcome.done) }))
      break
    case 'given-up':
      db.run(message.set({ finished_ms: nowMs, outcome: 'given-up', last_error: outcome.error }))
      break
  }
  noteChannel(transaction, channel, nowMs, outcome.kind === 'delivered' ? undefined : outcome.error)
  writeEvents(transaction, delivery.events)
})

function noteChannel({ db }: Transaction, channel: string, nowMs: number, error: string | undefined): void {
  if (error === undefined) {
    db.statement(
      `INSERT INTO channel_state (channel, last_success_ms) VALUES (?, ?)
       ON CONFLICT (channel) DO UPDATE SET last_success_ms = excluded.last_success_ms, failing_since_ms = NULL`,
    ).run(channel, nowMs)
    return
  }
  db.statement(
    `INSERT INTO channel_state (channel, last_failure_ms, last_error, failing_since_ms) VALUES (?, ?, ?, ?)
     ON CONFLICT (channel) DO UPDATE SET last_failure_ms = excluded.last_failure_ms, last_error = excluded.last_error,
       failing_since_ms = COALESCE(failing_since_ms, excluded.failing_since_ms)`,
  ).run(channel, nowMs, error, nowMs)
}

/** How a channel has been doing. */
export interface ChannelState {
  readonly channel: string
  readonly lastSuccessMs: number | undefined
  readonly lastFailureMs: number | undefined
  readonly lastError: string | undefined
  readonly failingSinceMs: number | undefined
}

export function channelStates(db: Connection): readonly ChannelState[] {
  return db.all(sql.selectFrom('channel_state').selectAll().orderBy('channel')).map((row) => ({
    channel: row.channel,
    lastSuccessMs: row.last_success_ms ?? undefined,
    lastFailureMs: row.last_failure_ms ?? undefined,
    lastError: row.last_error ?? undefined,
    failingSinceMs: row.failing_since_ms ?? undefined,
  }))
}

/** How many messages are owed, and since when the oldest waits. */
export function outboxBacklog(db: Connection): { readonly pending: number; readonly oldestMs: number | undefined } {
  const row = db
    .statement('SELECT COUNT(*) AS pending, MIN(created_ms) AS oldestMs FROM outbox WHERE finished_ms IS NULL')
    .get()
  const { pending, oldestMs } = row as { pending: number; oldestMs: number | null }
  return { pending, oldestMs: oldestMs ?? undefined }
}

/** When the next message is due, so that the sender need not ask all the time. */
export function nextDueMs(db: Connection): number | undefined {
  const row = db
    .statement('SELECT MIN(MAX(next_try_ms, leased_until_ms)) AS dueMs FROM outbox WHERE finished_ms IS NULL')
    .get() as { dueMs: number | null }
  return row.dueMs ?? undefined
}
