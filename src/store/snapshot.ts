import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../lib/clock.ts'
import { Connection } from './database.ts'
import { SeriesStore } from './series/series-store.ts'
import { DATABASE_FILE } from './store.ts'
import { Writer } from './writer.ts'

/** What a data folder had at one moment, to be read while a midwatch may go on writing to it. */
export interface Snapshot {
  readonly reader: Connection
  readonly series: SeriesStore
  close(): void
}

const NO_LIMITS = { series: Number.POSITIVE_INFINITY, seriesPerMetric: Number.POSITIVE_INFINITY }

/**
 * Reads a data folder as it is now; nothing is written to it. What comes later is not seen, and as long as it is open the
 * write-ahead log of a running midwatch grows.
 *
 * @returns undefined when there is no data yet
 */
export function openSnapshot(
  dataDir: string,
  clock: Clock,
  onCorrupt: (what: string) => void,
  addonPath?: string,
): Snapshot | undefined {
  const file = join(dataDir, DATABASE_FILE)
  if (!existsSync(file)) return undefined
  const reader = new Connection(file, { readonly: true, addonPath })
  try {
    reader.raw.exec('BEGIN')
    // The first read is the moment.
    reader.raw.prepare('SELECT COUNT(*) FROM migrations').get()
    const series = new SeriesStore({ writer: Writer.on(reader), reader, clock, limits: NO_LIMITS, onCorrupt })
    return { reader, series, close: () => reader.close() }
  } catch (error) {
    reader.close()
    throw error
  }
}
