import type { AlertEvent } from '../model/alert.ts'
import { writeEvents } from './alert-events.ts'
import { defineOperation, type Transaction } from './operation.ts'

/** Why a channel sends what another one owes. */
export interface StandIn {
  /** The channel that owes it. */
  readonly of: string
  /** Since when that one has been failing; undefined where it works again, and what began here is over. */
  readonly sinceMs?: number
  /** What it failed with last. */
  readonly error?: string
}

/** A message as far as another channel needs it. */
export interface StandInSource {
  readonly id: number
  readonly groupKey: string
  readonly body: string
  readonly createdMs: number
  readonly expiresMs: number
}

export interface StandInRequest {
  readonly channel: string
  /** The channel that tells in its place. */
  readonly to: string
  /** How long it must have been failing. */
  readonly afterMs: number
  readonly nowMs: number
}

/** One flush owes its messages one after the other: those of the other channels of a receiver are this near. */
const NEIGHBOURS = 50

/**
 * Lets another channel tell, too, what waits on one that has been failing for long. What waits stays owed. What another
 * channel sends for one is never handed on again, so nothing goes round in a circle.
 *
 * @returns how many messages went to the other channel
 */
export const standIn = defineOperation(
  'stand-in',
  (transaction, { channel, to, afterMs, nowMs }: StandInRequest): number => {
    const { db } = transaction
    const state = db
      .statement(
        `SELECT MAX(failing_since_ms, (SELECT MIN(created_ms) FROM outbox
           WHERE channel = @channel AND finished_ms IS NULL AND stand_in IS NULL)) AS sinceMs,
           last_failure_ms AS lastFailureMs, last_error AS error
         FROM channel_state WHERE channel = @channel`,
      )
      .get({ channel }) as { sinceMs: number | null; lastFailureMs: number; error: string } | undefined
    if (state === undefined || state.sinceMs === null || nowMs - state.sinceMs < afterMs) return 0
    const { sinceMs, lastFailureMs, error } = state
    // One that nothing has failed for since it is owed may arrive in the next moment.
    const waiting = db
      .statement(
        `SELECT id, group_key AS groupKey, body, created_ms AS createdMs, expires_ms AS expiresMs FROM outbox
         WHERE channel = @channel AND finished_ms IS NULL AND told_by IS NULL AND stand_in IS NULL
           AND (last_error IS NOT NULL OR created_ms <= @lastFailureMs) ORDER BY id`,
      )
      .all({ channel, lastFailureMs }) as StandInSource[]
    const why = { of: channel, sinceMs, error }
    for (const message of waiting) handOver(transaction, message, { to, nowMs, why })
    return waiting.length
  },
)

/** Gives one message to another channel, unless that one was to tell the same in the same moment anyway. */
export function handOver(
  transaction: Transaction,
  message: StandInSource,
  { to, nowMs, why }: { readonly to: string; readonly nowMs: number; readonly why: StandIn },
): void {
  const { db } = transaction
  db.statement('UPDATE outbox SET told_by = ? WHERE id = ?').run(to, message.id)
  const tellsAnyway = db
    .statement(
      `SELECT 1 FROM outbox WHERE id BETWEEN @id - @near AND @id + @near AND channel = @to AND group_key = @groupKey
         AND created_ms = @createdMs AND stand_in IS NULL AND outcome IS NOT 'given-up'`,
    )
    .get({ id: message.id, near: NEIGHBOURS, to, groupKey: message.groupKey, createdMs: message.createdMs })
  if (tellsAnyway !== undefined) return
  const { groupKey, body, createdMs, expiresMs } = message
  db.statement(
    `INSERT INTO outbox (channel, group_key, body, created_ms, expires_ms, next_try_ms, stand_in)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
  ).run(to, groupKey, body, nowMs, nowMs + expiresMs - createdMs, nowMs, JSON.stringify(why))
  const detail = `for ${to}, in place of ${why.of}${why.error === undefined ? '' : `: ${why.error}`}`
  writeEvents(
    transaction,
    fingerprintsOf(body).map(
      (fingerprint): AlertEvent => ({ fingerprint, atMs: nowMs, kind: 'queued', detail, subject: `channel/${to}` }),
    ),
  )
}

/**
 * Whoever was told by another channel that something began is told there, too, that it is over, though the channel that
 * owes it may work again.
 */
export function tellEnd(
  transaction: Transaction,
  channel: string,
  message: Pick<StandInSource, 'groupKey' | 'body' | 'createdMs'>,
): void {
  const last = transaction.db
    .statement(
      `SELECT channel AS 'to', json_extract(body, '$.status') AS status FROM outbox
       WHERE group_key = ? AND stand_in IS NOT NULL AND json_extract(stand_in, '$.of') = ? ORDER BY id DESC LIMIT 1`,
    )
    .get(message.groupKey, channel) as { to: string; status: string } | undefined
  if (last?.status !== 'firing' || statusOf(message.body) !== 'resolved') return
  // What is owed before it comes before it there, too.
  const owed = transaction.db
    .statement(
      `SELECT id, group_key AS groupKey, body, created_ms AS createdMs, expires_ms AS expiresMs FROM outbox
       WHERE channel = ? AND group_key = ? AND finished_ms IS NULL AND told_by IS NULL AND stand_in IS NULL ORDER BY id`,
    )
    .all(channel, message.groupKey) as StandInSource[]
  for (const each of owed) handOver(transaction, each, { to: last.to, nowMs: message.createdMs, why: { of: channel } })
}

function statusOf(body: string): unknown {
  return (JSON.parse(body) as { readonly status?: unknown }).status
}

/** Of the alerts that a message is about; none of what is no message about alerts. */
export function fingerprintsOf(body: string): readonly string[] {
  const { alerts = [] } = JSON.parse(body) as { readonly alerts?: readonly { readonly fingerprint: string }[] }
  return alerts.map(({ fingerprint }) => fingerprint)
}
