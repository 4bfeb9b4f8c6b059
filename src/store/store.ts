import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import type { Clock } from '../lib/clock.ts'
import { addonOption, Connection } from './database.ts'
import { migrate, SchemaError } from './migrate.ts'
import { PushedStore } from './pushed-store.ts'
import type { SeriesLimits } from './series/series-limiter.ts'
import { SeriesStore } from './series/series-store.ts'
import { Writer } from './writer.ts'

export const DATABASE_FILE = 'midwatch.db'
const LOCK_FILE = 'midwatch.lock'

export interface StoreOptions {
  /** The folder; made when it is not there. */
  readonly dataDir: string
  readonly clock: Clock
  readonly limits: SeriesLimits
  /** Where writes are committed: on a thread of their own, here (tests, short commands), or by a writer made for the file. */
  readonly writer: 'thread' | 'inline' | ((file: string) => Writer)
  /** The SQLite addon's file where it is not the package's own. */
  readonly addonPath?: string | undefined
  readonly onCorrupt: (what: string) => void
  /** The writer's thread has died: nothing can be kept any more. */
  readonly onWriterDeath: (error: Error) => void
}

/** Another process has the data folder. */
export class LockedError extends Error {
  override readonly name = 'LockedError'
}

/** Everything that is remembered: the file, the way into it and what is held in memory of it. */
export interface Store {
  readonly file: string
  readonly writer: Writer
  /** For reads on this thread; no iterator may stay open over an `await`. */
  readonly reader: Connection
  readonly series: SeriesStore
  readonly pushed: PushedStore
  /** Names of the migrations that were applied now, and the copy made before them. */
  readonly migrated: { readonly applied: readonly string[]; readonly copy: string | undefined }
  close(): Promise<void>
}

/**
 * Opens the data folder for this process alone, brings the file to the newest schema and reads back what was known.
 *
 * @throws LockedError when another process has it, SchemaError when the file comes from a newer program or is damaged
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { dataDir, clock, limits, addonPath, onCorrupt } = options
  mkdirSync(dataDir, { recursive: true, mode: 0o750 })
  const lock = lockFolder(dataDir, addonPath)
  const file = join(dataDir, DATABASE_FILE)
  const thread = options.writer === 'thread' ? Writer.thread({ file, addonPath }, options.onWriterDeath) : undefined
  const closing: (() => Promise<void> | void)[] = [() => void lock.close()]
  if (thread !== undefined) closing.push(() => thread.close())
  try {
    const migrated = prepare(file, addonPath, clock)
    const writer =
      typeof options.writer === 'function' ? options.writer(file) : (thread ?? Writer.inline(file, addonPath))
    if (thread === undefined) closing.push(() => writer.close())
    const reader = new Connection(file, { readonly: true, addonPath })
    closing.push(() => reader.close())
    const series = new SeriesStore({ writer, reader, clock, limits, onCorrupt })
    const pushed = new PushedStore(writer, reader, series)
    closing.push(() => series.durable().catch(() => {}))
    return { file, writer, reader, series, pushed, migrated, close: () => closeAll(closing) }
  } catch (error) {
    await closeAll(closing).catch(() => {})
    throw namingFile(error, file)
  }
}

/** From the last to the first; what one of them throws keeps no other from closing. */
async function closeAll(closing: (() => Promise<void> | void)[]): Promise<void> {
  const [close] = closing.splice(-1)
  if (close === undefined) return
  try {
    await close()
  } finally {
    await closeAll(closing)
  }
}

function namingFile(error: unknown, file: string): unknown {
  const { code, message } = error as Error & { code?: string }
  if (code === undefined || !/^SQLITE_(NOTADB|CORRUPT)/.test(code)) return error
  return new SchemaError(
    `${file} is damaged or not a data file of midwatch (${message}); put a backup in its place, or move it away to start with an empty one`,
    { cause: error },
  )
}

function prepare(file: string, addonPath: string | undefined, clock: Clock): Store['migrated'] {
  const setup = new Connection(file, { addonPath })
  try {
    return migrate(setup, clock.now())
  } finally {
    setup.close()
  }
}

/** Held through SQLite's own file lock, which the system releases however the process ends. */
function lockFolder(dataDir: string, addonPath: string | undefined): Database.Database {
  const lock = new Database(join(dataDir, LOCK_FILE), { timeout: 0, ...addonOption(addonPath) })
  try {
    lock.pragma('locking_mode = EXCLUSIVE')
    lock.exec('BEGIN EXCLUSIVE; COMMIT')
    return lock
  } catch (error) {
    lock.close()
    if (!/^SQLITE_(BUSY|LOCKED)/.test((error as { code?: string }).code ?? '')) throw error
    throw new LockedError(
      `another midwatch is using ${dataDir}; stop it, or give this one a folder of its own with --data`,
      {
        cause: error,
      },
    )
  }
}
