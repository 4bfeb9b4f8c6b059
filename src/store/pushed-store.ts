import { Labels, METRIC_NAME } from '../model/labels.ts'
import { BatchBuilder } from '../model/sample.ts'
import type { SampleSink } from '../model/sink.ts'
import { formatBoundText } from '../wire/float-text.ts'
import type { Connection } from './database.ts'
import {
  applyPush,
  type HistogramState,
  type Push,
  type PushedKind,
  type PushedRow,
  type PushResult,
} from './pushed-operations.ts'
import { sql } from './schema.ts'
import type { Writer } from './writer.ts'

interface Live {
  row: PushedRow
  /** The store's numbers: one, or for a histogram its buckets, sum and count. Undefined where a limit refused it. */
  readonly refs: readonly (number | undefined)[]
  isStale: boolean
}

/**
 * What applications pushed. The accumulated value is state on disk; samples are taken from it at every evaluation, as if
 * midwatch scraped itself, so that counters continue over restarts.
 */
export class PushedStore {
  readonly #writer: Writer
  readonly #sink: SampleSink
  readonly #live = new Map<string, Live>()
  readonly #bounds = new Map<string, readonly number[]>()

  constructor(writer: Writer, reader: Connection, sink: SampleSink) {
    this.#writer = writer
    this.#sink = sink
    for (const row of reader.all(sql.selectFrom('pushed').selectAll())) {
      this.#keep({
        labels: row.labels,
        kind: row.kind as PushedKind,
        value: row.value,
        histogram: row.histogram === null ? undefined : (JSON.parse(row.histogram) as HistogramState),
        updatedMs: row.updated_ms,
        ttlMs: row.ttl_ms ?? undefined,
      })
    }
  }

  /** The state of a pushed series, if there is one. */
  find(labels: Labels): PushedRow | undefined {
    return this.#live.get(JSON.stringify(labels.pairs))?.row
  }

  /** Upper bounds of the buckets that a pushed histogram has, without the infinite one. */
  boundsOf(metricName: string): readonly number[] | undefined {
    return this.#bounds.get(metricName)
  }

  /** Every pushed series that has not expired. */
  *rows(): Generator<PushedRow> {
    for (const { row, isStale } of this.#live.values()) if (!isStale) yield row
  }

  /** Applies a push; it is on disk when the promise resolves. */
  async apply(push: Push): Promise<PushResult> {
    const result = await this.#writer.run(applyPush, push)
    if (result.kind !== 'applied') return result
    const zeros = new BatchBuilder()
    for (const row of result.rows) {
      const isNew = !this.#live.has(row.labels)
      const live = this.#keep(row)
      if (!isNew || row.kind === 'gauge') continue
      // Without a 0 before it, increase() would never see the first increment.
      for (const ref of live.refs) if (ref !== undefined) zeros.add(ref, push.nowMs - 1, 0)
    }
    // The push itself is safe already; this is its first sample.
    if (zeros.length > 0) this.#sink.append(zeros.take()).catch(() => {})
    return result
  }

  /** Writes one sample of every live series, and a staleness marker where the time to live has passed. */
  sample(nowMs: number): Promise<void> {
    const batch = new BatchBuilder(this.#live.size * 2 + 1)
    for (const live of this.#live.values()) {
      const { updatedMs, ttlMs } = live.row
      const isExpired = ttlMs !== undefined && nowMs - updatedMs > ttlMs
      if (isExpired && live.isStale) continue
      live.isStale = isExpired
      for (const [i, value] of valuesOf(live.row).entries()) {
        const ref = live.refs[i]
        if (ref === undefined) continue
        if (isExpired) batch.addStale(ref, nowMs)
        else batch.add(ref, nowMs, value)
      }
    }
    return this.#sink.append(batch.take())
  }

  #keep(row: PushedRow): Live {
    const known = this.#live.get(row.labels)
    if (known !== undefined) {
      known.row = row
      known.isStale = false
      return known
    }
    const labels = Labels.fromSortedPairs(JSON.parse(row.labels) as string[])
    if (row.histogram !== undefined && !this.#bounds.has(labels.name))
      this.#bounds.set(labels.name, row.histogram.bounds)
    const made: Live = {
      row,
      refs: labelsOf(labels, row.histogram).map((each) => this.#sink.ref(each)),
      isStale: false,
    }
    this.#live.set(row.labels, made)
    return made
  }
}

/** The series that a pushed one gives: itself, or a classic histogram's buckets, sum and count. */
export function labelsOf(labels: Labels, histogram: { readonly bounds: readonly number[] } | undefined): Labels[] {
  if (histogram === undefined) return [labels]
  const named = (suffix: string) => labels.with(METRIC_NAME, `${labels.name}${suffix}`)
  return [
    ...histogram.bounds.map((bound) => named('_bucket').with('le', formatBoundText(bound))),
    named('_bucket').with('le', '+Inf'),
    named('_sum'),
    named('_count'),
  ]
}

/** Values in the order of `labelsOf`. */
function valuesOf({ value, histogram }: PushedRow): number[] {
  if (histogram === undefined) return [value]
  let cumulative = 0
  const buckets = histogram.counts.map((count) => (cumulative += count))
  return [...buckets, histogram.sum, histogram.count]
}
