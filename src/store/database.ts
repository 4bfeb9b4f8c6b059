import Database from 'better-sqlite3'
import type { Query } from './schema.ts'

/** SQLite before this version can corrupt a WAL file (https://sqlite.org/wal.html#walresetbug). */
const MIN_SQLITE = [3, 51, 3] as const

const MAX_CACHED_STATEMENTS = 256

export interface OpenOptions {
  readonly readonly?: boolean
  /** Where the single executable has put the SQLite addon; the package's own when undefined. */
  readonly addonPath?: string | undefined
}

/** One connection to the file, with the pragmas that the promises rest on and a cache of prepared statements. */
export class Connection {
  readonly raw: Database.Database
  readonly #statements = new Map<string, Database.Statement>()

  constructor(file: string, { readonly = false, addonPath }: OpenOptions = {}) {
    this.raw = new Database(file, { readonly, ...addonOption(addonPath) })
    try {
      checkVersion(this.raw)
      setPragmas(this.raw, readonly)
    } catch (error) {
      this.raw.close()
      throw error
    }
  }

  all<Row>(query: Query<Row>): Row[] {
    const { sql, parameters } = query.compile()
    return this.statement(sql).all(...parameters) as Row[]
  }

  get<Row>(query: Query<Row>): Row | undefined {
    const { sql, parameters } = query.compile()
    return this.statement(sql).get(...parameters) as Row | undefined
  }

  /** @returns how many rows changed */
  run(query: Query<unknown>): number {
    const { sql, parameters } = query.compile()
    return this.statement(sql).run(...parameters).changes
  }

  /** A prepared statement for hot paths; the same text gives the same statement. */
  statement(text: string): Database.Statement {
    const known = this.#statements.get(text)
    if (known !== undefined) return known
    const made = this.raw.prepare(text)
    if (this.#statements.size >= MAX_CACHED_STATEMENTS)
      this.#statements.delete(this.#statements.keys().next().value ?? '')
    this.#statements.set(text, made)
    return made
  }

  close(): void {
    this.#statements.clear()
    this.raw.close()
  }
}

let loadedAddon: { readonly path: string; readonly exports: object } | undefined

/**
 * better-sqlite3's options for an addon that is not where the package has it. It is loaded once a thread and handed over as
 * an object, since a bundle inside an executable can't `require` a file.
 */
export function addonOption(path: string | undefined): { nativeBinding?: string } {
  if (path === undefined) return {}
  if (loadedAddon?.path !== path) {
    const addon = { exports: {} }
    process.dlopen(addon, path)
    loadedAddon = { path, exports: addon.exports }
  }
  // The types know a path only; the addon's exports are taken as well.
  return { nativeBinding: loadedAddon.exports as unknown as string }
}

function checkVersion(db: Database.Database): void {
  const version = db.prepare('SELECT sqlite_version()').pluck().get() as string
  const parts = version.split('.').map(Number)
  for (const [i, least] of MIN_SQLITE.entries()) {
    const part = parts[i] ?? 0
    if (part > least) return
    if (part < least) throw new Error(`SQLite ${version} is too old: ${MIN_SQLITE.join('.')} or later is needed`)
  }
}

function setPragmas(db: Database.Database, readonly: boolean): void {
  db.pragma('busy_timeout = 5000')
  db.pragma('trusted_schema = OFF')
  db.pragma('foreign_keys = ON')
  db.pragma('temp_store = MEMORY')
  db.pragma('cache_size = -16000')
  db.pragma('mmap_size = 0')
  if (readonly) return
  db.pragma('auto_vacuum = INCREMENTAL')
  db.pragma('journal_mode = WAL')
  // Not kept in the file: a reopened WAL file would be at NORMAL, where a power cut loses acknowledged commits.
  db.pragma('synchronous = FULL')
  db.pragma('journal_size_limit = 67108864')
}
