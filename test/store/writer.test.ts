import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { addonName } from '../../src/lib/native-addon.ts'
import { Connection } from '../../src/store/database.ts'
import { migrate } from '../../src/store/migrate.ts'
import { defineOperation, type Operation, StorageError } from '../../src/store/operation.ts'
import { getSetting, putSetting } from '../../src/store/settings.ts'
import { createToken, newToken } from '../../src/store/tokens.ts'
import { Writer } from '../../src/store/writer.ts'
import { tempFolder } from '../support/test-store.ts'

const built = vi.hoisted(() => ({ writer: '' }))
vi.mock('../../src/lib/asset.ts', async (original) => {
  const real = await original<typeof import('../../src/lib/asset.ts')>()
  return { ...real, readAsset: (name: string) => (name === 'writer.cjs' ? built.writer : real.readAsset(name)) }
})

const addonPath = join(
  import.meta.dirname,
  '../../node_modules/better-sqlite3/prebuilds',
  addonName().replace('sqlite/', ''),
)

interface Opened extends AsyncDisposable {
  readonly file: string
  readonly writer: Writer
  /** Another connection to the same file. */
  readonly other: Connection
  readonly deaths: readonly Error[]
}

const variants: Record<string, (file: string, deaths: Error[]) => Promise<Writer>> = {
  inline: async (file) => Writer.inline(file),
  async thread(file, deaths) {
    built.writer ||= await bundleWriter()
    return Writer.thread({ file, addonPath }, (error) => void deaths.push(error))
  },
}

/** The thread's code in one piece, as the build makes it. */
async function bundleWriter(): Promise<string> {
  const { build } = await import('esbuild')
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, '../../src/store/writer-thread.ts')],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    define: { 'process.env.MIDWATCH_BUNDLED': '"yes"', 'import.meta.dirname': '__dirname' },
  })
  return outputFiles[0]?.text ?? ''
}

async function open(variant: string): Promise<Opened> {
  const folder = await tempFolder()
  const file = join(folder.path, 'test.db')
  const other = new Connection(file)
  migrate(other, 0)
  const deaths: Error[] = []
  const make = variants[variant] as (typeof variants)[string]
  const writer = await make(file, deaths)
  return {
    file,
    writer,
    other,
    deaths,
    async [Symbol.asyncDispose]() {
      await writer.close()
      other.close()
      await folder[Symbol.asyncDispose]()
    },
  }
}

const put = (writer: Writer, key: string, value: string) => writer.run(putSetting, { key, value })

describe.each(Object.keys(variants))('a writer (%s)', (variant) => {
  test('answers each operation when it is on disk, in the order in which they came', async () => {
    await using it = await open(variant)
    const order: number[] = []
    await Promise.all(
      Array.from({ length: 100 }, async (_, i) => {
        await put(it.writer, 'key', String(i))
        order.push(i)
      }),
    )
    expect(order).toEqual(Array.from({ length: 100 }, (_, i) => i))
    expect(getSetting(it.other, 'key')).toBe('99')
  })

  test('commits what gathers while it is busy as one', async () => {
    await using it = await open(variant)
    const first = put(it.writer, 'first', '')
    await Promise.all([first, ...Array.from({ length: 500 }, (_, i) => put(it.writer, `key ${i}`, ''))])
    expect(it.writer.stats).toMatchObject({ operations: 501, pending: 0 })
    expect(it.writer.stats.commits).toBeLessThanOrEqual(3)
  })

  test('an operation that fails harms none of its group', async () => {
    await using it = await open(variant)
    const { id, hash } = newToken()
    const token = { id, hash, name: 'a', scopes: ['read'] as const, nowMs: 0 }
    const unknown: Operation<object, void> = defineOperation('no-such-operation', () => {})
    const results = await Promise.allSettled([
      put(it.writer, 'before', '1'),
      it.writer.run(createToken, token),
      it.writer.run(createToken, token),
      it.writer.run(unknown, {}),
      put(it.writer, 'after', '2'),
    ])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'rejected', 'fulfilled'])
    expect(getSetting(it.other, 'before')).toBe('1')
    expect(getSetting(it.other, 'after')).toBe('2')
    expect((results[2] as PromiseRejectedResult).reason).toBeInstanceOf(StorageError)
    expect(it.writer.stats.failingSinceMs).toBeUndefined()
  })

  test('ends what was accepted when it is closed, and takes nothing more', async () => {
    await using it = await open(variant)
    const accepted = Array.from({ length: 50 }, (_, i) => put(it.writer, `key ${i}`, 'kept'))
    const closing = it.writer.close()
    await expect(put(it.writer, 'late', '')).rejects.toThrow('the store is closed')
    await closing
    await Promise.all(accepted)
    expect(getSetting(it.other, 'key 49')).toBe('kept')
    expect(getSetting(it.other, 'late')).toBeUndefined()
    // Whoever closes it again waits for the same end.
    await it.writer.close()
  })
})

