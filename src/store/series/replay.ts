import type { Connection } from '../database.ts'
import type { Head } from './head.ts'
import { decodeJournal, type JournalEntry } from './journal.ts'
import { takeEntries } from './journal-rows.ts'
import type { SeriesIndex } from './series-index.ts'

/** Entries that are read before their samples are taken: together they may be hundreds of megabytes. */
const BYTES_A_WINDOW = 32 * 1024 * 1024
const ENTRIES_A_WINDOW = 1024
const SERIES_A_BLOCK = 250

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
  const { count } = reader.statement('SELECT COUNT(*) AS count FROM series').get() as { count: number }
  index.load(blocks(), count)
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
  // Always the same memory: to have new memory from the system for each of them takes longer than to read them.
  const room = new Uint8Array(BYTES_A_WINDOW)
  let window: JournalEntry[] = []
  let bytes = 0
  const take = () => {
    takeEntries(window, head, seriesBelow)
    window = []
    bytes = 0
  }
  for (const { id, body } of entries) {
    if (bytes + body.byteLength > room.length || window.length >= ENTRIES_A_WINDOW) take()
    let entry = body
    if (body.byteLength <= room.length) {
      entry = room.subarray(bytes, bytes + body.byteLength)
      entry.set(body)
      // Given back at once: the collector does not know how much hangs on so few objects.
      if (body.byteLength === body.buffer.byteLength) body.buffer.transfer(0)
      // Entries begin where their columns can be read in place.
      bytes += Math.ceil(entry.length / 8) * 8
    }
    try {
      window.push(decodeJournal(entry))
    } catch (error) {
      onCorrupt(`journal entry ${id}: ${(error as Error).message}`)
    }
  }
  take()
  room.buffer.transfer(0)
}
