import type { Samples } from '../../model/sample.ts'
import { NEEDS, SUMMARY_SIZE, Summary } from '../../model/summary.ts'
import { takeRun, within } from './take-run.ts'

/** So many samples are summed up ahead. */
const PIECE = 64

/** A chunk of one series, unpacked. */
export class Chunk {
  readonly samples: Samples
  /** The same without staleness markers; undefined when there are only the first and the last of it. */
  readonly clean: Samples | undefined
  readonly #hasDrops: boolean
  #pieces: Float64Array | undefined
  #isKnown = false

  /** @param hasDrops whether a value anywhere is smaller than the one before */
  constructor(samples: Samples, clean: Samples | undefined, hasDrops: boolean) {
    this.samples = samples
    this.clean = clean
    this.#hasDrops = hasDrops
  }

  /** What it takes in memory, or will take once it is asked again and again. */
  get bytes(): number {
    const { samples, clean } = this
    return samples.length * (clean === samples ? 8 : 25) + (samples.length / PIECE) * SUMMARY_SIZE * 8 + 200
  }

  /** Whether the first and the last sample of any part tell all that is needed. */
  knowsAll(needs: number): boolean {
    return needs === NEEDS.growth && !this.#hasDrops
  }

  /** Takes the samples with `startMs < t <= endMs` into a summary; there have to be some besides the first and the last. */
  take(summary: Summary, run: Samples, startMs: number, endMs: number): void {
    const isSimple = this.knowsAll(summary.needs)
    // A chunk that is asked for once is not worth preparing.
    if (isSimple || !this.#isKnown) {
      this.#isKnown ||= !isSimple
      takeRun(summary, run, this.#hasDrops, startMs, endMs)
      return
    }
    const { timesMs, values } = run
    const { from, to } = within(run, startMs, endMs)
    const first = Math.ceil(from / PIECE)
    const behind = Math.floor(to / PIECE)
    if (first >= behind) {
      summary.takeSamples(timesMs, values, from, to)
      return
    }
    this.#pieces ??= piecesOf(run)
    summary.takeSamples(timesMs, values, from, first * PIECE)
    summary.takePieces(this.#pieces, first, behind)
    summary.takeSamples(timesMs, values, behind * PIECE, to)
  }
}

/** Summaries of all whole pieces, one behind the other. */
function piecesOf({ length, timesMs, values }: Samples): Float64Array {
  const count = Math.floor(length / PIECE)
  const pieces = new Float64Array(count * SUMMARY_SIZE)
  const summary = new Summary()
  for (let i = 0; i < count; i++) {
    summary.begin(NEEDS.all).takeSamples(timesMs, values, i * PIECE, (i + 1) * PIECE)
    pieces.set(summary.numbers, i * SUMMARY_SIZE)
  }
  return pieces
}
