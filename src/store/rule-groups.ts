import type { StoredRuleGroup, WrittenRuleGroup } from '../model/stored-rule-group.ts'
import type { Connection } from './database.ts'
import type { NewMessage } from './notify.ts'
import { defineOperation } from './operation.ts'
import { writeMessages } from './outbox.ts'
import { sql } from './schema.ts'

interface PutRuleGroup extends Omit<StoredRuleGroup, 'version'> {
  /** Messages that tell other systems of it. */
  readonly messages: readonly NewMessage[]
}

/** Writes a group, in the place of the one that has its name; returns its new version. */
export const putRuleGroup = defineOperation('put-rule-group', (transaction, change: PutRuleGroup): number => {
  const { db } = transaction
  const { namespace, written, createdMs, updatedMs, updatedBy, messages } = change
  db.run(sql.deleteFrom('rule_group').where('namespace', '=', namespace).where('name', '=', written.name))
  const row = db.get(
    sql
      .insertInto('rule_group')
      .values({
        namespace,
        name: written.name,
        body: JSON.stringify(written),
        created_at_ms: createdMs,
        updated_at_ms: updatedMs,
        updated_by: updatedBy,
      })
      .returning('version'),
  ) as { version: number }
  writeMessages(transaction, messages)
  return row.version
})

interface DeleteRuleGroups {
  readonly versions: readonly number[]
  readonly messages: readonly NewMessage[]
}

export const deleteRuleGroups = defineOperation('delete-rule-groups', (transaction, change: DeleteRuleGroups) => {
  for (const version of change.versions) {
    transaction.db.run(sql.deleteFrom('rule_group').where('version', '=', version))
  }
  writeMessages(transaction, change.messages)
})

/** All of them, by namespace and name. */
export function loadRuleGroups(db: Connection): StoredRuleGroup[] {
  const rows = db.all(sql.selectFrom('rule_group').selectAll().orderBy('namespace').orderBy('name'))
  return rows.map((row) => ({
    namespace: row.namespace,
    written: JSON.parse(row.body) as WrittenRuleGroup,
    version: row.version,
    createdMs: row.created_at_ms,
    updatedMs: row.updated_at_ms,
    updatedBy: row.updated_by,
  }))
}
