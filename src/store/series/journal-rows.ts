import type { Head } from './head.ts'
import type { JournalEntry } from './journal.ts'

/** Series whose places in memory fit into the processor's cache together. */
const SERIES_A_TILE = 1024
/** Below so many samples each, runs are not worth their bookkeeping. */
const WORTH_A_RUN = 8
/** Values of so many series are turned from columns into rows together: column by column and value by value are both slow. */
const SERIES_AT_ONCE = 32
/** Parts of a tile beyond which it is taken sample by sample. */
const MAX_PARTS = 64

/** Samples of an entry at one time whose series' numbers follow each other. */
interface Run {
  readonly values: Float64Array
  /** The place of the first one's value. */
  readonly at: number
  readonly timeMs: number
  /** They are staleness markers. */
  readonly isStale: boolean
  /** The number of the first series. */
  readonly ref: number
  /** Behind the number of the last. */
  readonly end: number
}

/**
 * Takes the samples of some journal entries into the head, each series' in the order in which they were written.
 *
 * Entry by entry, every sample would touch other places in memory than the one before. So this goes over all entries for a
 * thousand series at a time, and among those series by series.
 *
 * @param seriesBelow samples of series from here on are passed over
 */
export function takeEntries(entries: readonly JournalEntry[], head: Head, seriesBelow: number): void {
  const runs = entries.flatMap((entry) => runsOf(entry, seriesBelow))
  const samples = entries.reduce((sum, { length }) => sum + length, 0)
  if (runs.length * WORTH_A_RUN > samples) {
    for (const run of runs) takeRun(run, head)
    return
  }
  const tiles = new Map<number, Run[]>()
  for (const run of runs) {
    for (let ref = run.ref; ref < run.end; ) {
      const number = Math.floor(ref / SERIES_A_TILE)
      const part = { ...run, ref, end: Math.min(run.end, (number + 1) * SERIES_A_TILE), at: run.at + ref - run.ref }
      const tile = tiles.get(number)
      if (tile === undefined) tiles.set(number, [part])
      else tile.push(part)
      ref = part.end
    }
  }
  for (const tile of tiles.values()) takeTile(tile, head)
}

function runsOf({ runs, timesMs, values, stale }: JournalEntry, seriesBelow: number): Run[] {
  const found: Run[] = []
  const timeAt = (place: number) => timesMs[timesMs.length === 1 ? 0 : place] as number
  const isUniform = timesMs.length === 1 && stale === undefined
  let start = 0
  for (let i = 0; i < runs.length; i += 2) {
    const first = runs[i] as number
    const count = Math.min(runs[i + 1] as number, Math.max(seriesBelow - first, 0))
    for (let from = 0; from < count; ) {
      const at = start + from
      const timeMs = timeAt(at)
      const isStale = stale?.[at] === 1
      let to = isUniform ? count : from + 1
      while (to < count && timeAt(start + to) === timeMs && (stale?.[start + to] === 1) === isStale) to++
      found.push({ values, at, timeMs, isStale, ref: first + from, end: first + to })
      from = to
    }
    start += runs[i + 1] as number
  }
  return found
}

/** Takes runs in the parts between all their beginnings and ends, so that each part has its series in common. */
function takeTile(tile: readonly Run[], head: Head): void {
  const cuts = [...new Set(tile.flatMap(({ ref, end }) => [ref, end]))].sort((a, b) => a - b)
  if (cuts.length > MAX_PARTS) {
    for (const run of tile) takeRun(run, head)
    return
  }
  for (let i = 1; i < cuts.length; i++) {
    const ref = cuts[i - 1] as number
    const end = cuts[i] as number
    const part: Run[] = []
    for (const run of tile)
      if (run.ref <= ref && run.end >= end) part.push({ ...run, ref, end, at: run.at + ref - run.ref })
    takePart(part, head)
  }
}

/** Takes runs of the same series: those that follow each other without a marker, and go forward in time, together. */
function takePart(part: readonly Run[], head: Head): void {
  let from = 0
  for (let i = 1; i <= part.length; i++) {
    const [before, run] = [part[i - 1] as Run, part[i]]
    if (run !== undefined && !before.isStale && !run.isStale && run.timeMs > before.timeMs) continue
    if (i - from > 1) takeRows(part.slice(from, i), head)
    else takeRun(before, head)
    from = i
  }
}

/** Takes runs of the same series, series by series. */
function takeRows(runs: readonly Run[], head: Head): void {
  const [first] = runs
  if (first === undefined) return
  const timesMs = Float64Array.from(runs, ({ timeMs }) => timeMs)
  const width = runs.length
  const rows = new Float64Array(SERIES_AT_ONCE * width)
  for (let ref = first.ref; ref < first.end; ref += SERIES_AT_ONCE) {
    const count = Math.min(SERIES_AT_ONCE, first.end - ref)
    for (let k = 0; k < width; k++) {
      const { values, at } = runs[k] as Run
      const from = at + ref - first.ref
      for (let i = 0, to = k; i < count; i++, to += width) rows[to] = values[from + i] as number
    }
    for (let i = 0; i < count; i++) head.addRow(ref + i, timesMs, rows, i * width)
  }
}

function takeRun({ values, at, timeMs, isStale, ref, end }: Run, head: Head): void {
  for (let i = at, of = ref; of < end; i++, of++) head.add(of, timeMs, values[i] as number, isStale)
}
