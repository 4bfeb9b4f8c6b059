import type { MetricMeta } from '../../model/metric.ts'
import type { Samples } from '../../model/sample.ts'
import type { Connection } from '../database.ts'
import { defineOperation } from '../operation.ts'
import { sql } from '../schema.ts'
import { CHUNK_MS } from './catalog.ts'
import { dayKey, packDay } from './day-summaries.ts'
import { joinSamples } from './join.ts'
import { mergeSamples } from './merge.ts'
import {
  Directory,
  encodeSegment,
  GROUP_SERIES,
  readSeries,
  type SegmentSeries,
  type WrittenSegment,
} from './segment.ts'

export interface NewSeries {
  readonly id: number
  /** JSON array: name, value, name, value, … */
  readonly labels: string
}

/** Samples to keep: the series they need, and the samples as one journal entry. */
export interface JournalAppend {
  readonly series: readonly NewSeries[]
  readonly minMs: number
  readonly maxMs: number
  readonly body: Uint8Array | undefined
}

export const appendJournal = defineOperation(
  'append-journal',
  ({ db }, { series, minMs, maxMs, body }: JournalAppend) => {
    const addSeries = db.statement('INSERT OR IGNORE INTO series (id, labels) VALUES (?, ?)')
    for (const { id, labels } of series) addSeries.run(id, labels)
    if (body !== undefined) {
      db.statement('INSERT INTO journal (min_ms, max_ms, body) VALUES (?, ?, ?)').run(minMs, maxMs, body)
    }
  },
)

/** Samples of one group that belong into one segment. */
export interface SegmentWrite {
  readonly level: number
  readonly toMs: number
  readonly group: number
  /** In the order of their numbers. */
  readonly additions: readonly SegmentSeries[]
  /** Segments whose samples go into this one; they are spent by that. */
  readonly sources: readonly number[]
}

/** Packs on the writer's thread, where it delays no probe. */
export const writeSegments = defineOperation(
  'write-segments',
  ({ db }, { writes }: { writes: readonly SegmentWrite[] }): WrittenSegment[] =>
    writes.map((write) => writeSegment(db, write)),
)

