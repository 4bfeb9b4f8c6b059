import type { Samples } from '../../model/sample.ts'
import { type RangeVector, type Steps, stepTime } from './evaluation.ts'

/** One window of one series: the samples `from` to `to` (exclusive) of its columns. */
export interface Window {
  readonly timesMs: Float64Array
  readonly values: Float64Array
  readonly from: number
  readonly to: number
  /** Exclusive. */
  readonly startMs: number
  /** Inclusive. */
  readonly endMs: number
  readonly rangeSeconds: number
  /** The time of the step, which `@` and `offset` leave alone. */
  readonly evaluationMs: number
  /** The scalar argument at this step, or 0. */
  readonly parameter: number
}

const NONE = new Float64Array(0)

/** A window whose samples nobody looks at, to be used again and again. */
export class OneWindow implements Window {
  readonly timesMs = NONE
  readonly values = NONE
  readonly from = 0
  readonly to = 0
  readonly parameter = 0
  startMs = 0
  endMs = 0
  rangeSeconds = 0
  evaluationMs = 0

  setTo(endMs: number, rangeMs: number, evaluationMs: number): this {
    this.startMs = endMs - rangeMs
    this.endMs = endMs
    this.rangeSeconds = rangeMs / 1000
    this.evaluationMs = evaluationMs
    return this
  }
}

/** The windows of one series after the other, each from the first step to the last. */
export class WindowWalk implements Window {
  timesMs: Float64Array = NONE
  values: Float64Array = NONE
  length = 0
  from = 0
  to = 0
  startMs = 0
  endMs = 0
  readonly rangeMs: number
  readonly rangeSeconds: number
  readonly stepCount: number
  readonly #steps: Steps
  readonly #ends: Float64Array
  readonly #parameters: Float64Array | undefined
  #step = 0
  /** How far the edges went last time. */
  #fromStride = 0
  #toStride = 0
  /** Of which end `to` is that. */
  #foundToMs = Number.NaN

  constructor(
    { ends, rangeMs }: Pick<RangeVector, 'ends' | 'rangeMs'>,
    steps: Steps,
    parameters: Float64Array | undefined,
  ) {
    this.rangeMs = rangeMs
    this.rangeSeconds = rangeMs / 1000
    this.stepCount = steps.count
    this.#steps = steps
    this.#ends = ends
    this.#parameters = parameters
    this.lookAt(0)
  }

  /** From the start of the first window to the end of the last. */
  get spanMs(): number {
    return (this.#ends[this.stepCount - 1] as number) - (this.#ends[0] as number) + this.rangeMs
  }

  /** Takes up a series, with samples of all its windows and without staleness markers. */
  begin({ length, timesMs, values }: Samples): void {
    this.timesMs = timesMs
    this.values = values
    this.length = length
    this.from = 0
    this.to = 0
    this.#foundToMs = Number.NaN
  }

  /** The window of a step, whose samples are not wanted yet. */
  lookAt(step: number): void {
    this.endMs = this.#ends[step] as number
    this.startMs = this.endMs - this.rangeMs
    this.#step = step
  }

  get evaluationMs(): number {
    return stepTime(this.#steps, this.#step)
  }

  get parameter(): number {
    return this.#parameters?.[this.#step] ?? 0
  }

  /** The window of a step, not before the last one of the series; returns how many samples it has. */
  moveTo(step: number): number {
    this.lookAt(step)
    const { timesMs, length, from, to, startMs, endMs } = this
    // Most steps go as far as the one before.
    const nextTo = to + this.#toStride
    this.to = isFirstAfter(timesMs, length, to, nextTo, endMs) ? nextTo : firstAfter(timesMs, length, to, endMs)
    this.#toStride = this.to - to
    // Where one window begins at the end of the one before, `to` has been found already.
    if (startMs === this.#foundToMs) this.from = to
    else {
      const nextFrom = from + this.#fromStride
      const isThere = isFirstAfter(timesMs, length, from, nextFrom, startMs)
      this.from = isThere ? nextFrom : firstAfter(timesMs, length, from, startMs)
      this.#fromStride = this.from - from
    }
    this.#foundToMs = endMs
    return this.to - this.from
  }
}

/** Whether `at` is the first sample later than a time, given that those before `known` are not. */
function isFirstAfter(timesMs: Float64Array, length: number, known: number, at: number, limitMs: number): boolean {
  if (at > length) return false
  if (at > known && (timesMs[at - 1] as number) > limitMs) return false
  return at === length || (timesMs[at] as number) > limitMs
}

/** The first sample later than a time, at `known` or behind. */
function firstAfter(timesMs: Float64Array, length: number, known: number, limitMs: number): number {
  let low = known
  let stride = 1
  while (low + stride <= length && (timesMs[low + stride - 1] as number) <= limitMs) {
    low += stride
    stride *= 2
  }
  let high = Math.min(low + stride, length)
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((timesMs[middle] as number) <= limitMs) low = middle + 1
    else high = middle
  }
  return low
}
