import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { AuditTrail } from '../audit/audit-trail.ts'
import { systemClock } from '../lib/clock.ts'
import { AddonError, sqliteAddonPath } from '../lib/native-addon.ts'
import { SchemaError } from '../store/migrate.ts'
import { DATABASE_FILE, LockedError, openStore, type Store, type StoreOptions } from '../store/store.ts'
import { findServer, NotRunningError, type Server } from './client.ts'
import { CommandError } from './command-error.ts'
import type { ServerArgs } from './server-args.ts'

/** The data itself, while no midwatch runs. */
export interface Offline {
  readonly store: Store
  readonly audit: AuditTrail
}

const NO_LIMITS = { series: Number.POSITIVE_INFINITY, seriesPerMetric: Number.POSITIVE_INFINITY }

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
  return await openData({ dataDir, limits: NO_LIMITS, writer: 'inline' }, work)
}

/**
 * Opens the data for this command alone; makes the folder when it is not there.
 *
 * @param advice what to say when another midwatch has the folder, in place of advice for one that is to run
 * @throws CommandError when another midwatch has it, or it can't be opened
 */
export async function openData<Result>(
  { advice, ...options }: Pick<StoreOptions, 'dataDir' | 'limits' | 'writer'> & { readonly advice?: string },
  work: (offline: Offline) => Promise<Result> | Result,
): Promise<Result> {
  const store = await openStore({
    ...options,
    clock: systemClock,
    addonPath: sqliteAddonPath(options.dataDir),
    onCorrupt: (what) => process.stderr.write(`stored data could not be read: ${what}\n`),
    onWriterDeath(error) {
      throw error
    },
  }).catch((error: unknown) => {
    if (error instanceof LockedError && advice !== undefined) throw new CommandError(1, advice)
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
