import { Labels, METRIC_NAME } from '../../model/labels.ts'
import { constantlyPresent } from '../evaluate/series.ts'
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

/** 1 at every step at which the vector is empty. */
export const absent: VectorFunction = {
  name: 'absent',
  args: ['vector'],
  returns: 'vector',
  async evaluate(call, steps, evaluation) {
    const arg = unwrapParens(call.args[0] as Expr)
    const input = await evaluation.vector(arg, steps)
    const result = constantlyPresent(labelsOfAbsent(arg), new Float64Array(steps.count).fill(1))
    for (const { present } of input) {
      for (let i = 0; i < steps.count; i++) if (present[i] === 1) result.present[i] = 0
    }
    return result.present.includes(1) ? [result] : []
  },
}
