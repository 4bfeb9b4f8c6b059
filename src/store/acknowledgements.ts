import type { Acknowledgement } from '../model/acknowledgement.ts'
import type { AlertEvent } from '../model/alert.ts'
import { writeEvents } from './alert-events.ts'
import type { Connection } from './database.ts'
import type { NewMessage } from './notify.ts'
import { defineOperation } from './operation.ts'
import { writeMessages } from './outbox.ts'
import { sql } from './schema.ts'

/** What acknowledging, or its end, changes: all of it is on disk, or nothing. */
export interface AcknowledgementChange {
  readonly made: readonly Acknowledgement[]
  /** Fingerprints of alerts that are acknowledged no more. */
  readonly ended: readonly string[]
  readonly events: readonly AlertEvent[]
  /** Messages that tell other systems of it. */
  readonly messages: readonly NewMessage[]
}

export const saveAcknowledgements = defineOperation(
  'save-acknowledgements',
  (transaction, { made, ended, events, messages }: AcknowledgementChange) => {
    const { db } = transaction
    for (const { fingerprint, startsAtMs, atMs, endsAtMs, by, reason } of made) {
      const values = { starts_at_ms: startsAtMs, at_ms: atMs, ends_at_ms: endsAtMs, acknowledged_by: by, reason }
      db.run(
        sql
          .insertInto('acknowledgement')
          .values({ fingerprint, ...values })
          .onConflict((conflict) => conflict.column('fingerprint').doUpdateSet(values)),
      )
    }
    for (const fingerprint of ended) {
      db.run(sql.deleteFrom('acknowledgement').where('fingerprint', '=', fingerprint))
    }
    writeEvents(transaction, events)
    writeMessages(transaction, messages)
  },
)

export function loadAcknowledgements(db: Connection): Acknowledgement[] {
  return db.all(sql.selectFrom('acknowledgement').selectAll()).map((row) => ({
    fingerprint: row.fingerprint,
    startsAtMs: row.starts_at_ms,
    atMs: row.at_ms,
    endsAtMs: row.ends_at_ms,
    by: row.acknowledged_by,
    reason: row.reason,
  }))
}
