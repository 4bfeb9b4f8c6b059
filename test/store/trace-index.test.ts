import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Connection } from '../../src/store/database.ts'
import { migrate } from '../../src/store/migrate.ts'
import { SEQS_OF_KEY, traceIndex, traceKey } from '../../src/store/trace-index.ts'
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
  // 0001…0001 four times is as much as 0004 once: few, not none.
  expect(new Set(ids.map(traceKey)).size).toBeGreaterThan(ids.length - 255)
})

test('every record stands in one of the two trees, and the tree of recent ones stays small', async () => {
  await using folder = await tempFolder()
  const db = new Connection(join(folder.path, 'a.db'))
  migrate(db, 0)
  db.raw.pragma('synchronous = OFF')
  const records = 600_000
  const sizes = [1, 255, 256, 257, 1, 10_000, 3, 64]
  let last = 0
  for (let turn = 0; last < records; turn++) {
    const first = last + 1
    last += sizes[turn % sizes.length] as number
    db.raw.transaction(() => {
      const index = traceIndex(db)
      for (let seq = first; seq <= last; seq++) index.add(traceOf(seq), seq)
      index.settle(first, last)
    })()
  }
  const count = (table: string) => db.raw.prepare(`SELECT COUNT(*) FROM ${table}`).pluck().get() as number
  const [recent, settled] = [count('audit_trace_recent'), count('audit_trace')]
  expect(recent + settled).toBe(last)
  expect(recent).toBeLessThan(160_000)
  const find = db.raw.prepare(SEQS_OF_KEY).pluck()
  for (let seq = 1; seq <= last; seq += 997) {
    const key = traceKey(traceOf(seq))
    expect(find.all(key, key)).toContain(seq)
  }
  db.close()
})
