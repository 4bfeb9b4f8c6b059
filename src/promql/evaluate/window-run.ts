import type { Samples } from '../../model/sample.ts'
import { NEEDS, Summary } from '../../model/summary.ts'
import { Drops } from './drops.ts'
import type { Evaluation, RangeSeries } from './evaluation.ts'
import { PieceTree } from './piece-tree.ts'
import type { Vector } from './vector.ts'
import type { Window, WindowWalk } from './window-walk.ts'
import type { Work } from './work.ts'

/** How a window becomes a number. */
export interface WindowWork {
  /** What `result` reads of a summary, as bits of `NEEDS`. */
  readonly needs?: number
  /** The result from a summary of the window; undefined when it has to come from the samples. */
  readonly result?: (summary: Summary, window: Window) => number | undefined
  /** The result from the samples of a window, where a summary does not suffice. */
  readonly fromSamples?: (window: Window) => number
  /** The results of all windows of a series, where more is to be gained than window by window. */
  readonly inOrder?: (
    walk: WindowWalk,
    set: (step: number, value: number) => void,
    evaluation: Evaluation,
  ) => Work<void>
  /** With fewer samples there is no result. */
  readonly leastSamples?: 1 | 2
}

/** To put together a summary from what a store keeps costs as much as to walk by so many samples, roughly. */
const SAMPLES_A_SUMMARY = 250
/** Windows of fewer samples are summed up from scratch. */
const NARROW = 48
/** So many samples are summed up between two looks at whether it is others' turn. */
const PART = 8192

/**
 * Writes the result that a summary of a window gives.
 *
 * @returns whether there was one; undefined when the samples have to be read
 */
export function fromSummary(
  { result, needs = 0, leastSamples = 1 }: WindowWork,
  window: Window,
  series: RangeSeries,
  output: Vector,
  at: number,
): boolean | undefined {
  if (result === undefined || series.summarize === undefined) return undefined
  const summary = series.summarize(window.startMs, window.endMs, needs)
  if (summary === undefined) return undefined
  if (summary.count < leastSamples) return false
  const value = result(summary, window)
  if (value === undefined) return undefined
  output.values[at] = value
  output.present[at] = 1
  return true
}

/** Computes the windows of one series after the other. */
export class WindowRun {
  readonly #work: WindowWork
  readonly #walk: WindowWalk
  readonly #evaluation: Evaluation
  readonly #needs: number
  readonly #least: number
  #summary: Summary | undefined
  #tree: PieceTree | undefined
  #usesTree = false
  /** Up to where the current window is summed up; -1 when it has not begun. */
  #summedTo = -1
  #drops: Drops | undefined
  #found = false

  constructor(work: WindowWork, walk: WindowWalk, evaluation: Evaluation) {
    this.#work = work
    this.#walk = walk
    this.#evaluation = evaluation
    this.#needs = work.needs ?? 0
    this.#least = work.leastSamples ?? 1
  }

