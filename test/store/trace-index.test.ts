import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Connection } from '../../src/store/database.ts'
import { migrate } from '../../src/store/migrate.ts'
import { NewTraces, newSeqs, SEQS_IN_TREES, traceKey } from '../../src/store/trace-index.ts'
import { tempFolder } from '../support/test-store.ts'

const traceOf = (n: number) => Buffer.from(n.toString(16).padStart(32, '0'), 'hex')

test('keys of ids that count up, repeat themselves, or differ in any word are not the same', () => {
  const ids = Array.from({ length: 1000 }, (_, i) => traceOf(i))
  for (let word = 0; word < 4; word++) {
    const id = Buffer.alloc(16)
    id.writeUInt32BE(0xdeadbeef + word, word * 4)
    ids.push(id)
  }
  for (let i = 1; i < 1000; i++) ids.push(Buffer.from(i.toString(16).padStart(8, '0').repeat(4), 'hex'))
  // 1 four times is as much as 4 once: few are the same, not all.
  expect(new Set(ids.map(traceKey)).size).toBeGreaterThan(ids.length - 255)
})

async function opened() {
  const folder = await tempFolder()
  const db = new Connection(join(folder.path, 'a.db'))
  migrate(db, 0)
  db.raw.pragma('synchronous = OFF')
  return {
    db,
    /** Adds records `first` to `last` in one transaction, each on a trace of its own. */
    add(first: number, last: number) {
      db.raw.transaction(() => {
        const traces = new NewTraces(db, first)
        for (let seq = first; seq <= last; seq++) traces.add(traceOf(seq))
        traces.write()
      })()
    },
    find(seq: number): unknown[] {
      const key = traceKey(traceOf(seq))
      return [...newSeqs(db, key), ...db.statement(SEQS_IN_TREES).pluck().all(key, key)]
    },
    count: (table: string) => db.raw.prepare(`SELECT COUNT(*) FROM ${table}`).pluck().get() as number,
    async [Symbol.asyncDispose]() {
      db.close()
      await folder[Symbol.asyncDispose]()
    },
  }
}

test('every record stands in one place, and the places for new and recent ones stay small', async () => {
  await using it = await opened()
  const sizes = [1, 255, 256, 257, 1, 10_000, 3, 64, 992, 993, 1, 70_000]
  let last = 0
  for (let turn = 0; last < 300_000; turn++) {
    const first = last + 1
    last += sizes[turn % sizes.length] as number
    it.add(first, last)
  }
  const [fresh, recent, settled] = ['audit_trace_new', 'audit_trace_recent', 'audit_trace'].map(it.count)
  expect(fresh).toBeLessThan(6)
  expect(recent).toBeLessThan(200_000)
  expect(settled).toBeGreaterThan(100_000)
  for (let seq = 1; seq <= last; seq += 97) expect(it.find(seq)).toEqual([seq])
})

test('single records fill a few rows, and are found at every moment', async () => {
  await using it = await opened()
  for (let seq = 1; seq <= 9000; seq++) {
    it.add(seq, seq)
    if (seq % 50 !== 0) continue
    for (const earlier of [1, seq - 1, seq]) expect(it.find(earlier)).toEqual([earlier])
    expect(it.count('audit_trace_new')).toBeLessThan(6)
  }
})

test('records that do not follow the last ones, since somebody cut those off by hand, are found under their number', async () => {
  await using it = await opened()
  it.add(1, 10)
  it.add(6, 8)
  it.add(9, 12)
  expect([1, 5, 6, 8, 9, 12].map((seq) => new Set(it.find(seq)))).toEqual(
    [1, 5, 6, 8, 9, 12].map((seq) => new Set([seq])),
  )
})
