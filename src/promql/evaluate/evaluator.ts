import { PromqlError } from '../error.ts'
import { functionNamed } from '../functions/registry.ts'
import { type At, type Expr, isSetOperator, unwrapParens, type VectorSelector } from '../syntax/ast.ts'
import { typeOf } from '../syntax/check.ts'
import type { Span } from '../syntax/position.ts'
import { aggregate, aggregateNow } from './aggregate.ts'
import { scalarWithScalar, setOperation, vectorWithScalar, vectorWithScalarNow } from './binary.ts'
import { numberColumn } from './columns.ts'
import type { Queryable, SelectedSeries } from './data.ts'
import { type Evaluation, type RangeVector, type Selection, type Steps, stepTime } from './evaluation.ts'
import { isStepInvariant } from './invariant.ts'
import { vectorWithVector, vectorWithVectorNow } from './match.ts'
import type { Pacer } from './pacer.ts'
import { newestSamples, newestSamplesNow } from './selection.ts'
import type { SharedResults } from './shared.ts'
import { subqueryRange } from './subquery.ts'
import { calculated, calculatedNow, Vector } from './vector.ts'
import { arrival, type Work } from './work.ts'

/** So many values are computed in one go. */
const BLOCK = 16_384
/** Of more series nothing is computed without looking whether it is others' turn. */
const MOST_NOW = 64

type Selected = ReturnType<Queryable['select']>

export interface EvaluatorSettings {
  readonly lookbackMs: number
  readonly defaultSubqueryStepMs: number
  readonly maxSamples: number
  readonly maxSeries: number
  readonly shared: SharedResults | undefined
}

/** Evaluates the nodes of one query, each over all its steps at once. */
export class Evaluator implements Evaluation {
  readonly querySteps: Steps
  readonly #data: Queryable
  readonly #settings: EvaluatorSettings
  readonly #pacer: Pacer
  #warnings: Set<string> | undefined
  #infos: Set<string> | undefined
  #charged = 0
  /** What was selected while it was tried to answer at once. */
  #known: { selector: VectorSelector; startMs: number; endMs: number; selected: Selected }[] | undefined

  constructor(data: Queryable, querySteps: Steps, settings: EvaluatorSettings, pacer: Pacer) {
    this.#data = data
    this.querySteps = querySteps
    this.#settings = settings
    this.#pacer = pacer
  }

  get warnings(): string[] {
    return this.#warnings === undefined ? [] : [...this.#warnings]
  }

  get infos(): string[] {
    return this.#infos === undefined ? [] : [...this.#infos]
  }

  // Whoever only hands on work returns it rather than doing it in work of its own: rules are many, and each of these is garbage.
  vector(expr: Expr, steps: Steps): Work<Vector> {
    const { shared } = this.#settings
    // Inside a subquery the times are others.
    const name = steps === this.querySteps ? shared?.nameOf(expr) : undefined
    return shared === undefined || name === undefined
      ? this.#vector(expr, steps)
      : this.#sharedVector(expr, steps, shared, name)
  }

