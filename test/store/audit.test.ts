import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { appendAudit, auditOfTrace, retainAudit, searchAudit } from '../../src/store/audit.ts'
import { type AuditEntry, auditHash, GENESIS } from '../../src/store/audit-hash.ts'
import { Connection } from '../../src/store/database.ts'
import { type Migration, migrate, shippedMigrations } from '../../src/store/migrate.ts'
import { verifyAudit } from '../../src/store/verify-audit.ts'
import { type TestStore, tempFolder, testStore } from '../support/test-store.ts'

const NOW = Date.UTC(2026, 0, 1)

function entry(overrides: Partial<AuditEntry> = {}): AuditEntry {
  return {
    atMs: NOW,
    receivedMs: NOW,
    traceId: '0123456789abcdef0123456789abcdef',
    spanId: null,
    event: 'order.paid',
    actor: 'alice',
    action: 'pay',
    resource: 'order/1',
    outcome: 'success',
    durationMs: null,
    body: '{"amount":1}',
    ...overrides,
  }
}

function append(it: TestStore, ...entries: AuditEntry[]): Promise<number> {
  return it.store.writer.run(appendAudit, { entries })
}

/** Does to the file what only somebody with the file can do. */
function tamper(it: TestStore, ...statements: string[]): void {
  const db = new Connection(it.store.file)
  db.raw.exec('DROP TRIGGER audit_no_update; DROP TRIGGER audit_no_delete')
  for (const statement of statements) db.raw.exec(statement)
  db.close()
}

async function chain(records: number): Promise<TestStore> {
  const it = await testStore()
  for (let i = 1; i <= records; i++) await append(it, entry({ resource: `order/${i}`, receivedMs: NOW + i }))
  return it
}

test('the hash of a record is the one that any other program computes', () => {
  const bodyHash = Buffer.from('ab'.repeat(32), 'hex')
  const { body: _, ...fields } = entry({ spanId: '0123456789abcdef', durationMs: 1.5, actor: 'Zoë "Z" \u2028' })
  // printf '\x01' + 32 zero bytes + the JSON array, through sha256sum.
  expect(auditHash(GENESIS, 1, fields, bodyHash).toString('hex')).toBe(
    '50a786e088ffe223e79e5cc306080cc2d10e4279edd403c8d238feed93642558',
  )
})

describe('the chain', () => {
  test('is one, however many writers append at once, and over a restart', async () => {
    await using it = await testStore()
    const last = await Promise.all(
      Array.from({ length: 40 }, (_, i) => append(it, entry(), entry({ actor: String(i) }))),
    )
    expect(last).toEqual(Array.from({ length: 40 }, (_, i) => 2 * (i + 1)))
    await it.reopen()
    expect(await append(it, entry())).toBe(81)
    const report = await verifyAudit(it.store.reader)
    expect(report).toMatchObject({ intact: true, records: 81, head: { seq: 81 } })
    const { total } = searchAudit(it.store.reader, {}, 1, 1)
    expect(total).toBe(81)
  })

  test('holds whatever texts and numbers the records have', async () => {
    const text = fc.string({ unit: 'binary', maxLength: 20 })
    const anything = fc.record({
      event: text,
      actor: fc.oneof(text, fc.constant('\ud800 half a pair'), fc.constant('nul \0 inside')),
      action: text,
      resource: text,
      outcome: text,
      spanId: fc.option(text),
      durationMs: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })),
      body: fc.json(),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(anything, { minLength: 1, maxLength: 8 }), async (given) => {
        await using it = await testStore()
        await append(it, ...given.map((each) => entry(each)))
        expect(await verifyAudit(it.store.reader)).toMatchObject({ intact: true, records: given.length })
      }),
      { numRuns: 15 },
    )
  })

  test('goes on after an operation in its group failed, without a gap', async () => {
    await using it = await testStore()
    const results = await Promise.allSettled([
      append(it, entry()),
      append(it, entry({ atMs: 0.5 })),
      append(it, entry()),
    ])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(await verifyAudit(it.store.reader)).toMatchObject({ intact: true, records: 2, head: { seq: 2 } })
  })

  test('refuses changes and deletions from the program itself', async () => {
    await using it = await chain(2)
    const db = new Connection(it.store.file)
    expect(() => db.raw.exec(`UPDATE audit SET actor = 'eve'`)).toThrow('audit records are append-only')
    expect(() => db.raw.exec('DELETE FROM audit')).toThrow('audit records are append-only')
    db.close()
  })
})

