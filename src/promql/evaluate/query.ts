import { compareLabels, Labels } from '../../model/labels.ts'
import { PromqlError } from '../error.ts'
import { type Expr, unwrapParens } from '../syntax/ast.ts'
import { TYPE_NAMES, typeOf } from '../syntax/check.ts'
import { parse } from '../syntax/parse.ts'
import type { Queryable } from './data.ts'
import { type Evaluation, type StepSeries, type Steps, stepTime } from './evaluation.ts'
import { Evaluator } from './evaluator.ts'
import { Pacer } from './pacer.ts'

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
 * Answers a query. Gives way to others about every 10 ms.
 *
 * @throws PromqlError
 */
export async function evaluate(query: Query, data: Queryable, options: EvaluateOptions = {}): Promise<QueryResult> {
  const expr = 'expr' in query ? query.expr : parse(query.text)
  const limits = { ...DEFAULT_LIMITS, ...options.limits }
  const isRange = 'stepMs' in query
  const steps = isRange ? rangeSteps(query) : { startMs: query.atMs, stepMs: 1, count: 1 }
  const settings = {
    lookbackMs: options.lookbackMs ?? 300_000,
    defaultSubqueryStepMs: options.defaultSubqueryStepMs ?? 60_000,
    maxSamples: limits.samples,
    maxSeries: limits.series,
  }
  const evaluator = new Evaluator(data, steps, settings, new Pacer(limits.timeMs, options.signal))
  evaluator.charge(steps.count)
  const value = isRange ? await rangeValue(expr, steps, evaluator) : await instantValue(expr, steps, evaluator)
  return { value, warnings: [...evaluator.warnings], infos: [...evaluator.infos] }
}

function rangeSteps({ startMs, endMs, stepMs }: { startMs: number; endMs: number; stepMs: number }): Steps {
  if (!(stepMs > 0)) throw new PromqlError('execution', 'step of a range query must be more than 0')
  if (!(endMs >= startMs)) throw new PromqlError('execution', 'end of a range query must not be before its start')
  return { startMs, stepMs, count: Math.floor((endMs - startMs) / stepMs) + 1 }
}

async function instantValue(expr: Expr, steps: Steps, evaluation: Evaluation): Promise<QueryValue> {
  const timeMs = steps.startMs
  switch (typeOf(expr)) {
    case 'scalar':
      return { type: 'scalar', timeMs, value: (await evaluation.scalar(expr, steps))[0] as number }
    case 'string': {
      const literal = unwrapParens(expr)
      return { type: 'string', timeMs, value: literal.kind === 'string' ? literal.value : '' }
    }
    case 'vector': {
      const series = await evaluation.vector(expr, steps)
      const samples: InstantSample[] = []
      for (const { labels, values, present } of series) {
        if (evaluation.due()) await evaluation.pause()
        if (present[0] === 1) samples.push({ labels, value: values[0] as number })
      }
      return { type: 'vector', timeMs, samples }
    }
    case 'matrix':
      return { type: 'matrix', series: await rawSamples(expr, steps, evaluation) }
  }
}

/** The samples of a range vector themselves. */
async function rawSamples(expr: Expr, steps: Steps, evaluation: Evaluation): Promise<MatrixSeries[]> {
  const { series, rangeMs, ends } = await evaluation.range(expr, steps)
  const endMs = ends[0] as number
  const output: MatrixSeries[] = []
  for (const { labels, samples } of series) {
    if (evaluation.due()) await evaluation.pause()
    const { length, timesMs, values } = samples()
    evaluation.charge(length)
    let from = 0
    while (from < length && (timesMs[from] as number) <= endMs - rangeMs) from++
    let to = length
    while (to > from && (timesMs[to - 1] as number) > endMs) to--
    if (to > from) output.push({ labels, timesMs: timesMs.slice(from, to), values: values.slice(from, to) })
  }
  return output.sort((a, b) => compareLabels(a.labels, b.labels))
}

async function rangeValue(expr: Expr, steps: Steps, evaluation: Evaluation): Promise<QueryValue> {
  const type = typeOf(expr)
  if (type === 'string' || type === 'matrix') {
    const why = `invalid expression type "${TYPE_NAMES[type]}" for range query, must be scalar or instant vector`
    throw new PromqlError('parse', why, expr.span)
  }
  if (type === 'scalar') {
    const values = await evaluation.scalar(expr, steps)
    return { type: 'matrix', series: [{ labels: Labels.empty, timesMs: stepTimes(steps), values }] }
  }
  const series: MatrixSeries[] = []
  for (const next of await evaluation.vector(expr, steps)) {
    if (evaluation.due()) await evaluation.pause()
    const points = pointsOf(next, steps)
    if (points.timesMs.length > 0) series.push(points)
  }
  return { type: 'matrix', series: series.sort((a, b) => compareLabels(a.labels, b.labels)) }
}

function stepTimes(steps: Steps): Float64Array {
  return Float64Array.from({ length: steps.count }, (_, i) => stepTime(steps, i))
}

function pointsOf({ labels, values, present }: StepSeries, steps: Steps): MatrixSeries {
  const timesMs = new Float64Array(steps.count)
  const kept = new Float64Array(steps.count)
  let length = 0
  for (let i = 0; i < steps.count; i++) {
    if (present[i] === 0) continue
    timesMs[length] = stepTime(steps, i)
    kept[length] = values[i] as number
    length++
  }
  return { labels, timesMs: timesMs.slice(0, length), values: kept.slice(0, length) }
}
