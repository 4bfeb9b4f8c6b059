import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { createMatcher } from '../../src/model/matcher.ts'
import { auditOfTrace } from '../../src/store/audit.ts'
import { Connection } from '../../src/store/database.ts'
import { SchemaError } from '../../src/store/migrate.ts'
import { LockedError } from '../../src/store/store.ts'
import { verifyAudit } from '../../src/store/verify-audit.ts'
import { series, tempFolder, testStore } from '../support/test-store.ts'

/** Another process on the data folder, which writes until it is killed and prints what was acknowledged. */
async function startHolder(dataDir: string) {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'holder.ts'), dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const acknowledged: number[] = []
  const lines = createInterface({ input: child.stdout })
  const started = once(lines, 'line')
  lines.on('line', (line) => void acknowledged.push(Number(line)))
  const closed = once(child, 'close')
  await started
  return {
    acknowledged,
    async until(count: number) {
      while (acknowledged.length < count) await once(lines, 'line')
    },
    async kill() {
      child.kill('SIGKILL')
      await closed
    },
  }
}

test('a process that is killed loses nothing acknowledged: samples, pushes, records; and the next one begins there', async () => {
  await using folder = await tempFolder()
  let before = 0
  for (const count of [5, 40, 90]) {
    const holder = await startHolder(folder.path)
    // While it lives, the folder is its own.
    await expect(testStore({ dataDir: folder.path })).rejects.toThrow(LockedError)
    await holder.until(count)
    await holder.kill()
    await using it = await testStore({ dataDir: folder.path })
    expect(it.store.reader.raw.pragma('integrity_check', { simple: true })).toBe('ok')
    const last = holder.acknowledged.at(-1) as number
    expect(last).toBeGreaterThan(before)
    const [found] = it.store.series.select({
      matchers: [createMatcher('__name__', '=', 'held')],
      startMs: 0,
      endMs: Number.MAX_SAFE_INTEGER,
    })
    const values = new Set(found?.samples(0, Number.MAX_SAFE_INTEGER).values)
    const actors = new Set(auditOfTrace(it.store.reader, 'a'.repeat(32), 1e6).map(({ actor }) => Number(actor)))
    for (let n = 1; n <= last; n++) {
      expect(values.has(n)).toBe(true)
      expect(actors.has(n)).toBe(true)
    }
    expect(it.store.pushed.find(series('held_total'))?.value).toBeGreaterThanOrEqual(last)
    expect((await verifyAudit(it.store.reader)).intact).toBe(true)
    expect(it.corrupt).toEqual([])
    before = last
  }
})

test('a second store on the folder is refused in words, and the folder is free once the first is closed', async () => {
  await using folder = await tempFolder()
  const first = await testStore({ dataDir: folder.path })
  await expect(testStore({ dataDir: folder.path })).rejects.toThrow(/another midwatch is using .*--data/)
  await first[Symbol.asyncDispose]()
  await using _second = await testStore({ dataDir: folder.path })
})

test('a file that is no database is named and left as it is, and the folder is free again', async () => {
  await using folder = await tempFolder()
  const file = join(folder.path, 'midwatch.db')
  const content = 'this is a shopping list\n'.repeat(500)
  writeFileSync(file, content)
  for (let i = 0; i < 2; i++) {
    const opening = testStore({ dataDir: folder.path })
    await expect(opening).rejects.toThrow(SchemaError)
    await expect(opening).rejects.toThrow(`${file} is damaged or not a data file of midwatch`)
  }
  expect(readFileSync(file, 'utf8')).toBe(content)
})

test('a lock file that can not be used is not taken for another midwatch', async () => {
  await using folder = await tempFolder()
  mkdirSync(join(folder.path, 'midwatch.lock'))
  const opening = testStore({ dataDir: folder.path })
  await expect(opening).rejects.toThrow()
  await expect(opening).rejects.not.toThrow(LockedError)
})

test('closing leaves everything in one file', async () => {
  await using folder = await tempFolder()
  {
    await using it = await testStore({ dataDir: folder.path })
    it.store.series.ref(series('m'))
  }
  const db = new Connection(join(folder.path, 'midwatch.db'))
  expect(db.raw.prepare('SELECT labels FROM series').all()).toEqual([{ labels: '["__name__","m"]' }])
  db.close()
})
