import type { Connection } from '../database.ts'
import { getSetting } from '../settings.ts'
import { decodeJournal } from './journal.ts'
import { SEALED_TO, TRIMMED_ID } from './operations.ts'

/** Samples in the order in which they were written down. */
export interface JournalSamples {
  readonly refs: number[]
  readonly timesMs: number[]
  readonly values: number[]
  readonly stale: boolean[]
  /** The last entry that they come from. */
  readonly lastId: number
}

/** The number of the newest entry, 0 when there is none. */
export function newestEntry(reader: Connection): number {
  return (reader.statement('SELECT COALESCE(MAX(id), 0) AS id FROM journal').get() as { id: number }).id
}

/** Entries up to this number may be gone from the journal, when all their samples are in segments up to a time. */
export function trimmedTo(reader: Connection): { readonly id: number; readonly toMs: number } {
  const id = getSetting(reader, TRIMMED_ID)
  const toMs = getSetting(reader, SEALED_TO)
  return { id: Number(id ?? 0), toMs: Number(toMs ?? 0) }
}

/**
 * The samples of entries after a number, whole entries until there are at least `most` samples.
 *
 * @returns undefined when there is no such entry
 */
export function journalAfter(
  reader: Connection,
  afterId: number,
  most: number,
  onCorrupt: (what: string) => void,
): JournalSamples | undefined {
  const next = reader.statement('SELECT id, body FROM journal WHERE id > ? ORDER BY id LIMIT 1')
  const samples = { refs: [] as number[], timesMs: [] as number[], values: [] as number[], stale: [] as boolean[] }
  let lastId = afterId
  for (;;) {
    const row = next.get(lastId) as { id: number; body: Uint8Array } | undefined
    if (row === undefined) break
    lastId = row.id
    try {
      const entry = decodeJournal(row.body)
      const { runs, timesMs, values, stale } = entry
      let i = 0
      for (let run = 0; run < runs.length; run += 2) {
        for (let k = 0; k < (runs[run + 1] as number); k++, i++) {
          samples.refs.push((runs[run] as number) + k)
          samples.timesMs.push((timesMs.length === 1 ? timesMs[0] : timesMs[i]) as number)
          samples.values.push(values[i] as number)
          samples.stale.push(stale?.[i] === 1)
        }
      }
    } catch (error) {
      onCorrupt(`journal entry ${row.id}: ${(error as Error).message}`)
    }
    if (samples.refs.length >= most) break
  }
  return lastId === afterId ? undefined : { ...samples, lastId }
}
