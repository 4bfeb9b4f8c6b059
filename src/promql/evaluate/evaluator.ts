import { PromqlError } from '../error.ts'
import { functionNamed } from '../functions/registry.ts'
import { type At, type Expr, isSetOperator, type Subquery, unwrapParens, type VectorSelector } from '../syntax/ast.ts'
import { typeOf } from '../syntax/check.ts'
import type { Span } from '../syntax/position.ts'
import { aggregate } from './aggregate.ts'
import { scalarWithScalar, setOperation, vectorWithScalar } from './binary.ts'
import type { Queryable, SelectedSeries } from './data.ts'
import {
  type Evaluation,
  type RangeSeries,
  type RangeVector,
  type StepSeries,
  type Steps,
  stepTime,
} from './evaluation.ts'
import { isStepInvariant } from './invariant.ts'
import { vectorWithVector } from './match.ts'
import type { Pacer } from './pacer.ts'
import { newestSample, withoutMarkers } from './selection.ts'
import { hasValues, mergeEqual, withoutMetadata } from './series.ts'

export interface EvaluatorSettings {
  readonly lookbackMs: number
  readonly defaultSubqueryStepMs: number
  readonly maxSamples: number
  readonly maxSeries: number
}

/** Evaluates the nodes of one query, each over all its steps at once. */
export class Evaluator implements Evaluation {
  readonly querySteps: Steps
  readonly warnings = new Set<string>()
  readonly infos = new Set<string>()
  readonly #data: Queryable
  readonly #settings: EvaluatorSettings
  readonly #pacer: Pacer
  #charged = 0

  constructor(data: Queryable, querySteps: Steps, settings: EvaluatorSettings, pacer: Pacer) {
    this.#data = data
    this.querySteps = querySteps
    this.#settings = settings
    this.#pacer = pacer
  }

  async vector(expr: Expr, steps: Steps): Promise<StepSeries[]> {
    if (steps.count > 1 && isStepInvariant(expr)) return this.#broadcast(expr, steps)
    switch (expr.kind) {
      case 'selector':
        return this.#select(expr, steps)
      case 'paren':
        return this.vector(expr.expr, steps)
      case 'unary': {
        const input = await this.vector(expr.expr, steps)
        if (expr.op === '+') return input
        const output: StepSeries[] = []
        for (const series of input) {
          if (this.due()) await this.pause()
          const values = series.values.map((value) => -value)
          output.push({ ...withoutMetadata(series), values, present: series.present })
        }
        return mergeEqual(output, this)
      }
      case 'binary':
        return this.#binary(expr, steps)
      case 'aggregate':
        return aggregate(expr, steps, this)
      case 'call': {
        const fn = functionNamed(expr.name)
        if (fn?.returns === 'vector') return fn.evaluate(expr, steps, this)
        throw new PromqlError('execution', 'expected an instant vector', expr.span)
      }
      default:
        throw new PromqlError('execution', 'expected an instant vector', expr.span)
    }
  }

  async scalar(expr: Expr, steps: Steps): Promise<Float64Array> {
    if (expr.kind === 'number') {
      this.charge(steps.count)
      return new Float64Array(steps.count).fill(expr.value)
    }
    if (steps.count > 1 && isStepInvariant(expr)) {
      const [value = Number.NaN] = await this.scalar(expr, { ...steps, count: 1 })
      this.charge(steps.count)
      return new Float64Array(steps.count).fill(value)
    }
    switch (expr.kind) {
      case 'paren':
        return this.scalar(expr.expr, steps)
      case 'unary': {
        const input = await this.scalar(expr.expr, steps)
        return expr.op === '+' ? input : input.map((value) => -value)
      }
      case 'binary': {
        const left = await this.scalar(expr.left, steps)
        return scalarWithScalar(expr.op, left, await this.scalar(expr.right, steps))
      }
      case 'call': {
        this.charge(steps.count)
        const fn = functionNamed(expr.name)
        if (fn?.returns === 'scalar') return fn.evaluate(expr, steps, this)
        throw new PromqlError('execution', 'expected a scalar', expr.span)
      }
      default:
        throw new PromqlError('execution', 'expected a scalar', expr.span)
    }
  }

  async range(expr: Expr, steps: Steps): Promise<RangeVector> {
    const inner = unwrapParens(expr)
    if (inner.kind === 'subquery') return this.#subquery(inner, steps)
    if (inner.kind !== 'range') throw new PromqlError('execution', 'expected a range vector', expr.span)
    const { selector, rangeMs } = inner
    const ends = this.#times(selector, steps)
    const startMs = (ends[0] as number) - rangeMs
    const endMs = ends[steps.count - 1] as number
    const selected = await this.#fetch(selector, startMs, endMs)
    this.charge(selected.length * steps.count)
    return { rangeMs, ends, series: selected.map((series) => rangeSeries(series, startMs, endMs)) }
  }

  async selection(selector: VectorSelector, steps: Steps) {
    const { lookbackMs } = this.#settings
    const times = this.#times(selector, steps)
    const series = await this.#fetch(selector, (times[0] as number) - lookbackMs, times[steps.count - 1] as number)
    return { series, times, lookbackMs }
  }

  warn(message: string, { line, column }: Span): void {
    this.warnings.add(`PromQL warning: ${message} (${line}:${column})`)
  }

