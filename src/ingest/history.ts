import type { Labels } from '../model/labels.ts'
import type { MetricMeta } from '../model/metric.ts'
import { CUT_OFF, type ExpositionFormat, ExpositionReader } from '../wire/exposition.ts'
import { ExpositionError } from '../wire/exposition-error.ts'
import { familyNameInText, labelsOfPairs } from '../wire/exposition-family.ts'
import { SeriesTable } from '../wire/series-table.ts'
import { historyFormat } from './history-format.ts'

/** Where history goes. */
export interface HistorySink {
  /** @returns undefined when the series is refused */
  ref(labels: Labels): number | undefined
  /** A promise is waited for before the next sample comes. */
  add(ref: number, timeMs: number, value: number, isStale: boolean): void | Promise<void>
  describe(metricName: string, meta: MetricMeta): void
}

export interface HistoryOptions {
  /** Found out by the first times when undefined. */
  readonly format?: ExpositionFormat | undefined
  /** Prometheus writes its staleness markers as NaN, and a NaN spoils every sum over it: so a NaN is taken for a marker unless it is to be a value. */
  readonly nan?: 'stale' | 'value' | undefined
}

export interface HistoryCounts {
  series: number
  samples: number
  /** Samples of series that the sink refused. */
  refused: number
}

const LINE_FEED = 10
/** Small pieces cost calls, large ones fall out of the processor's cache. */
const PIECE_BYTES = 512 * 1024
/** No series is that long; without a limit a file that is no text would be read into memory whole. */
const MAX_LINE_BYTES = 16 * 1024 * 1024

/**
 * Reads samples with their times from OpenMetrics or the Prometheus text format, piece by piece, in any order, and hands
 * them on. `counts` go on while it reads, so that they hold what was handed on before an error.
 *
 * @throws ExpositionError with the line, for what can't be read and for a sample without a time
 */
export async function readHistory(
  pieces: AsyncIterable<Uint8Array>,
  sink: HistorySink,
  counts: HistoryCounts,
  { format: wanted, nan = 'stale' }: HistoryOptions = {},
): Promise<void> {
  const table = new SeriesTable()
  const refs: number[] = [REFUSED]
  const known = new Set<number>()
  const descriptions = new Descriptions()
  const keepsNan = nan === 'value'
  let format = wanted
  let line = 0
  let hasEnded = false
  for await (const piece of wholeLines(pieces, () => line)) {
    format ??= historyFormat(piece)
    if (hasEnded) throw new ExpositionError(line + 1, 'text behind # EOF')
    const reader = new ExpositionReader(piece, format, table, { linesBefore: line })
    for (;;) {
      const entry = reader.next()
      if (entry === 'end') break
      if (entry !== 'sample') {
        descriptions.note(entry, reader)
        continue
      }
      let id = reader.seriesId
      if (id === 0) {
        id = table.add(reader.bytes, reader.seriesStart, reader.seriesEnd)
        const ref = sink.ref(labelsOfPairs(reader.labelPairs())) ?? REFUSED
        refs[id] = ref
        if (ref !== REFUSED) known.add(ref)
        counts.series = known.size
      }
      const timeMs = reader.timestampMs
      if (Number.isNaN(timeMs)) {
        throw new ExpositionError(
          reader.line,
          'the sample has no time; what is taken as history needs one on each line',
        )
      }
      const ref = refs[id] as number
      if (ref === REFUSED) {
        counts.refused++
        continue
      }
      const { value } = reader
      const waiting = sink.add(ref, timeMs, value, Number.isNaN(value) && !keepsNan)
      counts.samples++
      if (waiting !== undefined) await waiting
    }
    line = reader.line
    hasEnded = reader.hasEnded
    descriptions.flush(sink, format)
  }
  if (format === 'openmetrics' && !hasEnded) throw new ExpositionError(line + 1, CUT_OFF)
}

/** In place of a number of the sink. */
const REFUSED = -1

/** The same bytes in pieces that end where a line ends. */
async function* wholeLines(pieces: AsyncIterable<Uint8Array>, linesBefore: () => number): AsyncGenerator<Buffer> {
  let waiting: Uint8Array[] = []
  let bytes = 0
  for await (const piece of pieces) {
    waiting.push(piece)
    bytes += piece.length
    if (bytes < PIECE_BYTES) continue
    const all = Buffer.concat(waiting, bytes)
    const end = all.lastIndexOf(LINE_FEED) + 1
    if (end === 0 && bytes > MAX_LINE_BYTES) {
      throw new ExpositionError(linesBefore() + 1, `longer than ${MAX_LINE_BYTES} bytes; this is not a text of samples`)
    }
    if (end > 0) yield all.subarray(0, end)
    waiting = end === bytes ? [] : [all.subarray(end)]
    bytes -= end
  }
  if (bytes > 0) yield Buffer.concat(waiting, bytes)
}

/** TYPE, HELP and UNIT, gathered until a family has them all. */
class Descriptions {
  readonly #known = new Map<string, { type: MetricMeta['type']; help: string; unit: string }>()
  readonly #changed = new Set<string>()

  note(entry: 'type' | 'help' | 'unit', { family, type, text }: ExpositionReader): void {
    const known = this.#known.get(family) ?? { type: 'unknown', help: '', unit: '' }
    this.#known.set(family, { ...known, [entry]: entry === 'type' ? type : text })
    this.#changed.add(family)
  }

  flush(sink: HistorySink, format: ExpositionFormat): void {
    for (const family of this.#changed) {
      const { type, help, unit } = this.#known.get(family) as { type: MetricMeta['type']; help: string; unit: string }
      const name = format === 'openmetrics' ? familyNameInText(family, type) : family
      sink.describe(name, { type, help, ...(unit === '' ? {} : { unit }) })
    }
    this.#changed.clear()
  }
}
