import { closeSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { writeOpenMetrics } from '../export/history/openmetrics.ts'
import { systemClock } from '../lib/clock.ts'
import { sqliteAddonPath } from '../lib/native-addon.ts'
import { openSnapshot } from '../store/snapshot.ts'

const DAY_MS = 86_400_000

export interface HistoryFile {
  /** Below the folder of the export. */
  readonly path: string
  readonly samples: number
}

/**
 * Writes all samples as OpenMetrics, a file for each day: `promtool tsdb create-blocks-from openmetrics` reads a file anew for
 * each of its blocks, so that larger files would take longer for nothing. Days of which only sums are left go into a folder
 * of their own, with the first and the last value of each piece.
 *
 * @returns undefined when there is no data
 */
export function writeHistory(dataDir: string, dir: string): readonly HistoryFile[] | undefined {
  const snapshot = openSnapshot(
    dataDir,
    systemClock,
    (what) => process.stderr.write(`stored data could not be read: ${what}\n`),
    sqliteAddonPath(dataDir),
  )
  if (snapshot === undefined) return undefined
  try {
    const span = snapshot.series.span
    if (span === undefined) return []
    const files: HistoryFile[] = []
    for (let dayMs = Math.floor(span.fromMs / DAY_MS) * DAY_MS; dayMs <= span.toMs; dayMs += DAY_MS) {
      const isRollup = dayMs < (span.rollupsToMs ?? Number.NEGATIVE_INFINITY)
      const folder = join('history', isRollup ? 'rollups' : 'samples')
      const path = join(folder, `${new Date(dayMs).toISOString().slice(0, 10)}.om`)
      mkdirSync(join(dir, folder), { recursive: true })
      const samples = writeDay(join(dir, path), (write) =>
        // A day has its first moment and not that of the next one.
        writeOpenMetrics(snapshot.series, dayMs - 1, dayMs + DAY_MS - 1, write),
      )
      if (samples === 0) rmSync(join(dir, path))
      else files.push({ path, samples })
    }
    return files
  } finally {
    snapshot.close()
  }
}

/** A file that is there is whole. */
function writeDay(path: string, fill: (write: (text: string) => void) => number): number {
  const part = `${path}.part`
  const fd = openSync(part, 'w')
  try {
    const samples = fill((text) => {
      writeSync(fd, text)
    })
    closeSync(fd)
    renameSync(part, path)
    return samples
  } catch (error) {
    closeSync(fd)
    rmSync(part, { force: true })
    throw error
  }
}
