import type { Labels } from '../../model/labels.ts'
import { numberColumn } from '../evaluate/columns.ts'
import type { Evaluation } from '../evaluate/evaluation.ts'
import { calculated, Vector } from '../evaluate/vector.ts'
import type { Work } from '../evaluate/work.ts'
import type { Expr, ValueType } from '../syntax/ast.ts'
import type { VectorFunction } from './signature.ts'

interface InstantOptions {
  /** Scalar arguments after the vector. */
  readonly scalars?: number
  /** The last scalar may be left out and is this then. */
  readonly defaultScalar?: number
  /** Whether a sample stays at all, given the scalars. */
  readonly keeps?: (a: number, b: number) => boolean
}

/** A function that changes every sample's value by itself, and drops the metric's name. */
export function instantFunction(
  name: string,
  change: (value: number, a: number, b: number) => number,
  { scalars = 0, defaultScalar, keeps }: InstantOptions = {},
): VectorFunction {
  const args: ValueType[] = ['vector', ...Array.from({ length: scalars }, () => 'scalar' as const)]
  return {
    name,
    args,
    ...(defaultScalar === undefined ? {} : { variadic: 1 }),
    returns: 'vector',
    *evaluate(call, steps, evaluation) {
      let input = yield* evaluation.vector(call.args[0] as Expr, steps)
      const [a, b] = [call.args[1], call.args[2]]
      const first = a === undefined ? undefined : yield* evaluation.scalar(a, steps)
      const second = b === undefined ? undefined : yield* evaluation.scalar(b, steps)
      const { count } = steps
      if (keeps !== undefined && first !== undefined && second !== undefined) {
        input = yield* stepsKept(input, (k) => keeps(first[k] as number, second[k] as number), evaluation)
      }
      const { size, values, present } = input
      const changed = numberColumn(size * count)
      for (let i = 0; i < size; i++) {
        if (evaluation.due(count)) yield
        for (let k = 0; k < count; k++) {
          const at = i * count + k
          const one = first === undefined ? (defaultScalar ?? 0) : (first[k] as number)
          changed[at] = change(values[at] as number, one, second === undefined ? 0 : (second[k] as number))
        }
      }
      return yield* calculated(call, input, changed, present, evaluation)
    },
  }
}

/** The vector without the steps that do not stay. */
function* stepsKept(input: Vector, stays: (step: number) => boolean, evaluation: Evaluation): Work<Vector> {
  const { steps, size, labels, typed, isNameless } = input
  const kept = Uint8Array.from({ length: steps }, (_, k) => (stays(k) ? 1 : 0))
  if (!kept.includes(0)) return input
  const output = Vector.empty(steps, size, isNameless)
  for (let i = 0; i < size; i++) {
    if (evaluation.due(steps / 4)) yield
    const to = output.room()
    let found = false
    for (let k = 0; k < steps; k++) {
      const from = i * steps + k
      if (kept[k] === 0 || input.present[from] === 0) continue
      output.values[to + k] = input.values[from] as number
      output.present[to + k] = 1
      found = true
    }
    if (found) output.keep(labels[i] as Labels, typed?.[i])
  }
  return output
}