  *#sharedVector(expr: Expr, steps: Steps, shared: SharedResults, name: string): Work<Vector> {
    const known = shared.get(name)
    if (known !== undefined) return known
    const result = yield* this.#vector(expr, steps)
    shared.set(name, result)
    return result
  }

  #vector(expr: Expr, steps: Steps): Work<Vector> {
    if (steps.count > 1 && isStepInvariant(expr)) return this.#broadcast(expr, steps)
    switch (expr.kind) {
      case 'selector':
        return this.#newest(expr, steps)
      case 'paren':
        return this.vector(expr.expr, steps)
      case 'unary':
        return expr.op === '+' ? this.vector(expr.expr, steps) : this.#negative(expr, steps)
      case 'binary':
        return this.#binary(expr, steps)
      case 'aggregate':
        return aggregate(expr, steps, this)
      case 'call': {
        const fn = functionNamed(expr.name)
        if (fn?.returns === 'vector') return fn.evaluate(expr, steps, this)
        break
      }
      default:
    }
    throw new PromqlError('execution', 'expected an instant vector', expr.span)
  }

  vectorNow(expr: Expr, steps: Steps): Vector | undefined {
    const { shared } = this.#settings
    const name = shared?.nameOf(expr)
    if (shared === undefined || name === undefined) return this.#vectorNow(expr, steps)
    const known = shared.get(name)
    if (known !== undefined) return known
    const result = this.#vectorNow(expr, steps)
    if (result !== undefined) shared.set(name, result)
    return result
  }

  #vectorNow(expr: Expr, steps: Steps): Vector | undefined {
    switch (expr.kind) {
      case 'selector':
        return this.#newestNow(expr, steps)
      case 'paren':
        return this.vectorNow(expr.expr, steps)
      case 'binary':
        return this.#binaryNow(expr, steps)
      case 'aggregate':
        return aggregateNow(expr, steps, this)
      case 'call': {
        const fn = functionNamed(expr.name)
        return fn?.returns === 'vector' ? fn.evaluateNow?.(expr, steps, this) : undefined
      }
      default:
        return undefined
    }
  }

  #newestNow(selector: VectorSelector, steps: Steps): Vector | undefined {
    const selection = this.#selectionNow(selector, steps)
    return selection && newestSamplesNow(selection, this)
  }

  #binaryNow(node: Expr & { kind: 'binary' }, steps: Steps): Vector | undefined {
    const { op, left, right } = node
    if (isSetOperator(op)) return undefined
    if (typeOf(left) === 'scalar') {
      const scalar = this.scalarNow(left, steps)
      const vector = scalar && this.vectorNow(right, steps)
      return vector && vectorWithScalarNow(node, vector, scalar, true)
    }
    const vector = this.vectorNow(left, steps)
    if (vector === undefined) return undefined
    if (typeOf(right) === 'scalar') {
      const scalar = this.scalarNow(right, steps)
      return scalar && vectorWithScalarNow(node, vector, scalar, false)
    }
    const other = this.vectorNow(right, steps)
    return other && vectorWithVectorNow(node, vector, other)
  }

  *#newest(selector: VectorSelector, steps: Steps): Work<Vector> {
    return yield* newestSamples(yield* this.selection(selector, steps), 'value', this)
  }

  *#negative(expr: Expr & { kind: 'unary' }, steps: Steps): Work<Vector> {
    const input = yield* this.vector(expr.expr, steps)
    const values = yield* this.#negated(input.values)
    return (
      calculatedNow(expr, input, values, input.present) ?? (yield* calculated(expr, input, values, input.present, this))
    )
  }

  scalarNow(expr: Expr, steps: Steps): Float64Array | undefined {
    if (expr.kind !== 'number') return undefined
    this.charge(steps.count)
    return numberColumn(steps.count).fill(expr.value)
  }

  *scalar(expr: Expr, steps: Steps): Work<Float64Array> {
    const now = this.scalarNow(expr, steps)
    if (now !== undefined) return now
    if (steps.count > 1 && isStepInvariant(expr)) {
      const [value = Number.NaN] = yield* this.scalar(expr, { ...steps, count: 1 })
      this.charge(steps.count)
      return numberColumn(steps.count).fill(value)
    }
    switch (expr.kind) {
      case 'paren':
        return yield* this.scalar(expr.expr, steps)
      case 'unary': {
        const input = yield* this.scalar(expr.expr, steps)
        return expr.op === '+' ? input : yield* this.#negated(input)
      }
      case 'binary': {
        const left = yield* this.scalar(expr.left, steps)
        return scalarWithScalar(expr.op, left, yield* this.scalar(expr.right, steps))
      }
      case 'call': {
        this.charge(steps.count)
        const fn = functionNamed(expr.name)
        if (fn?.returns !== 'scalar') break
        const result = fn.evaluate(expr, steps, this)
        return result instanceof Float64Array ? result : yield* result
      }
      default:
    }
    throw new PromqlError('execution', 'expected a scalar', expr.span)
  }

  rangeNow(expr: Expr, steps: Steps): RangeVector | undefined {
    if (expr.kind !== 'range') return undefined
    const { selector, rangeMs } = expr
    const ends = this.#times(selector, steps)
    const startMs = (ends[0] as number) - rangeMs
    const series = this.#selectNow(selector, startMs, ends[0] as number)
    return series && { series, isNameless: false, rangeMs, ends }
  }

  *range(expr: Expr, steps: Steps): Work<RangeVector> {
    const inner = unwrapParens(expr)
    if (inner.kind === 'subquery') {
      const { defaultSubqueryStepMs } = this.#settings
      return yield* subqueryRange(inner, this.#times(inner, steps), defaultSubqueryStepMs, this)
    }
    if (inner.kind !== 'range') throw new PromqlError('execution', 'expected a range vector', expr.span)
    const { selector, rangeMs } = inner
    const ends = this.#times(selector, steps)
    const startMs = (ends[0] as number) - rangeMs
    const selected = this.#select(selector, startMs, ends[steps.count - 1] as number)
    const series = this.#checked(selector, startMs, 'then' in selected ? yield* arrival(selected) : selected)
    this.charge(series.length * steps.count)
    return { series, isNameless: false, rangeMs, ends }
  }

  #selectionNow(selector: VectorSelector, steps: Steps): Selection | undefined {
    const { lookbackMs } = this.#settings
    const times = this.#times(selector, steps)
    const series = this.#selectNow(selector, (times[0] as number) - lookbackMs, times[0] as number)
    return series && { series, times, lookbackMs }
  }

  /** Undefined where there are many, or they are not there yet. */
  #selectNow(selector: VectorSelector, startMs: number, endMs: number): readonly SelectedSeries[] | undefined {
    const selected = this.#data.select({ matchers: selector.matchers, startMs, endMs })
    // Where it can't be done at once, nobody is asked a second time.
    this.#known ??= []
    this.#known.push({ selector, startMs, endMs, selected })
    if ('then' in selected || selected.length > MOST_NOW) return undefined
    this.charge(selected.length)
    return this.#checked(selector, startMs, selected)
  }

  *selection(selector: VectorSelector, steps: Steps): Work<Selection> {
    const { lookbackMs } = this.#settings
    const times = this.#times(selector, steps)
    const startMs = (times[0] as number) - lookbackMs
    const selected = this.#select(selector, startMs, times[steps.count - 1] as number)
    const series = this.#checked(selector, startMs, 'then' in selected ? yield* arrival(selected) : selected)
    return { series, times, lookbackMs }
  }

  warn(message: string, { line, column }: Span): void {
    this.#warnings ??= new Set()
    this.#warnings.add(`PromQL warning: ${message} (${line}:${column})`)
  }

  inform(message: string, { line, column }: Span): void {
    this.#infos ??= new Set()
    this.#infos.add(`PromQL info: ${message} (${line}:${column})`)
  }

  charge(values: number): void {
    this.#charged += values
    const { maxSamples } = this.#settings
    if (this.#charged <= maxSamples) return
    const why = `query reads or makes more than ${maxSamples} samples; ask for less time or fewer series`
    throw new PromqlError('limit', why)
  }

  due(units: number): boolean {
    return this.#pacer.due(units)
  }

  /** The same values at every step. */
  *#broadcast(expr: Expr, steps: Steps): Work<Vector> {
    const once = yield* this.vector(expr, { ...steps, count: 1 })
    const { count } = steps
    this.charge(once.size * count)
    const output = Vector.empty(count, once.size, once.isNameless)
    for (let i = 0; i < once.size; i++) {
      if (this.due(count / 8)) yield
      const at = output.room()
      output.values.fill(once.values[i] as number, at, at + count)
      output.present.fill(1, at, at + count)
      output.keep(once.labels[i] as Vector['labels'][number], once.typed?.[i])
    }
    return output
  }

  #select(selector: VectorSelector, startMs: number, endMs: number): Selected {
    const known = this.#known?.find(
      (one) => one.selector === selector && one.startMs === startMs && one.endMs === endMs,
    )
    return known?.selected ?? this.#data.select({ matchers: selector.matchers, startMs, endMs })
  }

  #checked(selector: VectorSelector, startMs: number, series: readonly SelectedSeries[]): readonly SelectedSeries[] {
    const { maxSeries } = this.#settings
    if (series.length > maxSeries) {
      const why = `selects ${series.length} series, more than ${maxSeries}; add matchers`
      throw new PromqlError('limit', why, selector.span)
    }
    this.#tellOfRollups(series, startMs, selector.span)
    return series
  }

  #tellOfRollups(series: readonly SelectedSeries[], startMs: number, at: Span): void {
    let newestMs = startMs
    for (const { rollupsToMs } of series) {
      if (rollupsToMs !== undefined && rollupsToMs > newestMs) newestMs = rollupsToMs
    }
    if (newestMs === startMs) return
    const time = new Date(newestMs).toISOString().replace('.000Z', 'Z')
    this.inform(`answered from roll-ups before ${time}, sums are exact, times between are not`, at)
  }

  /** The times that the steps look at, after `@` and `offset`. */
  #times({ at, offsetMs }: { readonly at: At | undefined; readonly offsetMs: number }, steps: Steps): Float64Array {
    const fixedMs = at === undefined ? undefined : this.#fixedTime(at)
    const times = numberColumn(steps.count)
    for (let i = 0; i < steps.count; i++) times[i] = (fixedMs ?? stepTime(steps, i)) - offsetMs
    return times
  }

  #fixedTime(at: At): number {
    if (at.kind === 'time') return at.ms
    const { querySteps } = this
    return at.kind === 'start' ? querySteps.startMs : stepTime(querySteps, querySteps.count - 1)
  }

  *#binary(node: Expr & { kind: 'binary' }, steps: Steps): Work<Vector> {
    const { op, left, right } = node
    if (typeOf(left) === 'scalar') {
      const scalar = this.scalarNow(left, steps) ?? (yield* this.scalar(left, steps))
      return yield* vectorWithScalar(node, yield* this.vector(right, steps), scalar, true, this)
    }
    const vector = yield* this.vector(left, steps)
    if (typeOf(right) === 'scalar') {
      const scalar = this.scalarNow(right, steps) ?? (yield* this.scalar(right, steps))
      return yield* vectorWithScalar(node, vector, scalar, false, this)
    }
    const other = yield* this.vector(right, steps)
    return yield* isSetOperator(op)
      ? setOperation(node, vector, other, this)
      : vectorWithVector(node, vector, other, this)
  }

  *#negated(values: Float64Array): Work<Float64Array> {
    const output = numberColumn(values.length)
    for (let from = 0; from < values.length; from += BLOCK) {
      if (this.due(BLOCK / 32)) yield
      const end = Math.min(from + BLOCK, values.length)
      for (let i = from; i < end; i++) output[i] = -(values[i] as number)
    }
    return output
  }
}
