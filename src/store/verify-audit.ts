import { setImmediate as yieldToOthers } from 'node:timers/promises'
import { type AuditEntry, auditBodyHash, auditHash, GENESIS } from './audit-hash.ts'
import type { Connection } from './database.ts'

/** Number and hash (hex) of a record: the thing to keep elsewhere. */
export interface AuditHead {
  readonly seq: number
  readonly hash: string
}

export interface ChainReport {
  readonly intact: boolean
  /** How many records were recomputed. */
  readonly records: number
  /** The newest record. */
  readonly head: AuditHead
  /** The first record that does not fit, and why. */
  readonly broken?: { readonly seq: number; readonly reason: string }
  /** Of a head that was kept elsewhere: whether the chain still has it, or it is older than what the retention keeps. */
  readonly expected?: 'found' | 'changed' | 'missing' | 'too-old'
}

const ROWS_AT_ONCE = 1000

/**
 * Recomputes the chain from the last cut of the retention (or the first record) to the head that it has now. It lets others
 * run between slices of rows, so that a long chain delays nothing.
 *
 * @param expected a head kept elsewhere: who can rewrite the whole chain can't make it fit that one
 */
export async function verifyAudit(db: Connection, expected?: AuditHead): Promise<ChainReport> {
  const last = db.statement('SELECT MAX(seq) AS seq FROM audit').get() as { seq: number | null }
  for (;;) {
    const anchor = newestAnchor(db)
    const report = await walk(db, anchor, last.seq ?? anchor.seq, expected)
    // The retention may have cut what was about to be read; then the chain begins later, and nothing is wrong with it.
    if (report.intact || newestAnchor(db).seq === anchor.seq) return report
  }
}

interface Anchor {
  readonly seq: number
  readonly hash: Uint8Array
}

function newestAnchor(db: Connection): Anchor {
  const anchor = db.statement('SELECT seq, hash FROM audit_anchor ORDER BY seq DESC LIMIT 1').get()
  return (anchor as Anchor | undefined) ?? { seq: 0, hash: GENESIS }
}

async function walk(
  db: Connection,
  anchor: Anchor,
  lastSeq: number,
  expected: AuditHead | undefined,
): Promise<ChainReport> {
  let { seq, hash } = anchor
  let records = 0
  let verdict = expected === undefined ? undefined : judgeHead(anchor, expected)
  const head = () => ({ seq, hash: hex(hash) })
  const page = db.statement(
    `SELECT a.seq, at_ms AS atMs, received_ms AS receivedMs, lower(hex(trace_id)) AS traceId, span_id AS spanId, event, actor,
       action, resource, outcome, duration_ms AS durationMs, body_hash AS bodyHash, hash, b.salt, b.body
     FROM audit a LEFT JOIN audit_body b ON b.seq = a.seq WHERE a.seq > ? AND a.seq <= ? ORDER BY a.seq LIMIT ${ROWS_AT_ONCE}`,
  )
  for (let rows = page.all(seq, lastSeq) as Row[]; rows.length > 0; rows = page.all(seq, lastSeq) as Row[]) {
    for (const row of rows) {
      const reason = faultOf(row, seq, hash)
      if (reason !== undefined) return { intact: false, records, head: head(), broken: { seq: row.seq, reason } }
      seq = row.seq
      hash = row.hash
      records++
      if (seq === expected?.seq) verdict = hex(hash) === expected.hash ? 'found' : 'changed'
    }
    await yieldToOthers()
  }
  if (expected === undefined || verdict === undefined) return { intact: true, records, head: head() }
  const contradiction = contradictionOf(verdict, expected)
  return {
    intact: contradiction === undefined,
    records,
    head: head(),
    expected: verdict,
    ...(contradiction === undefined ? {} : { broken: { seq: expected.seq, reason: contradiction } }),
  }
}

function judgeHead(anchor: Anchor, expected: AuditHead): NonNullable<ChainReport['expected']> {
  if (expected.seq > anchor.seq) return 'missing'
  if (expected.seq < anchor.seq) return 'too-old'
  return hex(anchor.hash) === expected.hash ? 'found' : 'changed'
}

function contradictionOf(verdict: NonNullable<ChainReport['expected']>, { seq }: AuditHead): string | undefined {
  switch (verdict) {
    case 'found':
    case 'too-old':
      return undefined
    case 'changed':
      return 'it has another hash than the one that was kept elsewhere'
    case 'missing':
      return `the chain ends before record ${seq}, which was its head once`
  }
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

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
