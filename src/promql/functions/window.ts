import { Summary } from '../../model/summary.ts'
import type { Evaluation, RangeSeries, StepSeries, Steps } from '../evaluate/evaluation.ts'
import { stepTime } from '../evaluate/evaluation.ts'
import { refuseEqual, withoutMetadata } from '../evaluate/series.ts'
import { type Call, type Expr, unwrapParens, type ValueType } from '../syntax/ast.ts'
import type { VectorFunction } from './signature.ts'

/** One window of one series: the samples `from` to `to` (exclusive) of its columns. At least one. */
export interface Window {
  timesMs: Float64Array
  values: Float64Array
  from: number
  to: number
  /** Exclusive. */
  startMs: number
  /** Inclusive. */
  endMs: number
  rangeMs: number
  /** The time of the step, which `@` and `offset` leave alone. */
  evaluationMs: number
  /** The scalar argument at this step, or 0. */
  parameter: number
}

export interface WindowWork {
  /** What `result` reads of a summary, as bits of `NEEDS`. */
  readonly needs?: number
  /** The result from a summary of the window; undefined when it has to come from the samples. */
  readonly result?: (summary: Summary, window: Window) => number | undefined
  /** The result from the samples of a window, where a summary does not suffice. */
  readonly fromSamples?: (window: Window) => number
  /** With fewer samples there is no result. */
  readonly leastSamples?: 1 | 2
  readonly keepsName?: boolean
  /** The arguments, when there are others than the range vector. */
  readonly args?: readonly ValueType[]
  readonly timeDependent?: boolean
  /** Called once for every series that has a result. */
  readonly note?: (labels: StepSeries['labels'], arg: Expr, evaluation: Evaluation) => void
  /** Called once for every step with a result, before the first series' work. */
  readonly checkParameter?: (parameter: number, call: Call, evaluation: Evaluation) => void
}

/** Windows with more samples than this in a row are worth a look at the clock. */
const SAMPLES_BETWEEN_PAUSES = 20_000

/** A function that makes one number of every window of every series. */
export function windowFunction(name: string, work: WindowWork): VectorFunction {
  const { args = ['matrix'], keepsName = false, timeDependent = false } = work
  const rangeAt = args.indexOf('matrix')
  return {
    name,
    args,
    returns: 'vector',
    timeDependent,
    async evaluate(call, steps, evaluation) {
      const arg = unwrapParens(call.args[rangeAt] as Expr)
      const scalarArg = call.args.find((_, i) => i !== rangeAt)
      const parameters = scalarArg === undefined ? undefined : await evaluation.scalar(scalarArg, steps)
      const { series, rangeMs, ends } = await evaluation.range(arg, steps)
      const output: StepSeries[] = []
      for (const input of series) {
        if (evaluation.due()) await evaluation.pause()
        const run = new WindowRun(work, input, steps, ends, rangeMs, parameters)
        while (run.advance()) if (evaluation.due()) await evaluation.pause()
        evaluation.charge(run.samplesRead)
        if (!run.found) continue
        work.note?.(input.labels, arg, evaluation)
        if (work.checkParameter !== undefined) {
          for (let i = 0; i < steps.count; i++) {
            if (run.present[i] === 1) work.checkParameter(parameters?.[i] ?? 0, call, evaluation)
          }
        }
        const named = keepsName ? { labels: input.labels, typed: input.typed } : withoutMetadata(input)
        output.push({ ...named, values: run.values, present: run.present })
      }
      return refuseEqual(output, evaluation)
    },
  }
}

/** The windows of one series, step by step; can be left after some work and taken up again. */
class WindowRun {
  readonly values: Float64Array
  readonly present: Uint8Array
  found = false
  samplesRead = 0
  readonly #work: WindowWork
  readonly #series: RangeSeries
  readonly #steps: Steps
  readonly #ends: Float64Array
  readonly #parameters: Float64Array | undefined
  readonly #window: Window
  readonly #summary = new Summary()
  #length = -1
  #step = 0

  constructor(
    work: WindowWork,
    series: RangeSeries,
    steps: Steps,
    ends: Float64Array,
    rangeMs: number,
    parameters: Float64Array | undefined,
  ) {
    this.#work = work
    this.#series = series
    this.#steps = steps
    this.#ends = ends
    this.#parameters = parameters
    this.values = new Float64Array(steps.count)
    this.present = new Uint8Array(steps.count)
    this.#window = {
      timesMs: this.values,
      values: this.values,
      from: 0,
      to: 0,
      startMs: 0,
      endMs: 0,
      rangeMs,
      evaluationMs: 0,
      parameter: 0,
    }
  }

  /** Works on; false when all steps are done. */
  advance(): boolean {
    const window = this.#window
    const { count } = this.#steps
    const { leastSamples = 1 } = this.#work
    let budget = SAMPLES_BETWEEN_PAUSES
    while (this.#step < count && budget > 0) {
      const i = this.#step++
      window.endMs = this.#ends[i] as number
      window.startMs = window.endMs - window.rangeMs
      window.evaluationMs = stepTime(this.#steps, i)
      window.parameter = this.#parameters?.[i] ?? 0
      if (this.#fromSummary(i, leastSamples)) {
        budget -= 50
        continue
      }
      if (this.#length < 0) this.#load()
      this.#moveTo(window.startMs, window.endMs)
      const inside = window.to - window.from
      budget -= inside + 1
      if (inside >= leastSamples) this.#set(i, this.#fromSamples())
    }
    return this.#step < count
  }

  #fromSummary(i: number, leastSamples: number): boolean {
    const { result, needs = 0 } = this.#work
    if (result === undefined || this.#series.summarize === undefined) return false
    const summary = this.#series.summarize(this.#window.startMs, this.#window.endMs, needs)
    if (summary === undefined) return false
    if (summary.count < leastSamples) return true
    const value = result(summary, this.#window)
    if (value === undefined) return false
    this.#set(i, value)
    return true
  }

  #fromSamples(): number {
    const { needs = 0, result, fromSamples } = this.#work
    const window = this.#window
    if (result !== undefined) {
      const summary = this.#summary.begin(needs)
      summary.takeSamples(window.timesMs, window.values, window.from, window.to)
      const value = result(summary, window)
      if (value !== undefined) return value
    }
    return fromSamples === undefined ? Number.NaN : fromSamples(window)
  }

  #load(): void {
    const { length, timesMs, values } = this.#series.samples()
    this.#length = length
    this.#window.timesMs = timesMs
    this.#window.values = values
    this.samplesRead = length
  }

  #moveTo(startMs: number, endMs: number): void {
    const window = this.#window
    const { timesMs } = window
    const length = this.#length
    let { from, to } = window
    while (to < length && (timesMs[to] as number) <= endMs) to++
    while (from < to && (timesMs[from] as number) <= startMs) from++
    window.from = from
    window.to = to
  }

  #set(i: number, value: number): void {
    this.values[i] = value
    this.present[i] = 1
    this.found = true
  }
}
