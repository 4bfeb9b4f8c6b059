import { Labels } from '../../model/labels.ts'
import { type StepSeries, type Steps, stepTime } from '../evaluate/evaluation.ts'
import { newestSample } from '../evaluate/selection.ts'
import { constantlyPresent, dropMetadata, hasValues, mergeEqual } from '../evaluate/series.ts'
import { type Expr, unwrapParens } from '../syntax/ast.ts'
import type { PromqlFunction, ScalarFunction, VectorFunction } from './signature.ts'

const time: ScalarFunction = {
  name: 'time',
  args: [],
  returns: 'scalar',
  timeDependent: true,
  async evaluate(_call, steps) {
    return seconds(steps)
  },
}

function seconds(steps: Steps): Float64Array {
  const values = new Float64Array(steps.count)
  for (let i = 0; i < steps.count; i++) values[i] = stepTime(steps, i) / 1000
  return values
}

/** The sample's own time for a plain selector, the evaluation time for everything else. */
const timestamp: VectorFunction = {
  name: 'timestamp',
  args: ['vector'],
  returns: 'vector',
  timeDependent: true,
  async evaluate(call, steps, evaluation) {
    const arg = unwrapParens(call.args[0] as Expr)
    const output: StepSeries[] = []
    if (arg.kind === 'selector') {
      const { series, times, lookbackMs } = await evaluation.selection(arg, steps)
      for (const selected of series) {
        if (evaluation.due()) await evaluation.pause()
        evaluation.charge(steps.count)
        const next = newestSample(selected, times, lookbackMs, evaluation, (samples, at) => {
          return (samples.timesMs[at] as number) / 1000
        })
        if (next !== undefined) output.push({ ...next, labels: dropMetadata(next.labels) })
      }
      return mergeEqual(output, evaluation)
    }
    const now = seconds(steps)
    for (const { labels, present } of await evaluation.vector(arg, steps)) {
      output.push({ labels: dropMetadata(labels), values: now, present })
    }
    return mergeEqual(output, evaluation)
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
    async evaluate(call, steps, evaluation) {
      const [arg] = call.args
      if (arg === undefined) return [constantlyPresent(Labels.empty, seconds(steps).map(of))]
      const output: StepSeries[] = []
      for (const { labels, values, present } of await evaluation.vector(arg, steps)) {
        if (evaluation.due()) await evaluation.pause()
        const parts = new Float64Array(steps.count)
        for (let i = 0; i < steps.count; i++) if (present[i] === 1) parts[i] = of(values[i] as number)
        output.push({ labels: dropMetadata(labels), values: parts, present })
      }
      return mergeEqual(output.filter(hasValues), evaluation)
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
