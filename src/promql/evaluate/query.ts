import { compareLabels, Labels } from '../../model/labels.ts'
import { PromqlError } from '../error.ts'
import { type Expr, unwrapParens } from '../syntax/ast.ts'
import { TYPE_NAMES, typeOf } from '../syntax/check.ts'
import { parse } from '../syntax/parse.ts'
import type { Queryable } from './data.ts'
import { type Evaluation, type Steps, stepTime } from './evaluation.ts'
import { Evaluator } from './evaluator.ts'
import { dropMetadata, finalLabels, finalLabelsNow } from './names.ts'
import { Pacer } from './pacer.ts'
import { withoutMarkers } from './selection.ts'
import type { SharedResults } from './shared.ts'
import { sorted } from './sort.ts'
import type { Vector } from './vector.ts'
import { WindowWalk } from './window-walk.ts'
import { perform, type Work } from './work.ts'

/** What is asked: a text or a parsed expression, at one time or at many. Times are epoch milliseconds. */
export type Query = ({ readonly text: string } | { readonly expr: Expr }) &
  (
    | { readonly atMs: number }
    | { readonly startMs: number; readonly endMs: number /** More than 0. */; readonly stepMs: number }
  )

export interface EvaluateOptions {
  /** How old the newest sample of an instant selector may be; 5 minutes by default. */
  readonly lookbackMs?: number | undefined
  /** The step of a subquery that names none; 1 minute by default. */
  readonly defaultSubqueryStepMs?: number | undefined
  readonly limits?: Partial<Limits> | undefined
  readonly signal?: AbortSignal | undefined
  /** What expressions of a group have in common; counts for an instant query of the same time, with the same options. */
  readonly shared?: SharedResults | undefined
}

/** What one query may cost; beyond it fails with an error of kind `limit` or `timeout`. */
export interface Limits {
  /** Samples read and values made, together; 50 million by default. */
  readonly samples: number
  /** Series that one selector may select; 200,000 by default. */
  readonly series: number
  /** 2 minutes by default. */
  readonly timeMs: number
}

export interface InstantSample {
  readonly labels: Labels
  readonly value: number
}

export interface MatrixSeries {
  readonly labels: Labels
  readonly timesMs: Float64Array
  readonly values: Float64Array
}

/** An instant vector keeps the order of the evaluation (`sort`, `topk`); a matrix is ordered by labels. */
export type QueryValue =
  | { readonly type: 'scalar'; readonly timeMs: number; readonly value: number }
  | { readonly type: 'string'; readonly timeMs: number; readonly value: string }
  | { readonly type: 'vector'; readonly timeMs: number; readonly samples: readonly InstantSample[] }
  | { readonly type: 'matrix'; readonly series: readonly MatrixSeries[] }

export interface QueryResult {
  readonly value: QueryValue
  /** Each ends in the position of what caused it, `(line:column)`. */
  readonly warnings: readonly string[]
  readonly infos: readonly string[]
}

const DEFAULT_LIMITS: Limits = { samples: 50_000_000, series: 200_000, timeMs: 120_000 }

/**
 * Answers a query. Gives way to others about every 5 ms.
 *
 * @throws PromqlError
 */
export async function evaluate(query: Query, data: Queryable, options: EvaluateOptions = {}): Promise<QueryResult> {
  const expr = 'expr' in query ? query.expr : parse(query.text)
  const { limits, shared, signal } = options
  const isRange = 'stepMs' in query
  const steps = isRange ? rangeSteps(query) : { startMs: query.atMs, stepMs: 1, count: 1 }
  const settings = {
    lookbackMs: options.lookbackMs ?? 300_000,
    defaultSubqueryStepMs: options.defaultSubqueryStepMs ?? 60_000,
    maxSamples: limits?.samples ?? DEFAULT_LIMITS.samples,
    maxSeries: limits?.series ?? DEFAULT_LIMITS.series,
    shared: isRange || shared?.atMs !== query.atMs ? undefined : shared,
  }
  const pacer = new Pacer(limits?.timeMs ?? DEFAULT_LIMITS.timeMs, signal)
  const evaluator = new Evaluator(data, steps, settings, pacer)
  evaluator.charge(steps.count)
  const now = isRange ? undefined : instantNow(expr, steps, evaluator)
  if (now !== undefined) return { value: now, warnings: evaluator.warnings, infos: evaluator.infos }
  const done = perform(isRange ? rangeValue(expr, steps, evaluator) : instantValue(expr, steps, evaluator), pacer)
  const value = done instanceof Promise ? await done : done
  return { value, warnings: evaluator.warnings, infos: evaluator.infos }
}

function rangeSteps({ startMs, endMs, stepMs }: { startMs: number; endMs: number; stepMs: number }): Steps {
  if (!(stepMs > 0)) throw new PromqlError('execution', 'step of a range query must be more than 0')
  if (!(endMs >= startMs)) throw new PromqlError('execution', 'end of a range query must not be before its start')
  return { startMs, stepMs, count: Math.floor((endMs - startMs) / stepMs) + 1 }
}

/** How often an expression is tried at once before it is known that it can't be. */
const TRIES = 3
const triesLeft = new WeakMap<Expr, number>()

