import type { Labels } from '../../model/labels.ts'
import type { Samples } from '../../model/sample.ts'
import type { Summary } from '../../model/summary.ts'
import type { Expr } from '../syntax/ast.ts'
import type { Span } from '../syntax/position.ts'
import type { SelectedSeries } from './data.ts'

/** The times at which an expression is evaluated: `startMs`, `startMs + stepMs`, … */
export interface Steps {
  readonly startMs: number
  readonly stepMs: number
  readonly count: number
}

export function stepTime(steps: Steps, i: number): number {
  return steps.startMs + i * steps.stepMs
}

/** One series of an instant vector over all steps. Both arrays may be shared: nobody writes to them once handed out. */
export interface StepSeries {
  readonly labels: Labels
  /**
   * Where a calculation dropped `__type__` or `__unit__`: the labels with them. They still count when vectors are
   * matched, so that a changed sample finds the unchanged one it came from.
   */
  readonly typed?: Labels | undefined
  readonly values: Float64Array
  /** 1 where the series has a value. */
  readonly present: Uint8Array
}

/** One series of a range vector. */
export interface RangeSeries {
  readonly labels: Labels
  readonly typed?: Labels | undefined
  /** Samples of the whole span, staleness markers left out. */
  samples(): Samples
  summarize?(startMs: number, endMs: number, needs: number): Summary | undefined
}

/** A range vector over all steps: at step i the window is `(ends[i] - rangeMs, ends[i]]`. */
export interface RangeVector {
  readonly series: readonly RangeSeries[]
  readonly rangeMs: number
  /** Epoch milliseconds, never descending. */
  readonly ends: Float64Array
}

/** What functions and operators see of a running evaluation. */
export interface Evaluation {
  /** The query's own times, whatever subquery is being evaluated. */
  readonly querySteps: Steps
  vector(expr: Expr, steps: Steps): Promise<StepSeries[]>
  /** One value per step. */
  scalar(expr: Expr, steps: Steps): Promise<Float64Array>
  range(expr: Expr, steps: Steps): Promise<RangeVector>
  /** The series of a selector, and the time that each step looks at. */
  selection(
    expr: Expr & { kind: 'selector' },
    steps: Steps,
  ): Promise<{ readonly series: readonly SelectedSeries[]; readonly times: Float64Array; readonly lookbackMs: number }>
  /** Adds to the warnings of the result; equal ones count once. */
  warn(message: string, at: Span): void
  /** Adds to the infos of the result. */
  inform(message: string, at: Span): void
  /** Counts values that are about to be made or were read, and throws when they exceed the limit. */
  charge(values: number): void
  /** Whether work went on for so long that others should get a turn, by `await pause()`. */
  due(): boolean
  pause(): Promise<void>
}
