import type { Samples } from '../../model/sample.ts'
import { SUMMARY_SIZE, Summary } from '../../model/summary.ts'
import type { Evaluation } from './evaluation.ts'
import type { Work } from './work.ts'

/** So many samples are a piece, so many pieces one of the next level. */
const WIDTH = 16

/**
 * Summaries of pieces of a series, of pieces of those, and so on: a window of any length is put together from few of them, so
 * that wide windows in small steps do not read the same samples again and again.
 */
export class PieceTree {
  readonly #summary = new Summary()
  #samples: Samples | undefined
  /** Numbers of all whole pieces of each level, one behind the other. Kept from series to series. */
  readonly #levels: Float64Array[] = []
  #height = 0

  /** Takes samples `from` to `to` (exclusive) in. */
  summarize(summary: Summary, from: number, to: number): void {
    this.#take(summary, -1, from, to)
  }

  *build(samples: Samples, needs: number, evaluation: Evaluation): Work<void> {
    this.#samples = samples
    this.#height = 0
    for (let count = Math.floor(samples.length / WIDTH); count > 0; count = Math.floor(count / WIDTH)) {
      const level = this.#level(this.#height, count)
      for (let i = 0; i < count; i++) {
        if (evaluation.due(WIDTH)) yield
        this.#summary.begin(needs)
        this.#takeParts(this.#summary, this.#height - 1, i * WIDTH, (i + 1) * WIDTH)
        level.set(this.#summary.numbers, i * SUMMARY_SIZE)
      }
      this.#height++
    }
  }

  /** Takes parts of a level in, with whole pieces of higher levels where there are any; level -1 are the samples. */
  #take(summary: Summary, level: number, from: number, to: number): void {
    const first = Math.ceil(from / WIDTH)
    const behind = Math.floor(to / WIDTH)
    if (level + 1 >= this.#height || first >= behind) {
      this.#takeParts(summary, level, from, to)
      return
    }
    this.#takeParts(summary, level, from, first * WIDTH)
    this.#take(summary, level + 1, first, behind)
    this.#takeParts(summary, level, behind * WIDTH, to)
  }

  #takeParts(summary: Summary, level: number, from: number, to: number): void {
    if (level < 0) {
      const { timesMs, values } = this.#samples as Samples
      summary.takeSamples(timesMs, values, from, to)
      return
    }
    summary.takePieces(this.#levels[level] as Float64Array, from, to)
  }

  #level(height: number, count: number): Float64Array {
    const length = count * SUMMARY_SIZE
    let level = this.#levels[height]
    if (level === undefined || level.length < length) {
      level = new Float64Array(length)
      this.#levels[height] = level
    }
    return level
  }
}
