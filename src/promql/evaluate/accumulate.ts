import { CompensatedSum, Mean } from './float.ts'

/** Takes the values of a group's series, series by series, and has one result per step. */
export interface Accumulator {
  /** `isFirst`: nothing was added at this step before. */
  add(step: number, value: number, isFirst: boolean): void
  result(): Float64Array
}

/** The aggregations that need no more than a running state per step. */
export const accumulators = {
  sum: perStep(() => new SumState()),
  avg: perStep(() => new MeanState()),
  stdvar: perStep(() => new VarianceState()),
  stddev: (count: number): Accumulator => {
    const variance = accumulators.stdvar(count)
    return { add: variance.add, result: () => variance.result().map(Math.sqrt) }
  },
  count: simple(
    (before) => before + 1,
    () => 1,
  ),
  group: simple(
    () => 1,
    () => 1,
  ),
  // NaN is the result only where there is nothing else.
  min: simple(
    (before, value) => (before > value || Number.isNaN(before) ? value : before),
    (value) => value,
  ),
  max: simple(
    (before, value) => (before < value || Number.isNaN(before) ? value : before),
    (value) => value,
  ),
} satisfies Record<string, (count: number) => Accumulator>

function simple(next: (before: number, value: number) => number, first: (value: number) => number) {
  return (count: number): Accumulator => {
    const values = new Float64Array(count)
    return {
      add(step, value, isFirst) {
        values[step] = isFirst ? first(value) : next(values[step] as number, value)
      },
      result: () => values,
    }
  }
}

interface State {
  add(value: number): void
  readonly value: number
}

function perStep(create: () => State) {
  return (count: number): Accumulator => {
    const states: State[] = []
    return {
      add(step, value, isFirst) {
        if (isFirst) states[step] = create()
        ;(states[step] as State).add(value)
      },
      result: () => Float64Array.from({ length: count }, (_, i) => states[i]?.value ?? 0),
    }
  }
}

class SumState implements State {
  readonly #sum = new CompensatedSum()
  #started = false

  add(value: number): void {
    if (this.#started) this.#sum.add(value)
    else this.#sum.reset(value)
    this.#started = true
  }

  get value(): number {
    return this.#sum.sum + this.#sum.compensation
  }
}

class MeanState implements State {
  readonly #mean = new Mean()

  add(value: number): void {
    this.#mean.add(value)
  }

  get value(): number {
    return this.#mean.value
  }
}

/** Population variance after Welford; an infinity or NaN anywhere makes it NaN. */
class VarianceState implements State {
  #count = 0
  #mean = 0
  #squares = 0

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
    return this.#squares / this.#count
  }
}