function writeSegment(db: Connection, { level, toMs, group, additions, sources }: SegmentWrite): WrittenSegment {
  const parts: Samples[][] = Array.from({ length: GROUP_SERIES }, () => [])
  const kept: { id: number; message: string }[] = []
  const spent: number[] = []
  for (const id of sources) {
    const row = db.statement('SELECT directory, body FROM segment WHERE id = ?').get(id) as
      | { directory: Uint8Array; body: Uint8Array | null }
      | undefined
    if (row === undefined || row.body === null) continue
    try {
      const directory = new Directory(row.directory)
      const read = parts.map((_, slot) => readSeries(directory, row.body as Uint8Array, slot))
      for (const [slot, samples] of read.entries()) parts[slot]?.push(...samples)
      spent.push(id)
    } catch (error) {
      kept.push({ id, message: `segment ${id}: ${(error as Error).message}` })
    }
  }
  let duplicates = 0
  const added = new Map(additions.map(({ ref, samples }) => [ref % GROUP_SERIES, samples]))
  const series: SegmentSeries[] = []
  for (const [slot, known] of parts.entries()) {
    const addition = added.get(slot)
    const before = joinSamples(known, undefined, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)
    const samples = addition === undefined ? before : mergeSamples(before, addition)
    if (addition !== undefined) duplicates += before.length + addition.length - samples.length
    if (samples.length > 0) series.push({ ref: group * GROUP_SERIES + slot, samples })
  }
  // Queries go on to read them until the main thread has heard of the new one.
  for (const id of spent) db.statement('INSERT OR IGNORE INTO spent_segment (id) VALUES (?)').run(id)
  if (series.length === 0) return { level, toMs, group, id: undefined, mask: 0, duplicates, spent, kept }
  const { startMs, endMs, samples, mask, directory, body, summaries } = encodeSegment(
    series,
    CHUNK_MS[level as 0 | 1],
    level > 0,
  )
  const { lastInsertRowid } = db
    .statement(
      `INSERT INTO segment (level, to_ms, series_group, series_mask, start_ms, end_ms, samples, directory, body)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(level, toMs, group, mask, startMs, endMs, samples, directory, body)
  if (level > 0) {
    db.statement('INSERT OR REPLACE INTO day_summary (id, body) VALUES (?, ?)').run(
      dayKey(group, toMs),
      packDay(summaries),
    )
  }
  return { level, toMs, group, id: Number(lastInsertRowid), mask, duplicates, spent, kept }
}

/** Deletes segments that another has taken the place of. */
export const deleteSpent = defineOperation('delete-spent', ({ db }) => {
  db.statement('DELETE FROM segment WHERE id IN (SELECT id FROM spent_segment)').run()
  db.statement('DELETE FROM spent_segment').run()
})

/** Drops journal entries all of whose samples are in segments: those up to `toMs` that were there when sealing began. */
export const trimJournal = defineOperation(
  'trim-journal',
  ({ db }, { toMs, lastId }: { toMs: number; lastId: number }): number => {
    const set = db.statement('INSERT OR REPLACE INTO setting (key, value) VALUES (?, ?)')
    set.run(SEALED_TO, String(toMs))
    set.run(TRIMMED_ID, String(lastId))
    return db.run(sql.deleteFrom('journal').where('max_ms', '<=', toMs).where('id', '<=', lastId))
  },
)

/** The setting that tells up to when every series is sealed, epoch milliseconds. */
export const SEALED_TO = 'sealed_to_ms'

/** The setting that tells up to which number entries may be gone from the journal. */
export const TRIMMED_ID = 'journal_trimmed_id'

export const describeMetric = defineOperation(
  'describe-metric',
  ({ db }, { name, type, help, unit = '' }: MetricMeta & { readonly name: string }) => {
    db.run(
      sql
        .insertInto('metric')
        .values({ name, type, help, unit })
        .onConflict((conflict) => conflict.column('name').doUpdateSet({ type, help, unit })),
    )
  },
)

const ROWS_A_STEP = 200

/**
 * One step of the retention: segments older than `rawBeforeMs` lose their samples and keep their summaries, those older than
 * `rollupBeforeMs` go.
 *
 * @returns how many rows this step changed; 0 when nothing is left to do
 */
export const retainSegments = defineOperation(
  'retain-segments',
  ({ db }, { rawBeforeMs, rollupBeforeMs }: { rawBeforeMs: number; rollupBeforeMs: number }): number => {
    const thinned = db
      .statement(
        `UPDATE segment SET body = NULL WHERE id IN
           (SELECT id FROM segment WHERE to_ms < ? AND body IS NOT NULL LIMIT ${ROWS_A_STEP})`,
      )
      .run(rawBeforeMs).changes
    const days = db
      .statement(`SELECT series_group AS "group", to_ms AS toMs FROM segment WHERE to_ms < ? LIMIT ${ROWS_A_STEP}`)
      .all(rollupBeforeMs) as { group: number; toMs: number }[]
    const forgetDay = db.statement('DELETE FROM day_summary WHERE id = ?')
    for (const { group, toMs } of days) forgetDay.run(dayKey(group, toMs))
    const gone = db
      .statement(`DELETE FROM segment WHERE id IN (SELECT id FROM segment WHERE to_ms < ? LIMIT ${ROWS_A_STEP})`)
      .run(rollupBeforeMs).changes
    return thinned + gone
  },
)

/** Forgets series of which nothing is left. */
export const forgetSeries = defineOperation('forget-series', ({ db }, { refs }: { refs: readonly number[] }) => {
  const forget = db.statement('DELETE FROM series WHERE id = ?')
  for (const ref of refs) forget.run(ref)
})
