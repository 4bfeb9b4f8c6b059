import { copyFileSync, statfsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { listAssets, readAsset } from '../lib/asset.ts'
import type { Connection } from './database.ts'

/** The file can't be used as it is; the message says why and what to do. */
export class SchemaError extends Error {
  override readonly name = 'SchemaError'
}

export interface Migration {
  readonly version: number
  readonly name: string
  readonly text: string
}

/** The migrations that this program knows, oldest first. */
export function shippedMigrations(): readonly Migration[] {
  return listAssets('migrations')
    .filter((name) => name.endsWith('.sql'))
    .map((name) => {
      const file = name.slice('migrations/'.length)
      return { version: Number(file.slice(0, 4)), name: file, text: readAsset(name) }
    })
}

/**
 * Brings the file to the newest schema, each step in one transaction with its row in `migrations`. A file that already holds
 * data is copied first.
 *
 * @returns the path of the copy when one was made
 * @throws SchemaError when the file comes from a newer program, a step fails, or the disk has no room for the copy
 */
export function migrate(
  db: Connection,
  nowMs: number,
  migrations: readonly Migration[] = shippedMigrations(),
): { readonly applied: readonly string[]; readonly copy: string | undefined } {
  db.raw.exec(`CREATE TABLE IF NOT EXISTS migrations (
    version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_ms INTEGER NOT NULL) STRICT`)
  const current = (db.raw.prepare('SELECT MAX(version) FROM migrations').pluck().get() as number | null) ?? 0
  const newest = migrations.at(-1)?.version ?? 0
  if (current > newest) {
    throw new SchemaError(
      `the data file is from a newer midwatch (schema ${current}, this program knows ${newest}); use that version or a backup from before the upgrade`,
    )
  }
  const due = migrations.filter(({ version }) => version > current)
  if (due.length === 0) return { applied: [], copy: undefined }
  const copy = current === 0 ? undefined : copyBefore(db, current)
  for (const { version, name, text } of due) {
    try {
      db.raw.transaction(() => {
        db.raw.exec(text)
        db.raw.prepare('INSERT INTO migrations VALUES (?, ?, ?)').run(version, name, nowMs)
      })()
    } catch (error) {
      const from = copy === undefined ? '' : `; a copy of the file as it was is ${copy}`
      throw new SchemaError(
        `the data file could not be brought to schema ${version} (${name}: ${(error as Error).message}); that step changed nothing${from}`,
        { cause: error },
      )
    }
  }
  return { applied: due.map(({ name }) => name), copy }
}

function copyBefore(db: Connection, version: number): string {
  const file = db.raw.name
  db.raw.pragma('wal_checkpoint(TRUNCATE)')
  const neededBytes = statSync(file).size
  const { bavail, bsize } = statfsSync(dirname(file))
  if (bavail * bsize < neededBytes * 1.1) {
    throw new SchemaError(
      `an upgrade of the data file needs ${neededBytes} free bytes beside it for a copy, and there are ${bavail * bsize}; free some space and start again`,
    )
  }
  const copy = `${file}.before-schema-${version + 1}`
  copyFileSync(file, copy)
  return copy
}
