import type { Connection } from './database.ts'
import { defineOperation } from './operation.ts'
import { sql } from './schema.ts'

/** A small fact that the program remembers about itself. */
export const putSetting = defineOperation('put-setting', ({ db }, { key, value }: { key: string; value: string }) => {
  db.run(
    sql
      .insertInto('setting')
      .values({ key, value })
      .onConflict((conflict) => conflict.column('key').doUpdateSet({ value })),
  )
})

export function getSetting(db: Connection, key: string): string | undefined {
  return db.get(sql.selectFrom('setting').select('value').where('key', '=', key))?.value
}