  /** As the function of this name, for the only window. */
  fromSummary(series: RangeSeries, output: Vector, at: number): boolean | undefined {
    return fromSummary(this.#work, this.#walk, series, output, at)
  }

  /** As `fromSummary` for the windows of all steps. */
  *fromSummaries(series: RangeSeries, output: Vector, at: number): Work<boolean | undefined> {
    const { result } = this.#work
    if (result === undefined || series.summarize === undefined) return undefined
    const { stepCount } = this.#walk
    let found = false
    let isKnownToPay = false
    for (let step = 0; step < stepCount; step++) {
      if (this.#evaluation.due(32)) yield
      this.#walk.lookAt(step)
      const summary = series.summarize(this.#walk.startMs, this.#walk.endMs, this.#needs)
      if (summary === undefined) return undefined
      if (!isKnownToPay && summary.count > 0) {
        if (summary.count * this.#windowsInSpan() < SAMPLES_A_SUMMARY * stepCount) return undefined
        isKnownToPay = true
      }
      if (summary.count < this.#least) continue
      const value = result(summary, this.#walk)
      if (value === undefined) return undefined
      output.values[at + step] = value
      output.present[at + step] = 1
      found = true
    }
    return found
  }

  /** Writes the results that the samples of all windows give; returns whether there was any. */
  *fromSamples(samples: Samples, output: Vector, at: number): Work<boolean> {
    if (samples.length === 0) return false
    const walk = this.#walk
    const { stepCount } = walk
    walk.begin(samples)
    this.#found = false
    // What stems from summaries, before one of them did not do.
    if (stepCount > 1) output.present.fill(0, at, at + stepCount)
    const { inOrder } = this.#work
    if (inOrder !== undefined) {
      yield* inOrder(walk, (step, value) => this.#set(output, at + step, value), this.#evaluation)
      return this.#found
    }
    this.#summedTo = -1
    yield* this.#prepare(samples)
    for (let step = 0; step < stepCount; ) {
      if (this.#work.result === undefined) step = this.#compute(step, output, at)
      else step = this.#needs <= NEEDS.growth ? this.#compareEnds(step, output, at) : this.#sumUp(step, output, at)
      if (this.#evaluation.due(PART / 8)) yield
    }
    return this.#found
  }

  /** How often a window fits between the start of the first and the end of the last. */
  #windowsInSpan(): number {
    return this.#walk.spanMs / this.#walk.rangeMs
  }

  /** Looks at the series as a whole first: where it drops, or what pieces of it sum up to where wide windows overlap. */
  *#prepare(samples: Samples): Work<void> {
    if (this.#needs <= NEEDS.growth) {
      if (this.#needs === 0) return
      this.#drops ??= new Drops()
      this.#drops.find(samples)
      return
    }
    const inWindow = samples.length / this.#windowsInSpan()
    const isOverlapping = inWindow * this.#walk.stepCount > 3 * samples.length
    this.#usesTree = isOverlapping && inWindow > NARROW
    if (!this.#usesTree) return
    this.#tree ??= new PieceTree()
    yield* this.#tree.build(samples, this.#needs, this.#evaluation)
  }

  /** Works on steps until it is time to look at the clock; returns the next one. All that counts are ends and drops. */
  #compareEnds(first: number, output: Vector, at: number): number {
    const walk = this.#walk
    const { timesMs, values } = walk
    this.#summary ??= new Summary()
    const summary = this.#summary
    const result = this.#work.result as NonNullable<WindowWork['result']>
    const needs = this.#needs
    const drops = needs === 0 ? undefined : this.#drops
    const end = Math.min(walk.stepCount, first + PART / 16)
    for (let step = first; step < end; step++) {
      if (walk.moveTo(step) < this.#least) continue
      const { from, to } = walk
      if (drops?.areIn(from, to) !== true) summary.setEnds(needs, timesMs, values, from, to)
      else summary.begin(needs).takeSamples(timesMs, values, from, to)
      const value = result(summary, walk)
      this.#set(output, at + step, value === undefined ? this.#exact() : value)
    }
    return end
  }

  /** As `#compareEnds`, for results that need sums; may leave a window half done. */
  #sumUp(first: number, output: Vector, at: number): number {
    const walk = this.#walk
    this.#summary ??= new Summary()
    const summary = this.#summary
    const result = this.#work.result as NonNullable<WindowWork['result']>
    let budget = PART
    for (let step = first; step < walk.stepCount; step++) {
      if (budget <= 0) return step
      if (this.#summedTo < 0) {
        if (walk.moveTo(step) < this.#least) continue
        summary.begin(this.#needs)
        this.#summedTo = walk.from
      }
      const from = this.#summedTo
      if (!this.#sumUpTo(summary, budget)) return step
      budget -= 8 + (this.#usesTree ? 0 : walk.to - from)
      this.#summedTo = -1
      const value = result(summary, walk)
      this.#set(output, at + step, value === undefined ? this.#exact() : value)
    }
    return walk.stepCount
  }

  /** Takes the rest of the window in, as far as so many samples go; returns whether that was all. */
  #sumUpTo(summary: Summary, samples: number): boolean {
    const { timesMs, values, from, to } = this.#walk
    if (this.#usesTree) {
      this.#tree?.summarize(summary, from, to)
      return true
    }
    const done = this.#summedTo
    this.#summedTo = Math.min(to, done + samples)
    summary.takeSamples(timesMs, values, done, this.#summedTo)
    return this.#summedTo === to
  }

  /** As `#compareEnds`, for results that come from the samples always. */
  #compute(first: number, output: Vector, at: number): number {
    const walk = this.#walk
    const end = Math.min(walk.stepCount, first + PART / 16)
    for (let step = first; step < end; step++) {
      if (walk.moveTo(step) >= this.#least) this.#set(output, at + step, this.#exact())
    }
    return end
  }

  #exact(): number {
    return this.#work.fromSamples?.(this.#walk) ?? Number.NaN
  }

  #set(output: Vector, at: number, value: number): void {
    output.values[at] = value
    output.present[at] = 1
    this.#found = true
  }
}