describe('what somebody did to the file', () => {
  test.each([
    ['a field', `UPDATE audit SET actor = 'eve' WHERE seq = 3`, 3, 'the record or its predecessor was changed'],
    ['a time', 'UPDATE audit SET at_ms = at_ms + 1 WHERE seq = 3', 3, 'the record or its predecessor was changed'],
    ['attributes', `UPDATE audit_body SET body = '{"amount":2}' WHERE seq = 3`, 3, 'its attributes were changed'],
    ['a hash', `UPDATE audit SET hash = zeroblob(32) WHERE seq = 3`, 3, 'the record or its predecessor was changed'],
    ['a missing record', 'DELETE FROM audit WHERE seq = 3', 4, 'record 3 is missing'],
    [
      'two in the wrong order',
      'UPDATE audit SET seq = -3 WHERE seq = 3; UPDATE audit SET seq = 3 WHERE seq = 4; UPDATE audit SET seq = 4 WHERE seq = -3',
      3,
      'its attributes were changed',
    ],
  ])('is found at the record: %s', async (_what, statement, seq, reason) => {
    await using it = await chain(5)
    tamper(it, statement)
    expect(await verifyAudit(it.store.reader)).toMatchObject({ intact: false, broken: { seq, reason } })
  })

  test('a cut at the end shows against a head that was kept elsewhere, and so does another history', async () => {
    await using it = await chain(5)
    const { head } = await verifyAudit(it.store.reader)
    expect(await verifyAudit(it.store.reader, head)).toMatchObject({ intact: true, expected: 'found' })
    tamper(it, 'DELETE FROM audit WHERE seq = 5')
    expect(await verifyAudit(it.store.reader)).toMatchObject({ intact: true })
    expect(await verifyAudit(it.store.reader, head)).toMatchObject({ intact: false, expected: 'missing' })
    await append(it, entry({ actor: 'eve' }))
    expect(await verifyAudit(it.store.reader)).toMatchObject({ intact: true, records: 5 })
    expect(await verifyAudit(it.store.reader, head)).toMatchObject({ intact: false, expected: 'changed' })
  })
})

test('attributes can be erased, and the chain still holds', async () => {
  await using it = await chain(3)
  const db = new Connection(it.store.file)
  db.raw.exec('DELETE FROM audit_body WHERE seq = 2')
  db.close()
  expect(await verifyAudit(it.store.reader)).toMatchObject({ intact: true, records: 3 })
  const records = auditOfTrace(it.store.reader, entry().traceId, 10)
  expect(records.map(({ attributes }) => attributes)).toEqual([{ amount: 1 }, undefined, { amount: 1 }])
})

describe('the retention', () => {
  const retain = (it: TestStore, beforeMs: number) => it.store.writer.run(retainAudit, { beforeMs, nowMs: NOW + 1000 })

  test('keeps the hash at the cut, so that what is left still proves itself', async () => {
    await using it = await chain(5)
    const { head } = await verifyAudit(it.store.reader)
    expect(await retain(it, NOW + 4)).toBe(3)
    expect(await retain(it, NOW + 4)).toBe(0)
    expect(await verifyAudit(it.store.reader, head)).toMatchObject({ intact: true, records: 2, expected: 'found' })
    expect(await verifyAudit(it.store.reader, { seq: 2, hash: 'x' })).toMatchObject({ expected: 'too-old' })
    tamper(it, `UPDATE audit_anchor SET hash = zeroblob(32)`)
    expect(await verifyAudit(it.store.reader)).toMatchObject({ intact: false, broken: { seq: 4 } })
  })

  test('that takes all leaves the chain going on from there', async () => {
    await using it = await chain(3)
    expect(await retain(it, NOW + 1000)).toBe(3)
    expect(await append(it, entry())).toBe(4)
    await it.reopen()
    expect(await verifyAudit(it.store.reader)).toMatchObject({ intact: true, records: 1, head: { seq: 4 } })
    const { bodies } = it.store.reader.statement('SELECT COUNT(*) AS bodies FROM audit_body').get() as {
      bodies: number
    }
    expect(bodies).toBe(1)
    const { traces } = it.store.reader
      .statement(
        `SELECT (SELECT COUNT(*) FROM audit_trace) + (SELECT COUNT(*) FROM audit_trace_recent)
         + (SELECT SUM(length(keys)) / 4 FROM audit_trace_new) AS traces`,
      )
      .get() as { traces: number }
    expect(traces).toBe(1)
  })

  test('stops at the first young record, wherever late ones stand behind it', async () => {
    await using it = await testStore()
    for (const receivedMs of [1, 100, 2, 3]) await append(it, entry({ receivedMs: NOW + receivedMs }))
    expect(await retain(it, NOW + 50)).toBe(1)
    expect(await verifyAudit(it.store.reader)).toMatchObject({ intact: true, records: 3 })
  })
})

