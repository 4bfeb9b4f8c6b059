import { createHash } from 'node:crypto'
import type { AlertEvent } from '../model/alert.ts'
import { writeEvents } from './alert-events.ts'
import type { Arrived } from './arrived-file.ts'
import type { Connection } from './database.ts'
import type { NewMessage } from './notify.ts'
import { defineOperation, type Transaction } from './operation.ts'
import { fingerprintsOf, handOver, type StandIn, type StandInSource, tellEnd } from './outbox-stand-in.ts'
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
  /** Set where its channel sends it for another one. */
  readonly standIn?: StandIn | undefined
  /** The channel that told it meanwhile, since this one has been failing. */
  readonly toldBy?: string | undefined
}

/** Owes messages that belong to nothing else that is written. */
export const oweMessages = defineOperation(
  'owe-messages',
  (transaction, { messages }: { readonly messages: readonly NewMessage[] }) => writeMessages(transaction, messages),
)

export function writeMessages(transaction: Transaction, messages: readonly NewMessage[]): void {
  const { db } = transaction
  for (const { channel, groupKey, body, createdMs, expiresMs } of messages) {
    db.statement(
      `INSERT INTO outbox (channel, group_key, body, created_ms, expires_ms, next_try_ms) VALUES (?, ?, ?, ?, ?, ?)`,
    ).run(channel, groupKey, body, createdMs, expiresMs, createdMs)
    tellEnd(transaction, channel, { groupKey, body, createdMs })
  }
}

/** No try is put off farther than this; where one is, the clock was put back, and its time has come. */
export const LONGEST_WAIT_MS = 15 * 60_000

/** Names a message: the same at every try of it, also of one that no disk holds, and another one for each other message. */
export function messageIdOf({
  channel,
  groupKey,
  createdMs,
  body,
}: Pick<Message, 'channel' | 'groupKey' | 'createdMs' | 'body'>): string {
  const hash = createHash('sha256').update(JSON.stringify([channel, groupKey, createdMs, body]))
  return `msg_${hash.digest('base64url').slice(0, 27)}`
}

/** At the start: what arrived before the last run was killed is not sent again. */
export const settleArrived = defineOperation(
  'settle-arrived',
  (transaction, { arrived, nowMs }: { readonly arrived: readonly Arrived[]; readonly nowMs: number }): number => {
    const { db } = transaction
    let settled = 0
    for (const { id, messageId } of arrived) {
      const row = db
        .statement(
          `SELECT channel, group_key AS groupKey, created_ms AS createdMs, body FROM outbox
           WHERE id = ? AND finished_ms IS NULL`,
        )
        .get(id) as Pick<Message, 'channel' | 'groupKey' | 'createdMs' | 'body'> | undefined
      if (row === undefined || messageIdOf(row) !== messageId) continue
      db.statement(
        `UPDATE outbox SET finished_ms = ?, outcome = 'delivered', last_error = NULL, leased_until_ms = 0 WHERE id = ?`,
      ).run(nowMs, id)
      noteChannel(transaction, row.channel, nowMs, undefined)
      const event = {
        atMs: nowMs,
        kind: 'delivered',
        detail: `by ${row.channel}, just before midwatch was stopped in its tracks`,
        subject: `channel/${row.channel}`,
      }
      writeEvents(
        transaction,
        fingerprintsOf(row.body).map((fingerprint) => ({ fingerprint, ...event })),
      )
      settled++
    }
    return settled
  },
)

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
  /** Of the messages that went out as one. */
  readonly ids: readonly number[]
  readonly channel: string
  readonly nowMs: number
  readonly outcome: DeliveryOutcome
  readonly events: readonly AlertEvent[]
  /** The channel that gets what is given up here. */
  readonly instead?: string | undefined
}

/** Writes down how a try went, for the messages and for their channel. */
export const recordDelivery = defineOperation('record-delivery', (transaction, delivery: Delivery) => {
  const { db } = transaction
  const { ids, channel, nowMs, outcome, instead } = delivery
  for (const id of ids) {
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
        if (instead !== undefined) handOverGivenUp(transaction, id, { to: instead, nowMs, error: outcome.error })
        break
    }
  }
  noteChannel(transaction, channel, nowMs, outcome.kind === 'delivered' ? undefined : outcome.error)
  writeEvents(transaction, delivery.events)
})

/** Unless another channel has told it already, or it is told here for another one: nothing goes round in a circle. */
function handOverGivenUp(
  transaction: Transaction,
  id: number,
  { to, nowMs, error }: { readonly to: string; readonly nowMs: number; readonly error: string },
): void {
  const row = transaction.db
    .statement(
      `SELECT id, channel, group_key AS groupKey, body, created_ms AS createdMs, expires_ms AS expiresMs FROM outbox
       WHERE id = ? AND told_by IS NULL AND stand_in IS NULL`,
    )
    .get(id) as (StandInSource & { readonly channel: string }) | undefined
  if (row !== undefined) handOver(transaction, row, { to, nowMs, why: { of: row.channel, error } })
}

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

/** Channels with something waiting whose last try failed, and since when none has worked. */
export function failingChannels(db: Connection): readonly { readonly channel: string; readonly sinceMs: number }[] {
  return db
    .statement(
      `SELECT channel, failing_since_ms AS sinceMs FROM channel_state AS state WHERE failing_since_ms IS NOT NULL
         AND EXISTS (SELECT 1 FROM outbox WHERE finished_ms IS NULL AND channel = state.channel)`,
    )
    .all() as { channel: string; sinceMs: number }[]
}

/** What a channel has waiting. */
export interface ChannelBacklog {
  readonly channel: string
  readonly pending: number
  /** When the oldest of it was owed. */
  readonly oldestMs: number
}

export function channelBacklogs(db: Connection): readonly ChannelBacklog[] {
  return db
    .statement(
      `SELECT channel, COUNT(*) AS pending, MIN(created_ms) AS oldestMs FROM outbox WHERE finished_ms IS NULL
       GROUP BY channel`,
    )
    .all() as ChannelBacklog[]
}

/** How many messages are owed, and since when the oldest waits. */
export function outboxBacklog(db: Connection): { readonly pending: number; readonly oldestMs: number | undefined } {
  const backlogs = channelBacklogs(db)
  return {
    pending: backlogs.reduce((sum, { pending }) => sum + pending, 0),
    oldestMs: backlogs.length === 0 ? undefined : Math.min(...backlogs.map(({ oldestMs }) => oldestMs)),
  }
}

/** When the next message is due, so that the sender need not ask all the time. */
export function nextDueMs(db: Connection): number | undefined {
  const row = db
    .statement('SELECT MIN(MAX(next_try_ms, leased_until_ms)) AS dueMs FROM outbox WHERE finished_ms IS NULL')
    .get() as { dueMs: number | null }
  return row.dueMs ?? undefined
}
