import type { Condition } from '../model/measure.ts'
import { type Binary, type Expr, isComparison, unwrapParens } from '../promql/index.ts'

/**
 * What the values of an alerting expression are held against: `> 0.1` of `sum(…) > 0.1 and …`.
 *
 * @returns undefined where the value is no side of a comparison with a fixed number
 */
export function conditionOf(expr: Expr): Condition | undefined {
  const outer = unwrapParens(expr)
  if (outer.kind !== 'binary' || outer.returnBool) return undefined
  // What they give is the left side's.
  if (outer.op === 'and' || outer.op === 'unless') return conditionOf(outer.left)
  if (!isComparison(outer.op)) return undefined
  const op = outer.op as Condition['op']
  const right = constant(outer.right)
  if (right !== undefined) return { op, bound: right }
  const left = constant(outer.left)
  return left === undefined ? undefined : { op: MIRRORED[op], bound: left }
}

const MIRRORED: Readonly<Record<Condition['op'], Condition['op']>> = {
  '>': '<',
  '>=': '<=',
  '<': '>',
  '<=': '>=',
  '==': '==',
  '!=': '!=',
}

function constant(expr: Expr): number | undefined {
  const inner = unwrapParens(expr)
  switch (inner.kind) {
    case 'number':
      return inner.value
    case 'unary': {
      const value = constant(inner.expr)
      return value === undefined ? undefined : inner.op === '-' ? -value : value
    }
    case 'binary':
      return arithmetic(inner)
    default:
      return undefined
  }
}

function arithmetic({ op, left, right }: Binary): number | undefined {
  const [a, b] = [constant(left), constant(right)]
  if (a === undefined || b === undefined) return undefined
  switch (op) {
    case '+':
      return a + b
    case '-':
      return a - b
    case '*':
      return a * b
    case '/':
      return a / b
    default:
      return undefined
  }
}
