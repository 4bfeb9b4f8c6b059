import { createMatcher, type MatchOp } from '../model/matcher.ts'
import type { Silence } from '../model/silence.ts'
import type { Connection } from './database.ts'
import { defineOperation } from './operation.ts'
import { sql } from './schema.ts'

interface PlainSilence extends Omit<Silence, 'matchers'> {
  readonly matchers: readonly { readonly name: string; readonly op: MatchOp; readonly value: string }[]
}

/** Matchers are functions as well, which do not survive the way to the writer's thread. */
export function plainSilence({ matchers, ...silence }: Silence): PlainSilence {
  return { ...silence, matchers: matchers.map(({ name, op, value }) => ({ name, op, value })) }
}

export const saveSilences = defineOperation(
  'save-silences',
  ({ db }, { silences }: { silences: readonly PlainSilence[] }) => {
    for (const silence of silences) {
      const values = {
        matchers: JSON.stringify(silence.matchers),
        starts_at_ms: silence.startsAtMs,
        ends_at_ms: silence.endsAtMs,
        updated_at_ms: silence.updatedAtMs,
        created_by: silence.createdBy,
        comment: silence.comment,
      }
      db.run(
        sql
          .insertInto('silence')
          .values({ id: silence.id, ...values })
          .onConflict((conflict) => conflict.column('id').doUpdateSet(values)),
      )
    }
  },
)

export const retainSilences = defineOperation('retain-silences', ({ db }, { beforeMs }: { beforeMs: number }) => {
  db.run(sql.deleteFrom('silence').where('ends_at_ms', '<=', beforeMs))
})

export function loadSilences(db: Connection): Silence[] {
  return db.all(sql.selectFrom('silence').selectAll()).map((row) => ({
    id: row.id,
    matchers: (JSON.parse(row.matchers) as PlainSilence['matchers']).map(({ name, op, value }) =>
      createMatcher(name, op, value),
    ),
    startsAtMs: row.starts_at_ms,
    endsAtMs: row.ends_at_ms,
    updatedAtMs: row.updated_at_ms,
    createdBy: row.created_by,
    comment: row.comment,
  }))
}
