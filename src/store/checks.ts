import type { Finding } from '../model/finding.ts'
import type { Connection } from './database.ts'
import { defineOperation } from './operation.ts'
import { sql } from './schema.ts'

/** What is remembered of a check over a restart. */
export interface CheckRow {
  readonly name: string
  readonly state: string
  readonly sinceMs: number
  readonly lastRunMs: number | undefined
  readonly lastSuccessMs: number | undefined
  /** Without its metrics, which are series. */
  readonly finding: Finding | undefined
}

/** A change of a check's state. */
export interface CheckEvent {
  readonly name: string
  readonly atMs: number
  readonly state: string
  readonly message: string
}

export const saveChecks = defineOperation(
  'save-checks',
  ({ db }, { rows, events }: { rows: readonly CheckRow[]; events: readonly CheckEvent[] }) => {
    for (const { name, state, sinceMs, lastRunMs, lastSuccessMs, finding } of rows) {
      const values = {
        state,
        since_ms: sinceMs,
        last_run_ms: lastRunMs ?? null,
        last_success_ms: lastSuccessMs ?? null,
        finding: finding === undefined ? null : JSON.stringify({ ...finding, metrics: [] }),
      }
      db.run(
        sql
          .insertInto('check_state')
          .values({ name, ...values })
          .onConflict((conflict) => conflict.column('name').doUpdateSet(values)),
      )
    }
    for (const { name, atMs, state, message } of events) {
      db.run(sql.insertInto('check_event').values({ name, at_ms: atMs, state, message }))
    }
  },
)

export const retainCheckEvents = defineOperation(
  'retain-check-events',
  ({ db }, { beforeMs }: { beforeMs: number }) => {
    db.run(sql.deleteFrom('check_event').where('at_ms', '<', beforeMs))
    // The last of each kind stays whatever its age: a yearly job is due a year after it.
    const last = sql
      .selectFrom('heartbeat_ping')
      .select(({ fn }) => fn.max('id').as('id'))
      .groupBy(['name', 'kind'])
    db.run(sql.deleteFrom('heartbeat_ping').where('at_ms', '<', beforeMs).where('id', 'not in', last))
  },
)

export function loadChecks(db: Connection): readonly CheckRow[] {
  return db.all(sql.selectFrom('check_state').selectAll()).map((row) => ({
    name: row.name,
    state: row.state,
    sinceMs: row.since_ms,
    lastRunMs: row.last_run_ms ?? undefined,
    lastSuccessMs: row.last_success_ms ?? undefined,
    finding: row.finding === null ? undefined : (JSON.parse(row.finding) as Finding),
  }))
}

/** Newest first. */
export function checkEvents(db: Connection, name: string, limit: number): readonly CheckEvent[] {
  const query = sql
    .selectFrom('check_event')
    .select(['name', 'at_ms as atMs', 'state', 'message'])
    .where('name', '=', name)
    .orderBy('at_ms', 'desc')
    .orderBy('id', 'desc')
    .limit(limit)
  return db.all(query)
}

/** Changes from `fromMs` on, oldest first, and before them the last one of before, which tells the state at `fromMs`. */
export function checkStatesSince(
  db: Connection,
  name: string,
  fromMs: number,
): readonly { readonly atMs: number; readonly state: string }[] {
  return db
    .statement(
      `SELECT at_ms AS atMs, state FROM check_event WHERE name = ? AND at_ms >=
         COALESCE((SELECT MAX(at_ms) FROM check_event WHERE name = ? AND at_ms < ?), ?) ORDER BY at_ms, id`,
    )
    .all(name, name, fromMs, fromMs) as { atMs: number; state: string }[]
}