test('a journey is told in the order of time, however many records it has, and cut at the limit', async () => {
  await using it = await testStore()
  const traceId = 'ab'.repeat(16)
  const at = (i: number) => entry({ traceId, atMs: NOW + ((i * 7919) % 2500), resource: String(i) })
  await append(it, ...Array.from({ length: 2500 }, (_, i) => at(i)))
  const times = (limit: number) => auditOfTrace(it.store.reader, traceId, limit).map(({ atMs }) => atMs - NOW)
  const inOrder = Array.from({ length: 2500 }, (_, i) => i)
  expect(times(10_000)).toEqual(inOrder)
  expect(times(1200)).toEqual(inOrder.slice(0, 1200))
  expect(times(5)).toEqual([0, 1, 2, 3, 4])
  await append(it, ...Array.from({ length: 20 }, (_, i) => ({ ...at(i), traceId: 'cd'.repeat(16) })))
  expect(auditOfTrace(it.store.reader, 'cd'.repeat(16), 10).map(({ seq }) => seq)).toHaveLength(10)
})

test('records of a file from before are found by their trace after the upgrade', async () => {
  await using folder = await tempFolder()
  const db = new Connection(join(folder.path, 'midwatch.db'))
  const [first] = shippedMigrations()
  migrate(db, 0, [first as Migration])
  const ids = ['0'.repeat(32), 'f'.repeat(32), '00000000000000010000000000000002', '123e4567e89b12d3a456426614174000']
  const old = db.statement(
    `INSERT INTO audit VALUES (?, ${NOW}, ${NOW}, ?, NULL, 'e', 'a', 'a', 'r', 'success', NULL, x'', x'')`,
  )
  for (const [i, id] of ids.entries()) old.run(i + 1, Buffer.from(id, 'hex'))
  migrate(db, 1)
  for (const [i, id] of ids.entries()) expect(auditOfTrace(db, id, 10)).toMatchObject([{ seq: i + 1, traceId: id }])
  db.close()
})

test('finds records by every field, newest first, page by page', async () => {
  await using it = await testStore()
  await append(
    it,
    entry({ atMs: NOW + 1, actor: 'bob', action: 'a', event: 'x' }),
    entry({ atMs: NOW + 3, actor: 'bob', action: 'b', event: 'x' }),
    entry({ atMs: NOW + 2, actor: 'eve', action: 'a', event: 'y', traceId: 'f'.repeat(32) }),
  )
  const find = (filter: Parameters<typeof searchAudit>[1], page = 1, size = 10) => {
    const { records, total } = searchAudit(it.store.reader, filter, page, size)
    return [total, ...records.map(({ seq }) => seq)]
  }
  expect(find({})).toEqual([3, 2, 3, 1])
  expect(find({}, 2, 2)).toEqual([3, 1])
  expect(find({ actor: 'bob' })).toEqual([2, 2, 1])
  expect(find({ action: 'a' })).toEqual([2, 3, 1])
  expect(find({ event: 'y' })).toEqual([1, 3])
  expect(find({ traceId: 'f'.repeat(32) })).toEqual([1, 3])
  expect(find({ fromMs: NOW + 2, toMs: NOW + 3 })).toEqual([1, 3])
})
