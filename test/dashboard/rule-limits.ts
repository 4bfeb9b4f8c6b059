import { type Expr, isComparison, parse } from '../../src/promql/index.ts'
import { everything } from './written-dashboard.ts'

/** The numbers with which a rule compares: 172800 for `age > 48 * 3600`. */
export function constantsOf(rule: string): readonly number[] {
  return everything(parse(rule)).flatMap((part) => {
    if (part.kind !== 'binary' || !isComparison(part.op)) return []
    return [part.left, part.right].map(numberOf).filter((value) => value !== undefined)
  })
}

function numberOf(expr: Expr): number | undefined {
  switch (expr.kind) {
    case 'number':
      return expr.value
    case 'paren':
      return numberOf(expr.expr)
    case 'binary': {
      const [left, right] = [numberOf(expr.left), numberOf(expr.right)]
      return expr.op === '*' && left !== undefined && right !== undefined ? left * right : undefined
    }
    default:
      return undefined
  }
}