/**
 * As `instantValue`, for a vector that takes next to no time; undefined where it takes more, or where the expression is asked
 * for the first time: what is found out about its series then is known the next time. Rules are such expressions, and work that
 * can be left and taken up again costs as much as all the rest of theirs.
 */
function instantNow(expr: Expr, steps: Steps, evaluation: Evaluation): QueryValue | undefined {
  const tries = triesLeft.get(expr)
  if (tries === undefined) triesLeft.set(expr, TRIES)
  if (tries === undefined || tries === 0 || typeOf(expr) !== 'vector') return undefined
  const vector = evaluation.vectorNow(expr, steps)
  const labels = vector && finalLabelsNow(expr, vector)
  if (labels === undefined) triesLeft.set(expr, tries - 1)
  else if (tries < TRIES) triesLeft.set(expr, TRIES)
  if (vector === undefined || labels === undefined) return undefined
  const samples: InstantSample[] = []
  for (let i = 0; i < vector.size; i++) samples.push({ labels: labels[i] as Labels, value: vector.values[i] as number })
  return { type: 'vector', timeMs: steps.startMs, samples }
}

function* instantValue(expr: Expr, steps: Steps, evaluation: Evaluation): Work<QueryValue> {
  const timeMs = steps.startMs
  switch (typeOf(expr)) {
    case 'scalar': {
      const [value = Number.NaN] = yield* evaluation.scalar(expr, steps)
      return { type: 'scalar', timeMs, value }
    }
    case 'string': {
      const literal = unwrapParens(expr)
      return { type: 'string', timeMs, value: literal.kind === 'string' ? literal.value : '' }
    }
    case 'vector': {
      const vector = yield* evaluation.vector(expr, steps)
      const labels = finalLabelsNow(expr, vector) ?? (yield* finalLabels(expr, vector, evaluation))
      const samples: InstantSample[] = []
      for (let i = 0; i < vector.size; i++) {
        if (evaluation.due(1)) yield
        samples.push({ labels: labels[i] as Labels, value: vector.values[i] as number })
      }
      return { type: 'vector', timeMs, samples }
    }
    case 'matrix':
      return { type: 'matrix', series: yield* rawSamples(expr, steps, evaluation) }
  }
}

/** The samples of a range vector themselves. */
function* rawSamples(expr: Expr, steps: Steps, evaluation: Evaluation): Work<MatrixSeries[]> {
  const range = yield* evaluation.range(expr, steps)
  const { series, isNameless } = range
  const walk = new WindowWalk(range, steps, undefined)
  const output: MatrixSeries[] = []
  for (const input of series) {
    const samples = withoutMarkers(input.samples(walk.startMs, walk.endMs))
    evaluation.charge(samples.length)
    if (evaluation.due(8 + samples.length / 8)) yield
    walk.begin(samples)
    if (walk.moveTo(0) === 0) continue
    const labels = isNameless ? dropMetadata(input.labels) : input.labels
    const { timesMs, values, from, to } = walk
    output.push({ labels, timesMs: timesMs.slice(from, to), values: values.slice(from, to) })
  }
  return yield* sorted(output, byLabels, evaluation)
}

function* rangeValue(expr: Expr, steps: Steps, evaluation: Evaluation): Work<QueryValue> {
  const type = typeOf(expr)
  if (type === 'string' || type === 'matrix') {
    const why = `invalid expression type "${TYPE_NAMES[type]}" for range query, must be scalar or instant vector`
    throw new PromqlError('parse', why, expr.span)
  }
  const timesMs = new Float64Array(steps.count)
  for (let i = 0; i < steps.count; i++) timesMs[i] = stepTime(steps, i)
  if (type === 'scalar') {
    const values = yield* evaluation.scalar(expr, steps)
    return { type: 'matrix', series: [{ labels: Labels.empty, timesMs, values }] }
  }
  const vector = yield* evaluation.vector(expr, steps)
  const labels = yield* finalLabels(expr, vector, evaluation)
  const series: MatrixSeries[] = []
  for (let i = 0; i < vector.size; i++) {
    if (evaluation.due(4 + steps.count / 8)) yield
    series.push({ labels: labels[i] as Labels, ...pointsOf(vector, i, timesMs) })
  }
  return { type: 'matrix', series: yield* sorted(series, byLabels, evaluation) }
}

function byLabels(a: MatrixSeries, b: MatrixSeries): number {
  return compareLabels(a.labels, b.labels)
}

/** The steps at which a series has a value; those of complete series share their columns. */
function pointsOf({ steps, values, present }: Vector, i: number, timesMs: Float64Array): Omit<MatrixSeries, 'labels'> {
  const from = i * steps
  let length = 0
  for (let k = 0; k < steps; k++) length += present[from + k] as number
  if (length === steps) return { timesMs, values: values.subarray(from, from + steps) }
  const times = new Float64Array(length)
  const kept = new Float64Array(length)
  let at = 0
  for (let k = 0; k < steps; k++) {
    if (present[from + k] === 0) continue
    times[at] = timesMs[k] as number
    kept[at++] = values[from + k] as number
  }
  return { timesMs: times, values: kept }
}