  inform(message: string, { line, column }: Span): void {
    this.infos.add(`PromQL info: ${message} (${line}:${column})`)
  }

  charge(values: number): void {
    this.#charged += values
    if (this.#charged > this.#settings.maxSamples) {
      const limit = this.#settings.maxSamples
      throw new PromqlError(
        'limit',
        `query reads or makes more than ${limit} samples; ask for less time or fewer series`,
      )
    }
  }

  due(): boolean {
    return this.#pacer.due()
  }

  pause(): Promise<void> {
    return this.#pacer.pause()
  }

  async #broadcast(expr: Expr, steps: Steps): Promise<StepSeries[]> {
    const once = await this.vector(expr, { ...steps, count: 1 })
    this.charge(once.length * steps.count)
    const output: StepSeries[] = []
    for (const series of once) {
      if (this.due()) await this.pause()
      if (!hasValues(series)) continue
      const values = new Float64Array(steps.count).fill(series.values[0] as number)
      output.push({ ...series, values, present: new Uint8Array(steps.count).fill(1) })
    }
    return output
  }

  async #select(selector: VectorSelector, steps: Steps): Promise<StepSeries[]> {
    const { series, times, lookbackMs } = await this.selection(selector, steps)
    const output: StepSeries[] = []
    for (const selected of series) {
      if (this.due()) await this.pause()
      this.charge(steps.count)
      const next = newestSample(selected, times, lookbackMs, this)
      if (next !== undefined) output.push(next)
    }
    return output
  }

  async #fetch(selector: VectorSelector, startMs: number, endMs: number): Promise<readonly SelectedSeries[]> {
    const selected = this.#data.select({ matchers: selector.matchers, startMs, endMs })
    const series = 'then' in selected ? await selected : selected
    const { maxSeries } = this.#settings
    if (series.length > maxSeries) {
      throw new PromqlError(
        'limit',
        `selects ${series.length} series, more than ${maxSeries}; add matchers`,
        selector.span,
      )
    }
    return series
  }

  /** The times that the steps look at, after `@` and `offset`. */
  #times({ at, offsetMs }: { readonly at: At | undefined; readonly offsetMs: number }, steps: Steps): Float64Array {
    const fixedMs = at === undefined ? undefined : this.#fixedTime(at)
    const times = new Float64Array(steps.count)
    for (let i = 0; i < steps.count; i++) times[i] = (fixedMs ?? stepTime(steps, i)) - offsetMs
    return times
  }

  #fixedTime(at: At): number {
    if (at.kind === 'time') return at.ms
    const { querySteps } = this
    return at.kind === 'start' ? querySteps.startMs : stepTime(querySteps, querySteps.count - 1)
  }

  /** Evaluates the inner expression once over the whole span, at multiples of the step. */
  async #subquery(node: Subquery, steps: Steps): Promise<RangeVector> {
    const { rangeMs } = node
    const ends = this.#times(node, steps)
    const stepMs = node.stepMs ?? this.#settings.defaultSubqueryStepMs
    const firstMs = (Math.floor(((ends[0] as number) - rangeMs) / stepMs) + 1) * stepMs
    const lastMs = ends[steps.count - 1] as number
    const count = Math.floor((lastMs - firstMs) / stepMs) + 1
    if (count <= 0) return { rangeMs, ends, series: [] }
    this.charge(count)
    const inner = await this.vector(node.expr, { startMs: firstMs, stepMs, count })
    const series: RangeSeries[] = []
    for (const { labels, typed, values, present } of inner) {
      if (this.due()) await this.pause()
      this.charge(count + steps.count)
      series.push({ labels, typed, samples: () => compact(values, present, firstMs, stepMs) })
    }
    return { rangeMs, ends, series }
  }

  async #binary(node: Expr & { kind: 'binary' }, steps: Steps): Promise<StepSeries[]> {
    const { op, left, right } = node
    if (typeOf(left) === 'scalar') {
      const scalar = await this.scalar(left, steps)
      return vectorWithScalar(node, await this.vector(right, steps), scalar, true, this)
    }
    const vector = await this.vector(left, steps)
    if (typeOf(right) === 'scalar') {
      return vectorWithScalar(node, vector, await this.scalar(right, steps), false, this)
    }
    const other = await this.vector(right, steps)
    return isSetOperator(op) ? setOperation(node, vector, other, this) : vectorWithVector(node, vector, other, this)
  }
}

function rangeSeries(series: SelectedSeries, startMs: number, endMs: number): RangeSeries {
  const samples = () => withoutMarkers(series.samples(startMs, endMs))
  if (series.summarize === undefined) return { labels: series.labels, samples }
  return { labels: series.labels, samples, summarize: (from, to, needs) => series.summarize?.(from, to, needs) }
}

/** The steps that have a value, as samples. */
function compact(values: Float64Array, present: Uint8Array, startMs: number, stepMs: number) {
  const timesMs = new Float64Array(values.length)
  const kept = new Float64Array(values.length)
  let length = 0
  for (let i = 0; i < values.length; i++) {
    if (present[i] === 0) continue
    timesMs[length] = startMs + i * stepMs
    kept[length] = values[i] as number
    length++
  }
  return { length, timesMs, values: kept, stale: undefined }
}
