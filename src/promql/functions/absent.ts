import { Labels, METRIC_NAME } from '../../model/labels.ts'
import type { Evaluation } from '../evaluate/evaluation.ts'
import { Vector } from '../evaluate/vector.ts'
import type { Work } from '../evaluate/work.ts'
import { type Expr, unwrapParens } from '../syntax/ast.ts'
import type { VectorFunction } from './signature.ts'

/**
 * The labels that the result of `absent` can know: those that a plain selector asks for with `=`, each once. A label
 * that is asked for twice or otherwise is left out, and so is the name.
 */
export function labelsOfAbsent(expr: Expr): Labels {
  const selector = expr.kind === 'range' ? expr.selector : expr
  if (selector.kind !== 'selector') return Labels.empty
  const wanted = new Map<string, string>()
  const seen = new Set<string>()
  for (const { name, op, value } of selector.matchers) {
    if (name === METRIC_NAME) continue
    if (op === '=' && !seen.has(name)) {
      wanted.set(name, value)
      seen.add(name)
    } else wanted.delete(name)
  }
  return Labels.of(wanted)
}

/** 1 at every step at which none of the series has a value. */
export function* whereAbsent(vector: Vector, labels: Labels, evaluation: Evaluation): Work<Vector> {
  const { size, steps, present } = vector
  const absent = Vector.empty(steps, 1)
  let found = false
  for (let k = 0; k < steps; k++) {
    let i = 0
    while (i < size && present[i * steps + k] === 0) i++
    if (evaluation.due(1 + i / 8)) yield
    if (i < size) continue
    absent.values[k] = 1
    absent.present[k] = 1
    found = true
  }
  if (found) absent.keep(labels)
  return absent
}

/** 1 at every step at which the vector is empty. */
export const absent: VectorFunction = {
  name: 'absent',
  args: ['vector'],
  returns: 'vector',
  *evaluate(call, steps, evaluation) {
    const arg = unwrapParens(call.args[0] as Expr)
    return yield* whereAbsent(yield* evaluation.vector(arg, steps), labelsOfAbsent(arg), evaluation)
  },
}
