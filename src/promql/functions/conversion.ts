import { Labels } from '../../model/labels.ts'
import { constantlyPresent } from '../evaluate/series.ts'
import type { Expr } from '../syntax/ast.ts'
import type { PromqlFunction, ScalarFunction, VectorFunction } from './signature.ts'

const pi: ScalarFunction = {
  name: 'pi',
  args: [],
  returns: 'scalar',
  async evaluate(_call, steps) {
    return new Float64Array(steps.count).fill(Math.PI)
  },
}

/** The value of the only sample, or NaN. */
const scalar: ScalarFunction = {
  name: 'scalar',
  args: ['vector'],
  returns: 'scalar',
  async evaluate(call, steps, evaluation) {
    const values = new Float64Array(steps.count).fill(Number.NaN)
    const found = new Uint8Array(steps.count)
    for (const series of await evaluation.vector(call.args[0] as Expr, steps)) {
      if (evaluation.due()) await evaluation.pause()
      for (let i = 0; i < steps.count; i++) {
        if (series.present[i] === 0) continue
        values[i] = found[i] === 1 ? Number.NaN : (series.values[i] as number)
        found[i] = 1
      }
    }
    return values
  },
}

const vector: VectorFunction = {
  name: 'vector',
  args: ['scalar'],
  returns: 'vector',
  async evaluate(call, steps, evaluation) {
    return [constantlyPresent(Labels.empty, await evaluation.scalar(call.args[0] as Expr, steps))]
  },
}

/** Orders an instant vector by value, NaN last; results over several steps are ordered by labels anyway. */
function sortFunction(name: string, order: (a: number, b: number) => number): VectorFunction {
  return {
    name,
    args: ['vector'],
    returns: 'vector',
    async evaluate(call, steps, evaluation) {
      const input = await evaluation.vector(call.args[0] as Expr, steps)
      if (steps.count !== 1) {
        const why = 'sort is ineffective for range queries since results are always ordered by labels'
        evaluation.warn(why, call.span)
        return input
      }
      return [...input].sort((x, y) => {
        const a = x.values[0] as number
        const b = y.values[0] as number
        if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : 1
        return Number.isNaN(b) ? -1 : order(a, b)
      })
    },
  }
}

function compare(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0
}

export const conversionFunctions: readonly PromqlFunction[] = [
  pi,
  scalar,
  vector,
  sortFunction('sort', compare),
  sortFunction('sort_desc', (a, b) => compare(b, a)),
]
