import { functionNamed } from '../functions/registry.ts'
import { children, type Expr } from '../syntax/ast.ts'

const known = new WeakMap<Expr, boolean>()

/** True when an expression has the same result at every step, because `@` fixes everything that it selects. */
export function isStepInvariant(expr: Expr): boolean {
  let invariant = known.get(expr)
  if (invariant === undefined) {
    invariant = decide(expr)
    known.set(expr, invariant)
  }
  return invariant
}

function decide(expr: Expr): boolean {
  switch (expr.kind) {
    case 'selector':
      return expr.at !== undefined
    case 'range':
      return expr.selector.at !== undefined
    case 'subquery':
      return expr.at !== undefined
    case 'call':
      if (functionNamed(expr.name)?.timeDependent === true) return false
      return expr.args.every(isStepInvariant)
    case 'number':
    case 'string':
      return true
    case 'paren':
    case 'unary':
    case 'binary':
    case 'aggregate':
      return children(expr).every(isStepInvariant)
  }
}
