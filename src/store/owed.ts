import type { Connection } from './database.ts'

/** A message that a channel is owed about a group. Times are epoch milliseconds. */
export interface Owed {
  readonly createdMs: number
  readonly attempts: number
  readonly nextTryMs: number
  readonly lastError: string | null
}

/** What waits in the outbox for a channel about a group, the oldest first: only that one is tried. */
export function owedMessages(db: Connection, channel: string, groupKey: string): readonly Owed[] {
  return db
    .statement(
      `SELECT created_ms AS createdMs, attempts, next_try_ms AS nextTryMs, last_error AS lastError FROM outbox
       WHERE finished_ms IS NULL AND channel = ? AND group_key = ? ORDER BY id`,
    )
    .all(channel, groupKey) as Owed[]
}
