import { sql as raw } from 'kysely'
import { chance } from '../lib/chance.ts'
import { type AuditEntry, auditBodyHash, auditHash, GENESIS } from './audit-hash.ts'
import type { Connection } from './database.ts'
import { defineOperation, type Transaction } from './operation.ts'
import { sql } from './schema.ts'
import { forgetTraces, NewTraces, newSeqs, SEQS_IN_TREES, traceKey } from './trace-index.ts'

/** A stored record. */
export interface AuditRecord extends Omit<AuditEntry, 'body'> {
  readonly seq: number
  /** Undefined when it has been erased. */
  readonly attributes: Readonly<Record<string, unknown>> | undefined
  /** Hex. */
  readonly hash: string
}

interface Head {
  seq: number
  hash: Uint8Array
}

const SALT_BYTES = 16

/**
 * Appends records in the order given. The chain's head is read inside the transaction, which keeps the chain single.
 *
 * @returns the number of the last record
 */
export const appendAudit = defineOperation(
  'append-audit',
  (transaction, { entries }: { entries: readonly AuditEntry[] }) => {
    const { db } = transaction
    const { head, traces } = transaction.state('audit', () => {
      const head = readHead(transaction)
      const traces = new NewTraces(db, head.seq + 1)
      transaction.beforeCommit(() => traces.write())
      return { head, traces }
    })
    const insert = db.statement(
      `INSERT INTO audit (seq, at_ms, received_ms, trace_id, span_id, event, actor, action, resource, outcome, duration_ms,
       body_hash, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    // A body may be left over where somebody cut the chain by hand: what happens from here on has to be kept all the same.
    const insertBody = db.statement('INSERT OR REPLACE INTO audit_body (seq, salt, body) VALUES (?, ?, ?)')
    for (const given of entries) {
      const entry = asStored(given)
      const seq = head.seq + 1
      const salt = chance(SALT_BYTES)
      const bodyHash = auditBodyHash(salt, entry.body)
      const hash = auditHash(head.hash, seq, entry, bodyHash)
      const trace = Buffer.from(entry.traceId, 'hex')
      insert.run(
        seq,
        entry.atMs,
        entry.receivedMs,
        trace,
        entry.spanId,
        entry.event,
        entry.actor,
        entry.action,
        entry.resource,
        entry.outcome,
        entry.durationMs,
        bodyHash,
        hash,
      )
      insertBody.run(seq, salt, entry.body)
      traces.add(trace)
      head.seq = seq
      head.hash = hash
    }
    return head.seq
  },
)

/** SQLite keeps UTF-8: half a surrogate pair would be read back as another character, and no hash would fit any more. */
function asStored(entry: AuditEntry): AuditEntry {
  return {
    ...entry,
    event: entry.event.toWellFormed(),
    actor: entry.actor.toWellFormed(),
    action: entry.action.toWellFormed(),
    resource: entry.resource.toWellFormed(),
    outcome: entry.outcome.toWellFormed(),
    body: entry.body.toWellFormed(),
  }
}

/** After a cut, when every record is gone, the chain goes on from the anchor. */
function readHead({ db }: Transaction): Head {
  const last = db.statement('SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1').get() as Head | undefined
  if (last !== undefined) return last
  const anchor = db.statement('SELECT seq, hash FROM audit_anchor ORDER BY seq DESC LIMIT 1').get() as Head | undefined
  return anchor ?? { seq: 0, hash: GENESIS }
}

const ROWS_A_STEP = 5000

/**
 * One step of the retention: drops records older than `beforeMs` from the chain's old end and keeps the hash at the cut as an
 * anchor, so that what is left can still be verified.
 *
 * @returns how many records went
 */
export const retainAudit = defineOperation(
  'retain-audit',
  ({ db }, { beforeMs, nowMs }: { beforeMs: number; nowMs: number }): number => {
    // Times may go back a little; the cut is where the first young record stands.
    const young = db.statement('SELECT MIN(seq) FROM audit WHERE received_ms >= ?').raw().get(beforeMs) as [
      number | null,
    ]
    const oldest = db.statement('SELECT MIN(seq), MAX(seq) FROM audit').raw().get() as [number | null, number | null]
    if (oldest[0] === null || oldest[1] === null) return 0
    const lastGone = Math.min((young[0] ?? oldest[1] + 1) - 1, oldest[0] + ROWS_A_STEP - 1)
    if (lastGone < oldest[0]) return 0
    const cut = db.statement('SELECT hash FROM audit WHERE seq = ?').get(lastGone) as { hash: Uint8Array }
    db.run(sql.insertInto('audit_anchor').values({ seq: lastGone, hash: cut.hash, at_ms: nowMs, reason: 'retention' }))
    forgetTraces(db, lastGone)
    db.run(sql.deleteFrom('audit_body').where('seq', '<=', lastGone))
    return db.run(sql.deleteFrom('audit').where('seq', '<=', lastGone))
  },
)

export interface AuditFilter {
  readonly traceId?: string | undefined
  readonly actor?: string | undefined
  readonly action?: string | undefined
  readonly event?: string | undefined
  readonly fromMs?: number | undefined
  readonly toMs?: number | undefined
}

const COUNT_LIMIT = 10_000

/** One page of records, newest first, and how many there are (counted to 10,000). */
export function searchAudit(
  db: Connection,
  filter: AuditFilter,
  page: number,
  pageSize: number,
): { readonly records: readonly AuditRecord[]; readonly total: number; readonly totalIs: 'exact' | 'at_least' } {
  const matching = filtered(db, filter)
  const rows = db.all(
    matching
      .leftJoin('audit_body', 'audit_body.seq', 'audit.seq')
      .selectAll('audit')
      .select('audit_body.body')
      .orderBy('audit.at_ms', 'desc')
      .orderBy('audit.seq', 'desc')
      .limit(pageSize)
      .offset((page - 1) * pageSize),
  )
  const counted = db.get(
    sql
      .selectFrom(
        matching
          .select('audit.seq')
          .limit(COUNT_LIMIT + 1)
          .as('found'),
      )
      .select((expression) => expression.fn.countAll<number>().as('total')),
  )
  const total = counted?.total ?? 0
  return {
    records: rows.map(toRecord),
    total: Math.min(total, COUNT_LIMIT),
    totalIs: total > COUNT_LIMIT ? 'at_least' : 'exact',
  }
}

/** The bodies one by one: joined, the same rows take twice as long to come. */
const ROWS = `SELECT seq, at_ms, received_ms, trace_id, span_id, event, actor, action, resource, outcome, duration_ms, hash,
  (SELECT body FROM audit_body WHERE audit_body.seq = audit.seq) AS body FROM audit`

/** Few enough to be sorted here, which takes a third of the time; a journey has ten records, hardly ever a thousand. */
const FEW = 1000

/** All records of one journey, oldest first. */
export function auditOfTrace(db: Connection, traceId: string, limit: number): readonly AuditRecord[] {
  const trace = Buffer.from(traceId, 'hex')
  const key = traceKey(trace)
  const matching = `${ROWS} WHERE seq IN (${SEQS_IN_TREES} UNION ALL SELECT value FROM json_each(?)) AND trace_id = ?`
  const parameters = [JSON.stringify(newSeqs(db, key)), trace]
  const few = db.statement(`${matching} LIMIT ${FEW}`).all(key, key, ...parameters) as Row[]
  if (few.length < Math.min(FEW, limit)) return few.sort((a, b) => a.at_ms - b.at_ms || a.seq - b.seq).map(toRecord)
  const all = db.statement(`${matching} ORDER BY at_ms, seq LIMIT ?`).all(key, key, ...parameters, limit) as Row[]
  return all.map(toRecord)
}

/** Of the last `most` records those that did not succeed, oldest first; those whose attributes were erased are left out. */
export function lastUnsuccessful(db: Connection, most: number): readonly AuditEntry[] {
  const rows = db
    .statement(
      `${ROWS} WHERE audit.seq > (SELECT MAX(seq) FROM audit) - ? AND audit.outcome <> 'success' AND body IS NOT NULL
       ORDER BY audit.seq`,
    )
    .all(most) as Row[]
  return rows.map((row) => ({ ...toRecord(row), body: row.body as string }))
}

function filtered(db: Connection, { traceId, actor, action, event, fromMs, toMs }: AuditFilter) {
  let query = sql.selectFrom('audit')
  if (traceId !== undefined) {
    const trace = Buffer.from(traceId, 'hex')
    const key = traceKey(trace)
    const newest = JSON.stringify(newSeqs(db, key))
    const seqs = raw<number>`SELECT seq FROM audit_trace_recent WHERE key = ${key} UNION ALL SELECT seq FROM audit_trace WHERE key = ${key} UNION ALL SELECT value FROM json_each(${newest})`
    query = query.where('audit.seq', 'in', raw<number>`(${seqs})`).where('audit.trace_id', '=', trace)
  }
  if (actor !== undefined) query = query.where('audit.actor', '=', actor)
  if (action !== undefined) query = query.where('audit.action', '=', action)
  if (event !== undefined) query = query.where('audit.event', '=', event)
  if (fromMs !== undefined) query = query.where('audit.at_ms', '>=', fromMs)
  if (toMs !== undefined) query = query.where('audit.at_ms', '<', toMs)
  return query
}

interface Row {
  seq: number
  at_ms: number
  received_ms: number
  trace_id: Uint8Array
  span_id: string | null
  event: string
  actor: string
  action: string
  resource: string
  outcome: string
  duration_ms: number | null
  hash: Uint8Array
  body: string | null
}

function toRecord(row: Row): AuditRecord {
  return {
    seq: row.seq,
    atMs: row.at_ms,
    receivedMs: row.received_ms,
    traceId: Buffer.from(row.trace_id).toString('hex'),
    spanId: row.span_id,
    event: row.event,
    actor: row.actor,
    action: row.action,
    resource: row.resource,
    outcome: row.outcome,
    durationMs: row.duration_ms,
    attributes: row.body === null ? undefined : (JSON.parse(row.body) as Record<string, unknown>),
    hash: Buffer.from(row.hash).toString('hex'),
  }
}
