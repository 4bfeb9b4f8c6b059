import { Labels } from '../../model/labels.ts'
import { numberColumn } from '../evaluate/columns.ts'
import { type Steps, stepTime } from '../evaluate/evaluation.ts'
import { newestSamples } from '../evaluate/selection.ts'
import { calculated, Vector } from '../evaluate/vector.ts'
import { type Expr, unwrapParens } from '../syntax/ast.ts'
import type { PromqlFunction, ScalarFunction, VectorFunction } from './signature.ts'

const time: ScalarFunction = {
  name: 'time',
  args: [],
  returns: 'scalar',
  timeDependent: true,
  evaluate: (_call, steps) => seconds(steps),
}

function seconds(steps: Steps): Float64Array {
  const values = numberColumn(steps.count)
  for (let i = 0; i < steps.count; i++) values[i] = stepTime(steps, i) / 1000
  return values
}

/** The sample's own time for a plain selector, the evaluation time for everything else. */
const timestamp: VectorFunction = {
  name: 'timestamp',
  args: ['vector'],
  returns: 'vector',
  timeDependent: true,
  *evaluate(call, steps, evaluation) {
    const arg = unwrapParens(call.args[0] as Expr)
    if (arg.kind === 'selector') {
      const selection = yield* evaluation.selection(arg, steps)
      const times = yield* newestSamples(selection, 'time', evaluation)
      return yield* calculated(call, times, times.values, times.present, evaluation)
    }
    const input = yield* evaluation.vector(arg, steps)
    const now = seconds(steps)
    const values = numberColumn(input.size * steps.count)
    for (let i = 0; i < input.size; i++) {
      if (evaluation.due(1 + steps.count / 16)) yield
      values.set(now, i * steps.count)
    }
    return yield* calculated(call, input, values, input.present, evaluation)
  },
}

/** A part of a date in UTC; without an argument of the evaluation time. */
function dateFunction(name: string, part: (date: Date) => number): VectorFunction {
  const of = (secondsSince1970: number) => part(new Date(Math.trunc(secondsSince1970) * 1000))
  return {
    name,
    args: ['vector'],
    variadic: 1,
    returns: 'vector',
    timeDependent: true,
    *evaluate(call, steps, evaluation) {
      const [arg] = call.args
      if (arg === undefined) return Vector.of(Labels.empty, seconds(steps).map(of))
      const input = yield* evaluation.vector(arg, steps)
      const { size, values, present } = input
      const parts = numberColumn(size * steps.count)
      for (let at = 0; at < parts.length; at++) {
        if (evaluation.due(8)) yield
        if (present[at] === 1) parts[at] = of(values[at] as number)
      }
      return yield* calculated(call, input, parts, present, evaluation)
    },
  }
}

const DAY_MS = 86_400_000

export const timeFunctions: readonly PromqlFunction[] = [
  time,
  timestamp,
  dateFunction('minute', (date) => date.getUTCMinutes()),
  dateFunction('hour', (date) => date.getUTCHours()),
  dateFunction('day_of_week', (date) => date.getUTCDay()),
  dateFunction('day_of_month', (date) => date.getUTCDate()),
  dateFunction('day_of_year', (date) => {
    const start = new Date(date)
    start.setUTCMonth(0, 1)
    return Math.round((date.getTime() - start.getTime()) / DAY_MS) + 1
  }),
  dateFunction('days_in_month', (date) => {
    const end = new Date(date)
    end.setUTCMonth(date.getUTCMonth() + 1, 0)
    return end.getUTCDate()
  }),
  dateFunction('month', (date) => date.getUTCMonth() + 1),
  dateFunction('year', (date) => date.getUTCFullYear()),
]
