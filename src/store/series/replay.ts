import type { Connection } from '../database.ts'
import type { Head } from './head.ts'
import { decodeJournal, type JournalEntry } from './journal.ts'
import type { SeriesIndex } from './series-index.ts'

/** Entries that are read before their samples are taken: together they may be hundreds of megabytes. */
const BYTES_A_WINDOW = 24 * 1024 * 1024
const ENTRIES_A_WINDOW = 1024
/** Series whose places in memory fit into the processor's cache together. */
const SERIES_A_TILE = 1024
/** Below so many samples each, runs are not worth their bookkeeping. */
const WORTH_A_RUN = 8
const SERIES_A_BLOCK = 2000

/**
 * Takes up the stored series.
 *
 * @returns the highest number, 0 when there is none
 */
export function loadSeries(reader: Connection, index: SeriesIndex): number {
  const block = reader.statement(
    `SELECT MAX(id) AS last, json_group_array(id ORDER BY id) AS refs, CAST(group_concat(labels, '' ORDER BY id) AS BLOB) AS sets
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

/** Part of an entry in which the numbers of series go up. */
interface Run {
  readonly entry: JournalEntry
  at: number
  readonly end: number
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
    takeWindow(window, head, seriesBelow)
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

function takeWindow(window: readonly JournalEntry[], head: Head, seriesBelow: number): void {
  const runs = window.flatMap(runsOf)
  const samples = window.reduce((sum, { length }) => sum + length, 0)
  if (runs.length * WORTH_A_RUN > samples) {
    for (const entry of window)
      takeRun({ entry, at: 0, end: entry.length }, Number.POSITIVE_INFINITY, head, seriesBelow)
    return
  }
  let waiting = runs
  while (waiting.length > 0) {
    let lowest = Number.POSITIVE_INFINITY
    for (const { entry, at } of waiting) lowest = Math.min(lowest, entry.refs[at] as number)
    const below = (Math.floor(lowest / SERIES_A_TILE) + 1) * SERIES_A_TILE
    for (const run of waiting) takeRun(run, below, head, seriesBelow)
    if (waiting.some(({ at, end }) => at === end)) waiting = waiting.filter(({ at, end }) => at < end)
  }
}

function runsOf(entry: JournalEntry): Run[] {
  const { refs, length } = entry
  const runs: Run[] = []
  let at = 0
  for (let i = 1; i <= length; i++) {
    if (i < length && (refs[i] as number) > (refs[i - 1] as number)) continue
    runs.push({ entry, at, end: i })
    at = i
  }
  return length === 0 ? [] : runs
}

/** Takes the samples of a run whose series come before `below`. */
function takeRun(run: Run, below: number, head: Head, seriesBelow: number): void {
  const { refs, timesMs, values, stale } = run.entry
  const isSameTime = timesMs.length === 1
  const { end } = run
  let { at } = run
  for (; at < end; at++) {
    const ref = refs[at] as number
    if (ref >= below) break
    if (ref >= seriesBelow) continue
    head.add(ref, timesMs[isSameTime ? 0 : at] as number, values[at] as number, stale !== undefined && stale[at] === 1)
  }
  run.at = at
}
