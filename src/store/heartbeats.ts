import type { Ping, PingKind } from '../model/heartbeat.ts'
import type { Connection } from './database.ts'
import { defineOperation } from './operation.ts'
import { sql } from './schema.ts'

const KEPT_A_NAME = 1000
/** What jobs said is long; older pings lose it first. */
const BODIES_A_NAME = 100

export const addPing = defineOperation('add-ping', ({ db }, ping: Ping) => {
  db.run(
    sql.insertInto('heartbeat_ping').values({
      name: ping.name,
      at_ms: ping.atMs,
      kind: ping.kind,
      run_id: ping.runId ?? null,
      exit_code: ping.exitCode ?? null,
      duration_ms: ping.durationMs ?? null,
      source: ping.source ?? null,
      body: ping.body ?? null,
    }),
  )
  db.statement(
    `DELETE FROM heartbeat_ping WHERE name = ? AND id <=
       (SELECT id FROM heartbeat_ping WHERE name = ? ORDER BY id DESC LIMIT 1 OFFSET ${KEPT_A_NAME})`,
  ).run(ping.name, ping.name)
  if (ping.body === undefined) return
  db.statement(
    `UPDATE heartbeat_ping SET body = NULL WHERE name = ? AND body IS NOT NULL AND id <=
       (SELECT id FROM heartbeat_ping WHERE name = ? AND body IS NOT NULL ORDER BY id DESC LIMIT 1 OFFSET ${BODIES_A_NAME})`,
  ).run(ping.name, ping.name)
})

/** Newest first. */
export function pingsOf(db: Connection, name: string, limit: number): readonly Ping[] {
  const query = sql.selectFrom('heartbeat_ping').selectAll().where('name', '=', name).orderBy('id', 'desc').limit(limit)
  return db.all(query).map((row) => ({
    name: row.name,
    atMs: row.at_ms,
    kind: row.kind as PingKind,
    runId: row.run_id ?? undefined,
    exitCode: row.exit_code ?? undefined,
    durationMs: row.duration_ms ?? undefined,
    source: row.source ?? undefined,
    body: row.body ?? undefined,
  }))
}
