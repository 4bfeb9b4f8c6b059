import type { Aggregation } from '../syntax/ast.ts'
import { flagColumn, numberColumn } from './columns.ts'
import { Mean } from './float.ts'
import type { Vector } from './vector.ts'

/** Takes values of many series; has one state for every group and step, in columns. */
export interface Accumulator {
  /** The steps' results, group by group. */
  readonly values: Float64Array
  /** 1 where there was any value. */
  readonly present: Uint8Array
  /** Takes series `i` into the group whose states begin at `to`. */
  take(vector: Vector, i: number, to: number): void
  /** Makes results of the states of one group, which begin at `from`. */
  finish(from: number, steps: number): void
}

/** The aggregations that need no more than a running state. */
export const accumulators: Readonly<Partial<Record<Aggregation, (length: number) => Accumulator>>> = {
  sum: (length) => new Sum(length),
  avg: (length) => new States(length, () => new Mean()),
  stdvar: (length) => new States(length, () => new Variance(false)),
  stddev: (length) => new States(length, () => new Variance(true)),
  count: simple(
    () => 1,
    (before) => before + 1,
  ),
  group: simple(
    () => 1,
    () => 1,
  ),
  // NaN is the result only where there is nothing else.
  min: simple(
    (value) => value,
    (before, value) => (before > value || Number.isNaN(before) ? value : before),
  ),
  max: simple(
    (value) => value,
    (before, value) => (before < value || Number.isNaN(before) ? value : before),
  ),
}

function simple(first: (value: number) => number, next: (before: number, value: number) => number) {
  return (length: number): Accumulator => {
    const values = numberColumn(length)
    const present = flagColumn(length)
    return {
      values,
      present,
      take(vector, i, to) {
        const { steps } = vector
        const from = i * steps
        for (let k = 0; k < steps; k++) {
          if (vector.present[from + k] === 0) continue
          const value = vector.values[from + k] as number
          values[to + k] = present[to + k] === 0 ? first(value) : next(values[to + k] as number, value)
          present[to + k] = 1
        }
      },
      finish() {},
    }
  }
}

/** As `CompensatedSum`, for every step. */
class Sum implements Accumulator {
  readonly values: Float64Array
  readonly present: Uint8Array
  /** Where there is a second value. */
  #compensations: Float64Array | undefined

  constructor(length: number) {
    this.values = numberColumn(length)
    this.present = flagColumn(length)
  }

  take(vector: Vector, i: number, to: number): void {
    const { values, present } = this
    const { steps } = vector
    const from = i * steps
    for (let k = 0; k < steps; k++) {
      if (vector.present[from + k] === 0) continue
      const value = vector.values[from + k] as number
      const at = to + k
      if (present[at] === 0) {
        present[at] = 1
        values[at] = value
        continue
      }
      this.#compensations ??= numberColumn(values.length)
      const compensations = this.#compensations
      const sum = values[at] as number
      const next = sum + value
      if (next === Number.POSITIVE_INFINITY || next === Number.NEGATIVE_INFINITY) compensations[at] = 0
      else {
        const lost = Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum
        compensations[at] = (compensations[at] as number) + lost
      }
      values[at] = next
    }
  }

  finish(from: number, steps: number): void {
    const { values } = this
    const compensations = this.#compensations
    // Also where there is nothing to add: minus zero becomes zero, as in Prometheus.
    for (let at = from; at < from + steps; at++) values[at] = (values[at] as number) + (compensations?.[at] ?? 0)
  }
}

interface State {
  add(value: number): void
  readonly value: number
}

/** With an object for every step. */
class States implements Accumulator {
  readonly values: Float64Array
  readonly present: Uint8Array
  readonly #states: (State | undefined)[]
  readonly #create: () => State

  constructor(length: number, create: () => State) {
    this.values = numberColumn(length)
    this.present = flagColumn(length)
    this.#states = new Array<undefined>(length).fill(undefined)
    this.#create = create
  }

  take(vector: Vector, i: number, to: number): void {
    const { steps } = vector
    const from = i * steps
    for (let k = 0; k < steps; k++) {
      if (vector.present[from + k] === 0) continue
      let state = this.#states[to + k]
      if (state === undefined) {
        state = this.#create()
        this.#states[to + k] = state
        this.present[to + k] = 1
      }
      state.add(vector.values[from + k] as number)
    }
  }

  finish(from: number, steps: number): void {
    for (let at = from; at < from + steps; at++) this.values[at] = this.#states[at]?.value ?? 0
  }
}

/** Population variance, or its root, after Welford; an infinity or NaN anywhere makes it NaN. */
class Variance implements State {
  readonly #isRoot: boolean
  #count = 0
  #mean = 0
  #squares = 0

  constructor(isRoot: boolean) {
    this.#isRoot = isRoot
  }

  add(value: number): void {
    this.#count++
    if (this.#count === 1) {
      this.#mean = value
      this.#squares = Number.isFinite(value) ? 0 : Number.NaN
      return
    }
    const delta = value - this.#mean
    this.#mean += delta / this.#count
    this.#squares += delta * (value - this.#mean)
  }

  get value(): number {
    const variance = this.#squares / this.#count
    return this.#isRoot ? Math.sqrt(variance) : variance
  }
}
