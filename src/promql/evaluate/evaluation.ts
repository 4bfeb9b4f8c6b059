import type { Labels } from '../../model/labels.ts'
import type { Samples } from '../../model/sample.ts'
import type { Summary } from '../../model/summary.ts'
import type { Expr, VectorSelector } from '../syntax/ast.ts'
import type { Span } from '../syntax/position.ts'
import type { SelectedSeries } from './data.ts'
import type { Vector } from './vector.ts'
import type { Work } from './work.ts'

/** The times at which an expression is evaluated: `startMs`, `startMs + stepMs`, … */
export interface Steps {
  readonly startMs: number
  readonly stepMs: number
  readonly count: number
}

export function stepTime(steps: Steps, i: number): number {
  return steps.startMs + i * steps.stepMs
}

/** The series of a selector; step `i` looks at the samples with `times[i] - lookbackMs < t <= times[i]`. */
export interface Selection {
  readonly series: readonly SelectedSeries[]
  /** Epoch milliseconds, never descending. */
  readonly times: Float64Array
  readonly lookbackMs: number
}

/** One series of a range vector: a selected one, or one that a subquery made. */
export interface RangeSeries {
  readonly labels: Labels
  readonly typed?: Labels | undefined
  samples(startMs: number, endMs: number): Samples
  summarize?(startMs: number, endMs: number, needs: number): Summary | undefined
}

/** A range vector over all steps: at step i the window is `(ends[i] - rangeMs, ends[i]]`. */
export interface RangeVector {
  readonly series: readonly RangeSeries[]
  /** As of a `Vector`. */
  readonly isNameless: boolean
  readonly rangeMs: number
  /** Epoch milliseconds, never descending. */
  readonly ends: Float64Array
}

/** What functions and operators see of a running evaluation. */
export interface Evaluation {
  /** The query's own times, whatever subquery is being evaluated. */
  readonly querySteps: Steps
  vector(expr: Expr, steps: Steps): Work<Vector>
  /** One value per step. */
  scalar(expr: Expr, steps: Steps): Work<Float64Array>
  range(expr: Expr, steps: Steps): Work<RangeVector>
  selection(selector: VectorSelector, steps: Steps): Work<Selection>
  /** As `vector`, for one step and where that takes next to no time; undefined where it takes more, or is not known yet. */
  vectorNow(expr: Expr, steps: Steps): Vector | undefined
  scalarNow(expr: Expr, steps: Steps): Float64Array | undefined
  rangeNow(expr: Expr, steps: Steps): RangeVector | undefined
  /** Adds to the warnings of the result; equal ones count once. */
  warn(message: string, at: Span): void
  /** Adds to the infos of the result. */
  inform(message: string, at: Span): void
  /** Counts values that are about to be made or were read, and throws when they exceed the limit. */
  charge(values: number): void
  /** Whether work went on for so long that others should get a turn, by a `yield`; `units` of some 50 ns each are added. */
  due(units: number): boolean
}
