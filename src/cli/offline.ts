import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { AuditTrail } from '../audit/audit-trail.ts'
import { systemClock } from '../lib/clock.ts'
import { AddonError, sqliteAddonPath } from '../lib/native-addon.ts'
import { SchemaError } from '../store/migrate.ts'
import { DATABASE_FILE, LockedError, openStore, type Store } from '../store/store.ts'
import { findServer, NotRunningError, type Server, type ServerArgs } from './client.ts'
import { CommandError } from './command-error.ts'

/** The data itself, while no midwatch runs. */
export interface Offline {
  readonly store: Store
  readonly audit: AuditTrail
}

/** Asks the running midwatch, or, where none runs, opens its data for this command alone. */
export async function askOrOpen<Result>(
  args: ServerArgs,
  ask: (server: Server) => Promise<Result>,
  open: (offline: Offline) => Promise<Result> | Result,
): Promise<Result> {
  try {
    return await ask(findServer(args))
  } catch (error) {
    if (!(error instanceof NotRunningError)) throw error
    return await withData(error, open)
  }
}

async function withData<Result>(
  notRunning: NotRunningError,
  work: (offline: Offline) => Promise<Result> | Result,
): Promise<Result> {
  const { dataDir } = notRunning
  if (!existsSync(join(dataDir, DATABASE_FILE))) throw notRunning
  const store = await openStore({
    dataDir,
    clock: systemClock,
    limits: { series: Number.POSITIVE_INFINITY, seriesPerMetric: Number.POSITIVE_INFINITY },
    writer: 'inline',
    addonPath: sqliteAddonPath(dataDir),
    onCorrupt: (what) => process.stderr.write(`stored data could not be read: ${what}\n`),
    onWriterDeath(error) {
      throw error
    },
  }).catch((error: unknown) => {
    if (error instanceof LockedError || error instanceof SchemaError || error instanceof AddonError) {
      throw new CommandError(1, error.message)
    }
    throw error
  })
  try {
    return await work({ store, audit: new AuditTrail(store.writer, systemClock) })
  } finally {
    await store.close()
  }
}
