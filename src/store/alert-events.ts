import type { AlertEvent } from '../model/alert.ts'
import type { Connection } from './database.ts'
import type { Transaction } from './operation.ts'
import { sql } from './schema.ts'

export function writeEvents({ db }: Transaction, events: readonly AlertEvent[]): void {
  for (const { fingerprint, atMs, kind, detail } of events) {
    db.run(sql.insertInto('alert_event').values({ fingerprint, at_ms: atMs, kind, detail }))
  }
}

/** The story of one alert, oldest first. */
export function alertEvents(db: Connection, fingerprint: string, limit: number): readonly AlertEvent[] {
  const query = sql
    .selectFrom('alert_event')
    .select(['fingerprint', 'at_ms as atMs', 'kind', 'detail'])
    .where('fingerprint', '=', fingerprint)
    .orderBy('id', 'desc')
    .limit(limit)
  return db.all(query).reverse() as AlertEvent[]
}
