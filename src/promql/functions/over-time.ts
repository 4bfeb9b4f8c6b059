import { NEEDS } from '../../model/summary.ts'
import { CompensatedSum, Mean } from '../evaluate/float.ts'
import type { Window } from '../evaluate/window-walk.ts'
import { type Expr, unwrapParens } from '../syntax/ast.ts'
import { formatGeneral } from '../syntax/number.ts'
import { labelsOfAbsent, whereAbsent } from './absent.ts'
import type { VectorFunction } from './signature.ts'
import { quantilesInOrder } from './sliding-quantile.ts'
import { windowFunction } from './window.ts'

function sum({ values, from, to }: Window): number {
  const total = new CompensatedSum()
  for (let i = from; i < to; i++) total.add(values[i] as number)
  return total.total
}

function mean({ values, from, to }: Window): number {
  const average = new Mean()
  for (let i = from; i < to; i++) average.add(values[i] as number)
  return average.value
}

/** Population variance after Welford, compensated. */
function variance({ values, from, to }: Window): number {
  const average = new CompensatedSum()
  const squares = new CompensatedSum()
  let count = 0
  for (let i = from; i < to; i++) {
    const value = values[i] as number
    count++
    const delta = value - (average.sum + average.compensation)
    average.add(delta / count)
    squares.add(delta * (value - (average.sum + average.compensation)))
  }
  return (squares.sum + squares.compensation) / count
}

/** 1 at every step at which no series has a sample in its window. */
const absentOverTime: VectorFunction = {
  name: 'absent_over_time',
  args: ['matrix'],
  returns: 'vector',
  *evaluate(call, steps, evaluation) {
    const arg = unwrapParens(call.args[0] as Expr)
    const present = yield* anyOverTime.evaluate({ ...call, args: [arg] }, steps, evaluation)
    return yield* whereAbsent(present, labelsOfAbsent(arg), evaluation)
  },
}

/** As present_over_time; with the names kept, so that series of different metrics do not meet. */
const anyOverTime = windowFunction('present_over_time', { result: () => 1, keepsName: true })

const VARIANCE = NEEDS.sum | NEEDS.squares | NEEDS.extremes

export const overTimeFunctions: readonly VectorFunction[] = [
  windowFunction('sum_over_time', {
    needs: NEEDS.sum | NEEDS.extremes,
    result: ({ isSumSafe, sum }) => (isSumSafe ? sum : undefined),
    fromSamples: sum,
  }),
  windowFunction('avg_over_time', {
    needs: NEEDS.sum | NEEDS.extremes,
    result: ({ mean }) => mean,
    fromSamples: mean,
  }),
  windowFunction('count_over_time', { result: ({ count }) => count }),
  windowFunction('min_over_time', { needs: NEEDS.extremes, result: ({ min }) => min }),
  windowFunction('max_over_time', { needs: NEEDS.extremes, result: ({ max }) => max }),
  windowFunction('first_over_time', { result: ({ first }) => first, keepsName: true }),
  windowFunction('last_over_time', { result: ({ last }) => last, keepsName: true }),
  windowFunction('stdvar_over_time', {
    needs: VARIANCE,
    result: (summary) => summary.variance,
    fromSamples: variance,
  }),
  windowFunction('stddev_over_time', {
    needs: VARIANCE,
    result({ variance }) {
      return variance === undefined ? undefined : Math.sqrt(variance)
    },
    fromSamples: (window) => Math.sqrt(variance(window)),
  }),
  windowFunction('quantile_over_time', {
    args: ['scalar', 'matrix'],
    inOrder: quantilesInOrder,
    checkParameter(q, call, evaluation) {
      if (q >= 0 && q <= 1) return
      const at = unwrapParens(call.args[0] as Expr).span
      evaluation.warn(`quantile value should be between 0 and 1, got ${formatGeneral(q)}`, at)
    },
  }),
  windowFunction('present_over_time', { result: () => 1 }),
  absentOverTime,
]
