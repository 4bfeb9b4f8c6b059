import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Connection } from '../../src/store/database.ts'
import { type Migration, migrate, SchemaError, shippedMigrations } from '../../src/store/migrate.ts'
import { loadNotify } from '../../src/store/notify.ts'
import { tempFolder } from '../support/test-store.ts'

const ONE: Migration = { version: 1, name: '0001-one.sql', text: 'CREATE TABLE one (a TEXT)' }
const TWO: Migration = {
  version: 2,
  name: '0002-two.sql',
  text: 'CREATE TABLE two (a TEXT); INSERT INTO one VALUES (2)',
}
const BROKEN: Migration = { version: 3, name: '0003-broken.sql', text: 'DROP TABLE one; CREATE TABLE two (a TEXT)' }

test('shipped migrations are numbered without a gap, and their order is their number', () => {
  const versions = shippedMigrations().map(({ version }) => version)
  expect(versions).toEqual(versions.map((_, i) => i + 1))
})

test('a new file gets every step and needs no copy; a second start changes nothing', async () => {
  await using folder = await tempFolder()
  const db = new Connection(join(folder.path, 'a.db'))
  expect(migrate(db, 1, [ONE, TWO])).toEqual({ applied: [ONE.name, TWO.name], copy: undefined })
  expect(migrate(db, 2, [ONE, TWO])).toEqual({ applied: [], copy: undefined })
  db.close()
})

test('a file with data is copied as it was before the next step', async () => {
  await using folder = await tempFolder()
  const db = new Connection(join(folder.path, 'a.db'))
  migrate(db, 1, [ONE])
  db.raw.exec(`INSERT INTO one VALUES ('kept')`)
  const { applied, copy } = migrate(db, 2, [ONE, TWO])
  db.close()
  expect(applied).toEqual([TWO.name])
  const before = new Connection(copy as string, { readonly: true })
  expect(before.raw.prepare('SELECT a FROM one').all()).toEqual([{ a: 'kept' }])
  expect(before.raw.prepare(`SELECT name FROM sqlite_master WHERE name = 'two'`).all()).toEqual([])
  before.close()
})

test('a file from a newer midwatch is refused in words and not touched', async () => {
  await using folder = await tempFolder()
  const file = join(folder.path, 'a.db')
  const db = new Connection(file)
  migrate(db, 1, [ONE, TWO])
  db.raw.pragma('wal_checkpoint(TRUNCATE)')
  const before = readFileSync(file)
  expect(() => migrate(db, 2, [ONE])).toThrow(
    new SchemaError(
      'the data file is from a newer midwatch (schema 2, this program knows 1); use that version or a backup from before the upgrade',
    ),
  )
  db.close()
  expect(readFileSync(file).equals(before)).toBe(true)
})

test('a step that fails leaves the file as the last good one made it, and names itself and the copy', async () => {
  await using folder = await tempFolder()
  const file = join(folder.path, 'a.db')
  const db = new Connection(file)
  migrate(db, 1, [ONE, TWO])
  let error: unknown
  try {
    migrate(db, 2, [ONE, TWO, BROKEN])
  } catch (thrown) {
    error = thrown
  }
  expect(error).toBeInstanceOf(SchemaError)
  const copy = `${file}.before-schema-3`
  expect((error as Error).message).toContain('0003-broken.sql: table two already exists')
  expect((error as Error).message).toContain(copy)
  expect(existsSync(copy)).toBe(true)
  // The step's first half is undone, and the next start is where this one began.
  expect(db.raw.prepare('SELECT a FROM one').all()).toEqual([{ a: '2' }])
  expect(db.raw.prepare('SELECT MAX(version) FROM migrations').pluck().get()).toBe(2)
  expect(migrate(db, 3, [ONE, TWO]).applied).toEqual([])
  db.close()
})

test('what each channel was told before there were steps was told to who is told at once', async () => {
  await using folder = await tempFolder()
  const db = new Connection(join(folder.path, 'a.db'))
  const shipped = shippedMigrations()
  migrate(
    db,
    1,
    shipped.filter(({ version }) => version < 7),
  )
  db.raw.exec(
    `INSERT INTO notify_log VALUES ('g', 'r', 'slack', 5, '["a","b"]', '["c"]', 9), ('h', 'r', 'slack', 6, '[]', '["c"]', 9)`,
  )
  migrate(db, 2, shipped)
  const { log } = loadNotify(db)
  db.close()
  const both = { receiver: 'r', step: 0, integration: 'slack', resolved: ['c'], expiresMs: 9 }
  expect(log).toEqual([
    { ...both, groupKey: 'g', atMs: 5, firing: ['a', 'b'], toldMs: [5, 5] },
    { ...both, groupKey: 'h', atMs: 6, firing: [], toldMs: [] },
  ])
})
