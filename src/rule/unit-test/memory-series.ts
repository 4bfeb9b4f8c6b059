import type { Labels } from '../../model/labels.ts'
import { matchesAll } from '../../model/matcher.ts'
import type { SampleBatch, Samples } from '../../model/sample.ts'
import type { OnRefused, SampleSink } from '../../model/sink.ts'
import type { Queryable, SelectedSeries, SelectRequest } from '../../promql/index.ts'

interface Column {
  readonly labels: Labels
  length: number
  timesMs: Float64Array
  values: Float64Array
  stale: Uint8Array
}

/** Series in memory that grow at their end: enough for rules to read from and to write to. */
export class MemorySeries implements Queryable, SampleSink {
  readonly #columns: Column[] = []
  readonly #refs = new Map<string, number>()

  ref(labels: Labels): number {
    const known = this.#refs.get(labels.key)
    if (known !== undefined) return known
    const size = 64
    const column = { labels, length: 0, timesMs: new Float64Array(size), values: new Float64Array(size) }
    this.#columns.push({ ...column, stale: new Uint8Array(size) })
    this.#refs.set(labels.key, this.#columns.length - 1)
    return this.#columns.length - 1
  }

  append(batch: SampleBatch, onRefused?: OnRefused): Promise<void> {
    for (let i = 0; i < batch.length; i++) {
      const { timesMs, values, stale } = batch
      const refusal = this.add(batch.refs[i] as number, timesMs[i] as number, values[i] as number, stale?.[i] === 1)
      if (refusal !== undefined) onRefused?.(refusal, i)
    }
    return Promise.resolve()
  }

  describe(): void {}

  /** @returns why the sample was refused; the same sample once more is no harm */
  add(ref: number, timeMs: number, value: number, isStale: boolean): string | undefined {
    const column = this.#columns[ref] as Column
    const { length } = column
    const lastMs = length === 0 ? Number.NEGATIVE_INFINITY : (column.timesMs[length - 1] as number)
    if (timeMs < lastMs) return 'out of order sample'
    if (timeMs === lastMs) {
      const isSame = (column.stale[length - 1] === 1) === isStale && Object.is(column.values[length - 1], value)
      return isSame ? undefined : 'duplicate sample for timestamp'
    }
    if (length === column.timesMs.length) {
      column.timesMs = doubled(column.timesMs, new Float64Array(length * 2))
      column.values = doubled(column.values, new Float64Array(length * 2))
      column.stale = doubled(column.stale, new Uint8Array(length * 2))
    }
    column.timesMs[length] = timeMs
    column.values[length] = value
    column.stale[length] = isStale ? 1 : 0
    column.length++
    return undefined
  }

  select({ matchers }: SelectRequest): readonly SelectedSeries[] {
    return this.#columns
      .filter(({ labels }) => matchesAll(matchers, labels))
      .map((column) => ({ labels: column.labels, samples: (startMs, endMs) => between(column, startMs, endMs) }))
  }
}

function between(column: Column, startMs: number, endMs: number): Samples {
  const [from, to] = [firstAfter(column, startMs), firstAfter(column, endMs)]
  return {
    length: to - from,
    timesMs: column.timesMs.subarray(from, to),
    values: column.values.subarray(from, to),
    stale: column.stale.subarray(from, to),
  }
}

function firstAfter({ timesMs, length }: Column, timeMs: number): number {
  let [low, high] = [0, length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((timesMs[middle] as number) <= timeMs) low = middle + 1
    else high = middle
  }
  return low
}

function doubled<Column extends Float64Array | Uint8Array>(from: Column, to: Column): Column {
  to.set(from)
  return to
}
