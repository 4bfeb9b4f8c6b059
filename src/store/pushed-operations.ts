import { defineOperation } from './operation.ts'
import { sql } from './schema.ts'

export type PushedKind = 'counter' | 'gauge' | 'histogram'

/** A histogram's accumulated state; `counts[i]` are observations at or below `bounds[i]` only (not cumulative), then above all. */
export interface HistogramState {
  readonly bounds: readonly number[]
  readonly counts: readonly number[]
  readonly sum: number
  readonly count: number
}

export interface PushedRow {
  /** JSON array of sorted pairs. */
  readonly labels: string
  readonly kind: PushedKind
  readonly value: number
  readonly histogram: HistogramState | undefined
  readonly updatedMs: number
  readonly ttlMs: number | undefined
}

/** One change to one pushed series. */
export type PushedChange = {
  readonly labels: string
  readonly ttlMs: number | undefined
} & (
  | { readonly kind: 'counter'; readonly add: number }
  | { readonly kind: 'gauge'; readonly set: number }
  | { readonly kind: 'histogram'; readonly bounds: readonly number[]; readonly observe: readonly number[] }
)

export interface Push {
  readonly nowMs: number
  readonly changes: readonly PushedChange[]
  /** From the `Idempotency-Key` header: a push with a known key changes nothing. */
  readonly key: string | undefined
  readonly bodyHash: string
}

export type PushResult =
  | { readonly kind: 'applied'; readonly rows: readonly PushedRow[] }
  | { readonly kind: 'repeated' }
  | { readonly kind: 'key-reused' }

/** Adds a push to what has been accumulated, all of it or nothing. */
export const applyPush = defineOperation(
  'apply-push',
  ({ db }, { nowMs, changes, key, bodyHash }: Push): PushResult => {
    if (key !== undefined) {
      const known = db.get(sql.selectFrom('idempotency').select('body_hash').where('key', '=', key))
      if (known !== undefined) return known.body_hash === bodyHash ? { kind: 'repeated' } : { kind: 'key-reused' }
      db.run(sql.insertInto('idempotency').values({ key, body_hash: bodyHash, at_ms: nowMs }))
    }
    const find = db.statement('SELECT value, histogram FROM pushed WHERE labels = ?')
    const put = db.statement(
      `INSERT INTO pushed (labels, kind, value, histogram, updated_ms, ttl_ms) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (labels) DO UPDATE SET value = excluded.value, histogram = excluded.histogram,
       updated_ms = excluded.updated_ms, ttl_ms = excluded.ttl_ms`,
    )
    const rows = changes.map((change): PushedRow => {
      const known = find.get(change.labels) as { value: number; histogram: string | null } | undefined
      const { labels, kind, ttlMs } = change
      const histogram =
        kind === 'histogram' ? observe(known?.histogram ?? undefined, change.bounds, change.observe) : undefined
      const value = valueAfter(change, known?.value ?? 0)
      put.run(labels, kind, value, histogram === undefined ? null : JSON.stringify(histogram), nowMs, ttlMs ?? null)
      return { labels, kind, value, histogram, updatedMs: nowMs, ttlMs }
    })
    return { kind: 'applied', rows }
  },
)

function valueAfter(change: PushedChange, before: number): number {
  switch (change.kind) {
    case 'counter':
      return before + change.add
    case 'gauge':
      return change.set
    case 'histogram':
      return 0
  }
}

function observe(known: string | undefined, bounds: readonly number[], values: readonly number[]): HistogramState {
  const before: HistogramState =
    known === undefined
      ? { bounds, counts: new Array<number>(bounds.length + 1).fill(0), sum: 0, count: 0 }
      : (JSON.parse(known) as HistogramState)
  const counts = [...before.counts]
  let { sum } = before
  for (const value of values) {
    const at = before.bounds.findIndex((bound) => value <= bound)
    const bucket = at === -1 ? before.bounds.length : at
    counts[bucket] = (counts[bucket] ?? 0) + 1
    sum += value
  }
  return { bounds: before.bounds, counts, sum, count: before.count + values.length }
}

/** Forgets keys of pushes and gauges that nobody has renewed for long. */
export const retainPushed = defineOperation(
  'retain-pushed',
  ({ db }, { keysBeforeMs, gaugesBeforeMs }: { keysBeforeMs: number; gaugesBeforeMs: number }) => {
    db.run(sql.deleteFrom('idempotency').where('at_ms', '<', keysBeforeMs))
    db.run(sql.deleteFrom('pushed').where('ttl_ms', 'is not', null).where('updated_ms', '<', gaugesBeforeMs))
  },
)
