import type { Matcher } from '../../model/matcher.ts'
import { functionNamed } from '../../promql/functions/registry.ts'
import { type At, type Expr, isSetOperator } from '../../promql/index.ts'
import { typeOf } from '../../promql/syntax/check.ts'
import { valueText } from './query-json.ts'

/** An expression as the tree that `/api/v1/parse_query` of Prometheus 3 shows. */
export function syntaxTree(expr: Expr): Record<string, unknown> {
  switch (expr.kind) {
    case 'number':
      return { type: 'numberLiteral', val: valueText(expr.value) }
    case 'string':
      return { type: 'stringLiteral', val: expr.value }
    case 'selector': {
      const { name, offsetMs, matchers, at } = expr
      return { type: 'vectorSelector', name, offset: offsetMs, matchers: matchers.map(matcherTree), ...atTree(at) }
    }
    case 'range': {
      const { name, offsetMs, matchers, at } = expr.selector
      const selector = { name, range: expr.rangeMs, offset: offsetMs, matchers: matchers.map(matcherTree) }
      return { type: 'matrixSelector', ...selector, ...atTree(at) }
    }
    case 'subquery': {
      const { rangeMs: range, offsetMs: offset, stepMs: step = 0, at } = expr
      return { type: 'subquery', expr: syntaxTree(expr.expr), range, offset, step, ...atTree(at) }
    }
    case 'paren':
      return { type: 'parenExpr', expr: syntaxTree(expr.expr) }
    case 'unary':
      return { type: 'unaryExpr', op: expr.op, expr: syntaxTree(expr.expr) }
    case 'binary': {
      const { op, left, right, returnBool: bool } = expr
      return { type: 'binaryExpr', op, lhs: syntaxTree(left), rhs: syntaxTree(right), matching: matching(expr), bool }
    }
    case 'aggregate': {
      const { op, param, grouping, without } = expr
      const shown = param === undefined ? null : syntaxTree(param)
      return { type: 'aggregation', op, expr: syntaxTree(expr.expr), param: shown, grouping, without }
    }
    case 'call': {
      const { name, args } = expr
      const signature = functionNamed(name)
      const func = {
        name,
        argTypes: signature?.args ?? [],
        variadic: signature?.variadic ?? 0,
        returnType: signature?.returns ?? 'vector',
      }
      return { type: 'call', func, args: args.map(syntaxTree) }
    }
  }
}

function matching({ op, left, right, matching: { cardinality, labels, on, include } }: Expr & { kind: 'binary' }) {
  if (!isSetOperator(op) && (typeOf(left) === 'scalar' || typeOf(right) === 'scalar')) return null
  return { card: cardinality, labels, on, include }
}

function matcherTree({ name, op, value }: Matcher) {
  return { name, value, type: op }
}

function atTree(at: At | undefined) {
  return {
    timestamp: at?.kind === 'time' ? at.ms : null,
    startOrEnd: at === undefined || at.kind === 'time' ? null : at.kind,
  }
}
