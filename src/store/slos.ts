import type { StoredSlo } from '../model/stored-slo.ts'
import type { Connection } from './database.ts'
import type { NewMessage } from './notify.ts'
import { defineOperation } from './operation.ts'
import { writeMessages } from './outbox.ts'
import { sql } from './schema.ts'

/** Messages that tell other systems are written together with the change. */
interface WithMessages {
  readonly messages: readonly NewMessage[]
}

export const saveSlo = defineOperation(
  'save-slo',
  (transaction, { slo, messages }: WithMessages & { slo: StoredSlo }) => {
    const { db } = transaction
    const changed = { spec: JSON.stringify(slo.spec), updated_ms: slo.updatedMs, updated_by: slo.updatedBy }
    db.run(
      sql
        .insertInto('slo')
        .values({ id: slo.id, ...changed, created_ms: slo.createdMs, created_by: slo.createdBy })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(changed)),
    )
    writeMessages(transaction, messages)
  },
)

export const deleteSlo = defineOperation(
  'delete-slo',
  (transaction, { id, messages }: WithMessages & { id: string }) => {
    transaction.db.run(sql.deleteFrom('slo').where('id', '=', id))
    writeMessages(transaction, messages)
  },
)

/** All of them, by id. */
export function loadSlos(db: Connection): readonly StoredSlo[] {
  return db.all(sql.selectFrom('slo').selectAll().orderBy('id')).map((row) => ({
    id: row.id,
    spec: JSON.parse(row.spec) as StoredSlo['spec'],
    createdMs: row.created_ms,
    updatedMs: row.updated_ms,
    createdBy: row.created_by,
    updatedBy: row.updated_by,
  }))
}
