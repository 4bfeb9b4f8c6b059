import { Labels } from '../../model/labels.ts'
import { numberColumn } from '../evaluate/columns.ts'
import { nanLast } from '../evaluate/rank.ts'
import { sorted } from '../evaluate/sort.ts'
import { Vector } from '../evaluate/vector.ts'
import type { Expr } from '../syntax/ast.ts'
import type { PromqlFunction, ScalarFunction, VectorFunction } from './signature.ts'

const pi: ScalarFunction = {
  name: 'pi',
  args: [],
  returns: 'scalar',
  evaluate: (_call, { count }) => numberColumn(count).fill(Math.PI),
}

/** The value of the only sample, or NaN. */
const scalar: ScalarFunction = {
  name: 'scalar',
  args: ['vector'],
  returns: 'scalar',
  *evaluate(call, steps, evaluation) {
    const { count } = steps
    const values = numberColumn(count).fill(Number.NaN)
    const found = new Uint8Array(count)
    const input = yield* evaluation.vector(call.args[0] as Expr, steps)
    for (let i = 0; i < input.size; i++) {
      if (evaluation.due(1 + count / 8)) yield
      for (let k = 0; k < count; k++) {
        const at = i * count + k
        if (input.present[at] === 0) continue
        values[k] = found[k] === 1 ? Number.NaN : (input.values[at] as number)
        found[k] = 1
      }
    }
    return values
  },
}

const vector: VectorFunction = {
  name: 'vector',
  args: ['scalar'],
  returns: 'vector',
  *evaluate(call, steps, evaluation) {
    return Vector.of(Labels.empty, yield* evaluation.scalar(call.args[0] as Expr, steps))
  },
}

/** Orders an instant vector by value, NaN last; results over several steps are ordered by labels anyway. */
function sortFunction(name: string, sign: 1 | -1): VectorFunction {
  return {
    name,
    args: ['vector'],
    returns: 'vector',
    *evaluate(call, steps, evaluation) {
      const input = yield* evaluation.vector(call.args[0] as Expr, steps)
      if (steps.count !== 1) {
        const why = 'sort is ineffective for range queries since results are always ordered by labels'
        evaluation.warn(why, call.span)
        return input
      }
      const { size, labels, values, typed, isNameless } = input
      const all = Array.from({ length: size }, (_, i) => i)
      const compare = (a: number, b: number) => nanLast(values[a] as number, values[b] as number, sign)
      const output = Vector.empty(1, size, isNameless)
      for (const i of yield* sorted(all, compare, evaluation)) {
        if (evaluation.due(1)) yield
        output.values[output.room()] = values[i] as number
        output.keep(labels[i] as Labels, typed?.[i])
      }
      return output
    },
  }
}

export const conversionFunctions: readonly PromqlFunction[] = [
  pi,
  scalar,
  vector,
  sortFunction('sort', 1),
  sortFunction('sort_desc', -1),
]
