import { type AuditEntry, auditBodyHash, auditHash, GENESIS } from './audit.ts'
import type { Connection } from './database.ts'

export interface ChainReport {
  readonly intact: boolean
  /** How many records were recomputed. */
  readonly records: number
  /** Number and hash (hex) of the newest record: the thing to keep elsewhere. */
  readonly head: { readonly seq: number; readonly hash: string }
  /** The first record that does not fit, and why. */
  readonly broken?: { readonly seq: number; readonly reason: string }
}

const ROWS_AT_ONCE = 1000

/** Recomputes the chain from the last cut of the retention (or the first record) to its head. */
export function verifyAudit(db: Connection): ChainReport {
  const anchor = db.statement('SELECT seq, hash FROM audit_anchor ORDER BY seq DESC LIMIT 1').get() as
    | { seq: number; hash: Uint8Array }
    | undefined
  let seq = anchor?.seq ?? 0
  let hash: Uint8Array = anchor?.hash ?? GENESIS
  let records = 0
  const head = () => ({ seq, hash: Buffer.from(hash).toString('hex') })
  const page = db.statement(
    `SELECT a.seq, at_ms AS atMs, received_ms AS receivedMs, lower(hex(trace_id)) AS traceId, span_id AS spanId, event, actor,
       action, resource, outcome, duration_ms AS durationMs, body_hash AS bodyHash, hash, b.salt, b.body
     FROM audit a LEFT JOIN audit_body b ON b.seq = a.seq WHERE a.seq > ? ORDER BY a.seq LIMIT ${ROWS_AT_ONCE}`,
  )
  for (let rows = page.all(seq) as Row[]; rows.length > 0; rows = page.all(seq) as Row[]) {
    for (const row of rows) {
      const reason = faultOf(row, seq, hash)
      if (reason !== undefined) return { intact: false, records, head: head(), broken: { seq: row.seq, reason } }
      seq = row.seq
      hash = row.hash
      records++
    }
  }
  return { intact: true, records, head: head() }
}

interface Row extends Omit<AuditEntry, 'body'> {
  readonly seq: number
  readonly bodyHash: Uint8Array
  readonly hash: Uint8Array
  readonly salt: Uint8Array | null
  readonly body: string | null
}

function faultOf(row: Row, previousSeq: number, previousHash: Uint8Array): string | undefined {
  if (row.seq !== previousSeq + 1) return `record ${previousSeq + 1} is missing`
  if (row.body !== null && row.salt !== null && !auditBodyHash(row.salt, row.body).equals(row.bodyHash)) {
    return 'its attributes were changed'
  }
  if (!auditHash(previousHash, row.seq, row, row.bodyHash).equals(row.hash))
    return 'the record or its predecessor was changed'
  return undefined
}
