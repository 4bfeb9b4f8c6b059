import type { Connection } from '../database.ts'
import type { Head } from './head.ts'
import { decodeJournal, type JournalEntry } from './journal.ts'
import { takeEntries } from './journal-rows.ts'
import type { SeriesIndex } from './series-index.ts'

/** Entries that are read before their samples are taken: together they may be hundreds of megabytes. */
const BYTES_A_WINDOW = 32 * 1024 * 1024
const ENTRIES_A_WINDOW = 1024
const SERIES_A_BLOCK = 2000

/**
 * Takes up the stored series.
 *
 * @returns the highest number, 0 when there is none
 */
export function loadSeries(reader: Connection, index: SeriesIndex): number {
  const block = reader.statement(
    `SELECT MAX(id) AS last, json_group_array(id) AS refs, CAST(group_concat(labels, '') AS BLOB) AS sets
     FROM (SELECT id, labels FROM series WHERE id > ? ORDER BY id LIMIT ${SERIES_A_BLOCK})`,
  )
  let last = 0
  function* blocks() {
    for (;;) {
      const row = block.get(last) as { last: number | null; refs: string; sets: Buffer }
      if (row.last === null) return
      yield { refs: JSON.parse(row.refs) as number[], sets: row.sets }
      last = row.last
    }
  }
  index.load(blocks())
  return last
}

/**
 * Takes the samples of the journal into the head, each series' in the order in which they were written.
 *
 * Entry by entry, every sample would touch other places in memory than the one before; series by series, some entries at a
 * time, that takes a quarter of the time.
 *
 * @param onCorrupt told of entries that can't be read; the others count
 */
export function replayJournal(
  reader: Connection,
  head: Head,
  seriesBelow: number,
  onCorrupt: (what: string) => void,
): void {
  const entries = reader.statement('SELECT id, body FROM journal ORDER BY id').iterate() as Iterable<{
    id: number
    body: Uint8Array<ArrayBuffer>
  }>
  let window: JournalEntry[] = []
  let bodies: ArrayBuffer[] = []
  let bytes = 0
  const take = () => {
    takeEntries(window, head, seriesBelow)
    // Given back at once: the collector does not know how much hangs on so few objects.
    for (const body of bodies) body.transfer(0)
    window = []
    bodies = []
    bytes = 0
  }
  for (const { id, body } of entries) {
    try {
      window.push(decodeJournal(body))
      if (body.byteLength === body.buffer.byteLength) bodies.push(body.buffer)
      bytes += body.byteLength
    } catch (error) {
      onCorrupt(`journal entry ${id}: ${(error as Error).message}`)
    }
    if (bytes >= BYTES_A_WINDOW || window.length >= ENTRIES_A_WINDOW) take()
  }
  take()
}