describe('a full disk', () => {
  test('is told to who asked and shown until a whole commit works again, without a restart', async () => {
    await using folder = await tempFolder()
    const file = join(folder.path, 'test.db')
    const db = new Connection(file)
    migrate(db, 0)
    const writer = Writer.on(db)
    await put(writer, 'small', '1')
    db.raw.pragma('max_page_count = 1')
    const large = 'x'.repeat(100_000)
    const both = await Promise.allSettled([put(writer, 'large', large), put(writer, 'small', '2')])
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'fulfilled'])
    const { reason } = both[0] as PromiseRejectedResult
    expect(reason).toBeInstanceOf(StorageError)
    expect(reason.code).toBe('SQLITE_FULL')
    // What found room beside it does not mean that the disk works.
    expect(writer.stats).toMatchObject({ lastError: 'database or disk is full', failingSinceMs: expect.any(Number) })
    const { failingSinceMs } = writer.stats
    await put(writer, 'large', large).catch(() => {})
    expect(writer.stats.failingSinceMs).toBe(failingSinceMs)
    db.raw.pragma('max_page_count = 1073741823')
    await put(writer, 'large', large)
    expect(writer.stats.failingSinceMs).toBeUndefined()
    await writer.close()
  })
})

describe('a file that somebody else holds', () => {
  test('fails the whole group at once rather than waiting for each', async () => {
    await using it = await open('inline')
    const db = new Connection(it.file)
    const writer = Writer.on(db)
    db.raw.pragma('busy_timeout = 500')
    it.other.raw.exec('BEGIN IMMEDIATE')
    const startMs = performance.now()
    const results = await Promise.allSettled(Array.from({ length: 40 }, (_, i) => put(writer, String(i), '')))
    expect(new Set(results.map((each) => each.status === 'rejected' && each.reason.code))).toEqual(
      new Set(['SQLITE_BUSY']),
    )
    // Each for itself they would wait for 20 s.
    expect(performance.now() - startMs).toBeLessThan(10_000)
    it.other.raw.exec('ROLLBACK')
    await put(writer, 'again', 'yes')
    await writer.close()
  })
})

test('beyond its limit, callers are told to come back, and what is waiting goes on', async () => {
  await using it = await open('inline')
  const accepted = Array.from({ length: 50_000 }, () => put(it.writer, 'key', 'value'))
  await expect(put(it.writer, 'key', 'one more')).rejects.toThrow('too many writes are waiting for the disk')
  await Promise.all(accepted)
  await put(it.writer, 'key', 'one more')
})

describe("the writer's thread", () => {
  test('something that can not travel to it fails alone', async () => {
    await using it = await open('thread')
    const bad = { key: 'bad', value: (() => '') as unknown as string }
    const results = await Promise.allSettled([
      put(it.writer, 'before', '1'),
      it.writer.run(putSetting, bad),
      put(it.writer, 'after', '2'),
    ])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(it.writer.stats.failingSinceMs).toBeUndefined()
  })

  test('its death is told once, whoever waits is refused, and so is whoever comes', async () => {
    built.writer ||= await bundleWriter()
    const whole = built.writer
    // A thread that dies with its first message, as one that runs out of memory does.
    built.writer = `require('node:worker_threads').parentPort.on('message', () => process.exit(3))`
    const deaths: Error[] = []
    const writer = Writer.thread({ file: 'nowhere', addonPath }, (error) => void deaths.push(error))
    built.writer = whole
    const waiting = [put(writer, 'a', ''), put(writer, 'b', '')]
    for (const each of waiting) await expect(each).rejects.toThrow('the writer thread ended with code 3')
    await expect(put(writer, 'c', '')).rejects.toThrow(StorageError)
    expect(deaths.map(({ message }) => message)).toEqual(['the writer thread ended with code 3'])
    expect(writer.stats.failingSinceMs).toBeDefined()
    await writer.close()
  })

  test('a file that can not be opened fails the commit, and the next one tries again', async () => {
    await using it = await open('inline')
    await using folder = await tempFolder()
    built.writer ||= await bundleWriter()
    const file = join(folder.path, 'not-there-yet', 'test.db')
    const writer = Writer.thread({ file, addonPath }, () => {})
    await expect(put(writer, 'a', '')).rejects.toThrow(StorageError)
    const { mkdirSync } = await import('node:fs')
    mkdirSync(join(folder.path, 'not-there-yet'))
    await it.writer.close()
    copyFileSync(it.file, file)
    await put(writer, 'a', '')
    await writer.close()
  })
})
