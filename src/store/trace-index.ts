import type { Connection } from './database.ts'

/** Over how many records the whole of the recent tree is moved once: more make it larger, fewer fill pages less. */
const ROUND = 2 ** 18
/** How many records there are between two moves. */
const RECORDS_A_SLICE = 256
const SLICES = ROUND / RECORDS_A_SLICE
const KEYS_A_SLICE = 2 ** 32 / SLICES

/** The records of a trace by number, both parameters being its key; others may be among them, though hardly ever. */
export const SEQS_OF_KEY = `SELECT seq FROM audit_trace_recent WHERE key = ? UNION ALL SELECT seq FROM audit_trace WHERE key = ?`

/**
 * The number under which the records of a trace are kept: the sum of its four words, scattered, so that ids that count up or
 * begin with the time spread as well as those of chance. `0003-audit-trace.sql` does the same.
 */
export function traceKey(traceId: Uint8Array): number {
  let sum = 0
  for (let i = 0; i < traceId.length; i += 4) {
    let word = 0
    for (const byte of traceId.subarray(i, i + 4)) word = word * 256 + byte
    sum = (sum + word) % 2 ** 32
  }
  return Math.imul(sum, 0x5bd1e995) >>> 0
}

/** Where the traces of new records are written down. */
export interface TraceIndex {
  add(traceId: Uint8Array, seq: number): void
  /** Moves what is due after records `first` to `last` were added. */
  settle(first: number, last: number): void
}

export function traceIndex(db: Connection): TraceIndex {
  // What somebody cut off by hand has left its entry behind.
  const insert = db.statement('INSERT OR IGNORE INTO audit_trace_recent (key, seq) VALUES (?, ?)')
  return {
    add: (traceId, seq) => void insert.run(traceKey(traceId), seq),
    settle(first, last) {
      const before = Math.floor(first / RECORDS_A_SLICE)
      const count = Math.min(Math.floor((last + 1) / RECORDS_A_SLICE) - before, SLICES)
      if (count === 0) return
      // The numbers of the records say whose turn it is: nothing has to be remembered, and a restart leaves none out.
      const from = before % SLICES
      move(db, from, Math.min(from + count, SLICES))
      move(db, 0, from + count - SLICES)
    },
  }
}

function move(db: Connection, fromSlice: number, toSlice: number): void {
  if (toSlice <= fromSlice) return
  const range = [fromSlice * KEYS_A_SLICE, toSlice * KEYS_A_SLICE]
  db.statement(
    'INSERT OR IGNORE INTO audit_trace SELECT key, seq FROM audit_trace_recent WHERE key >= ? AND key < ?',
  ).run(range)
  db.statement('DELETE FROM audit_trace_recent WHERE key >= ? AND key < ?').run(range)
}

/** Forgets the records up to `lastSeq`, which are about to go. */
export function forgetTraces(db: Connection, lastSeq: number): void {
  const rows = db.statement('SELECT seq, trace_id FROM audit WHERE seq <= ?').all(lastSeq) as {
    seq: number
    trace_id: Uint8Array
  }[]
  const entries = rows.map(({ seq, trace_id }) => ({ key: traceKey(trace_id), seq })).sort((a, b) => a.key - b.key)
  const recent = db.statement('DELETE FROM audit_trace_recent WHERE key = ? AND seq = ?')
  const settled = db.statement('DELETE FROM audit_trace WHERE key = ? AND seq = ?')
  for (const { key, seq } of entries) {
    if (settled.run(key, seq).changes === 0) recent.run(key, seq)
  }
}
