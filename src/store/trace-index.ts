import type { Connection } from './database.ts'

/*
 * Trace ids come in no order. A tree of five million of them has twenty thousand pages, and each new record would change
 * another one. So the records of a trace stand in three places, and move on in crowds that share pages:
 *   audit_trace_new     a list in the order of arrival, read from end to end; a commit appends to its last page
 *   audit_trace_recent  a tree that stays small enough for a few thousand new ones to fill its pages
 *   audit_trace         the tree of all others; a slice of the recent tree, moved here, falls on few of its pages
 */

/** How many keys fit on a page of the list. */
const KEYS_A_ROW = 992
/** How long the list gets. */
const MOST_NEW = 4096
/** Over how many records the whole of the recent tree is moved once: more make it larger, fewer fill pages less. */
const ROUND = 2 ** 18
/** How many records there are between two moves. */
const RECORDS_A_SLICE = 256
const SLICES = ROUND / RECORDS_A_SLICE
const KEYS_A_SLICE = 2 ** 32 / SLICES
/** For sorting keys and places as one number. */
const PLACES = 2 ** 21
/** How many keys a long transaction gathers before it writes them. */
const MOST_AT_ONCE = 2 ** 16

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

/** The numbers of the records that the trees have for a key, which is both parameters. */
export const SEQS_IN_TREES = `SELECT seq FROM audit_trace_recent WHERE key = ? UNION ALL SELECT seq FROM audit_trace WHERE key = ?`

/** The numbers of the records of a key that no tree has yet; read before the trees, or what moves meanwhile is missed. */
export function newSeqs(db: Connection, key: number): number[] {
  const seqs: number[] = []
  for (const { first_seq, keys } of rowsOf(db)) {
    for (let i = keys.indexOf(key); i >= 0; i = keys.indexOf(key, i + 1)) seqs.push(first_seq + i)
  }
  return seqs
}

interface NewRow {
  readonly first_seq: number
  readonly keys: Uint32Array
}

function rowsOf(db: Connection): NewRow[] {
  const rows = db.statement('SELECT first_seq, keys FROM audit_trace_new').all() as {
    first_seq: number
    keys: Uint8Array
  }[]
  return rows.map(({ first_seq, keys }) => ({ first_seq, keys: new Uint32Array(new Uint8Array(keys).buffer) }))
}

/** The traces of records that stand behind one another, gathered so that a transaction writes them once, at its end. */
export class NewTraces {
  readonly #db: Connection
  #firstSeq: number
  #keys: number[] = []

  constructor(db: Connection, firstSeq: number) {
    this.#db = db
    this.#firstSeq = firstSeq
  }

  add(traceId: Uint8Array): void {
    this.#keys.push(traceKey(traceId))
    if (this.#keys.length === MOST_AT_ONCE) this.write()
  }

  write(): void {
    if (this.#keys.length === 0) return
    const added = { first_seq: this.#firstSeq, keys: Uint32Array.from(this.#keys) }
    this.#firstSeq += this.#keys.length
    this.#keys = []
    append(this.#db, added)
  }
}

function append(db: Connection, added: NewRow): void {
  const last = db
    .statement('SELECT MAX(first_seq) AS first_seq, keys, SUM(length(keys)) / 4 AS total FROM audit_trace_new')
    .get() as { first_seq: number; keys: Uint8Array; total: number } | { first_seq: null; keys: null; total: null }
  const { length } = added.keys
  const count = (last.keys?.length ?? 0) / 4
  // Where somebody cut the chain by hand, what follows does not stand behind what is in the list.
  const follows = last.first_seq === null || last.first_seq + count === added.first_seq
  if (!follows || length > KEYS_A_ROW || (last.total ?? 0) + length > MOST_NEW) {
    moveToTree(db, [...rowsOf(db), added])
  } else if (last.first_seq === null || count + length > KEYS_A_ROW) {
    const bytes = new Uint8Array(added.keys.buffer)
    db.statement('INSERT INTO audit_trace_new (first_seq, keys) VALUES (?, ?)').run(added.first_seq, bytes)
  } else {
    const longer = Buffer.concat([last.keys, new Uint8Array(added.keys.buffer)])
    db.statement('UPDATE audit_trace_new SET keys = ? WHERE first_seq = ?').run(longer, last.first_seq)
  }
}

/** Empties the list into the recent tree, and moves a slice of that one on for every so many records. */
function moveToTree(db: Connection, rows: readonly NewRow[]): void {
  const [first] = rows
  const last = rows.at(-1)
  if (first === undefined || last === undefined) return
  const keys = rows.flatMap((row) => [...row.keys])
  const seqs = rows.flatMap(({ first_seq, keys: { length } }) => Array.from({ length }, (_, i) => first_seq + i))
  const order = Float64Array.from(keys, (key, i) => key * PLACES + i).sort()
  // What somebody cut off by hand has left its entry behind.
  const insert = db.statement('INSERT OR IGNORE INTO audit_trace_recent (key, seq) VALUES (?, ?)')
  for (const each of order) insert.run(Math.floor(each / PLACES), seqs[each % PLACES])
  db.statement('DELETE FROM audit_trace_new').run()
  settle(db, first.first_seq, last.first_seq + last.keys.length - 1)
}

/** Moves the slices whose turn it is: the numbers of the records say so, and a restart leaves none out. */
function settle(db: Connection, firstSeq: number, lastSeq: number): void {
  const before = Math.floor(firstSeq / RECORDS_A_SLICE)
  const count = Math.min(Math.floor((lastSeq + 1) / RECORDS_A_SLICE) - before, SLICES)
  const from = before % SLICES
  settleSlices(db, from, Math.min(from + count, SLICES))
  settleSlices(db, 0, from + count - SLICES)
}

function settleSlices(db: Connection, from: number, to: number): void {
  if (to <= from) return
  const range = [from * KEYS_A_SLICE, to * KEYS_A_SLICE]
  db.statement(
    'INSERT OR IGNORE INTO audit_trace SELECT key, seq FROM audit_trace_recent WHERE key >= ? AND key < ?',
  ).run(range)
  db.statement('DELETE FROM audit_trace_recent WHERE key >= ? AND key < ?').run(range)
}

/** Forgets the records up to `lastSeq`, which are about to go. */
export function forgetTraces(db: Connection, lastSeq: number): void {
  const rows = rowsOf(db)
  if (rows.some(({ first_seq }) => first_seq <= lastSeq)) moveToTree(db, rows)
  const gone = db.statement('SELECT seq, trace_id FROM audit WHERE seq <= ?').all(lastSeq) as {
    seq: number
    trace_id: Uint8Array
  }[]
  const entries = gone.map(({ seq, trace_id }) => ({ key: traceKey(trace_id), seq })).sort((a, b) => a.key - b.key)
  const recent = db.statement('DELETE FROM audit_trace_recent WHERE key = ? AND seq = ?')
  const settled = db.statement('DELETE FROM audit_trace WHERE key = ? AND seq = ?')
  for (const { key, seq } of entries) {
    if (settled.run(key, seq).changes === 0) recent.run(key, seq)
  }
}
