import type { MetricMeta } from '../../model/metric.ts'
import { defineOperation } from '../operation.ts'
import { sql } from '../schema.ts'
import { aggregateOf, encodeAggregate } from './aggregate.ts'
import { encodeChunk } from './chunk.ts'

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

export interface Seal {
  readonly seriesId: number
  readonly timesMs: Float64Array
  readonly values: Float64Array
  readonly stale: Uint8Array | undefined
}

/** Compresses on the writer's thread, where it delays no probe. */
export const sealChunks = defineOperation('seal-chunks', ({ db }, { seals }: { seals: readonly Seal[] }) => {
  const insert = db.statement(
    'INSERT OR REPLACE INTO chunk (series_id, start_ms, end_ms, count, aggregate, body) VALUES (?, ?, ?, ?, ?, ?)',
  )
  for (const { seriesId, timesMs, values, stale } of seals) {
    const samples = { length: timesMs.length, timesMs, values, stale }
    const aggregate = encodeAggregate(aggregateOf(samples))
    insert.run(seriesId, timesMs[0], timesMs.at(-1), timesMs.length, aggregate, encodeChunk(samples))
  }
})

/** Drops journal entries all of whose samples are in chunks: those up to `toMs` that were there when sealing began. */
export const trimJournal = defineOperation(
  'trim-journal',
  ({ db }, { toMs, lastId }: { toMs: number; lastId: number }): number =>
    db.run(sql.deleteFrom('journal').where('max_ms', '<=', toMs).where('id', '<=', lastId)),
)

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

const ROWS_A_STEP = 2000

/**
 * One step of the retention: chunks older than `rawBeforeMs` lose their samples and keep their aggregates, those older than
 * `rollupBeforeMs` go.
 *
 * @returns how many rows this step changed; 0 when nothing is left to do
 */
export const retainChunks = defineOperation(
  'retain-chunks',
  ({ db }, { rawBeforeMs, rollupBeforeMs }: { rawBeforeMs: number; rollupBeforeMs: number }): number => {
    const thinned = db
      .statement(
        `UPDATE chunk SET body = NULL WHERE id IN
           (SELECT id FROM chunk WHERE end_ms < ? AND body IS NOT NULL ORDER BY end_ms LIMIT ${ROWS_A_STEP})`,
      )
      .run(rawBeforeMs).changes
    const gone = db
      .statement(
        `DELETE FROM chunk WHERE id IN (SELECT id FROM chunk WHERE end_ms < ? ORDER BY end_ms LIMIT ${ROWS_A_STEP})`,
      )
      .run(rollupBeforeMs).changes
    return thinned + gone
  },
)
