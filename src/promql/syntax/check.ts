import { PromqlError } from '../error.ts'
import { functionNamed, refusedFunctions } from '../functions/registry.ts'
import type { PromqlFunction } from '../functions/signature.ts'
import type { Aggregate, Binary, Call, Expr, ValueType, VectorSelector } from './ast.ts'
import { isComparison, isSetOperator } from './ast.ts'
import type { Span } from './position.ts'
import { quoteText } from './text.ts'

/** Types in the words of Prometheus' documentation. */
export const TYPE_NAMES: Readonly<Record<ValueType, string>> = {
  scalar: 'scalar',
  vector: 'instant vector',
  matrix: 'range vector',
  string: 'string',
}

/** What an expression yields. */
export function typeOf(expr: Expr): ValueType {
  switch (expr.kind) {
    case 'number':
      return 'scalar'
    case 'string':
      return 'string'
    case 'selector':
    case 'aggregate':
      return 'vector'
    case 'range':
    case 'subquery':
      return 'matrix'
    case 'paren':
    case 'unary':
      return typeOf(expr.expr)
    case 'binary':
      return typeOf(expr.left) === 'scalar' && typeOf(expr.right) === 'scalar' ? 'scalar' : 'vector'
    case 'call':
      return functionNamed(expr.name)?.returns ?? 'vector'
  }
}

/**
 * Checks types, argument counts and everything else that makes a well-formed text a meaningful query.
 *
 * @returns what the expression yields
 * @throws PromqlError of kind `parse`
 */
export function check(expr: Expr): ValueType {
  switch (expr.kind) {
    case 'number':
      return 'scalar'
    case 'string':
      return 'string'
    case 'selector':
      checkSelector(expr)
      return 'vector'
    case 'range':
      checkSelector(expr.selector)
      return 'matrix'
    case 'subquery': {
      const type = check(expr.expr)
      if (type !== 'vector') {
        fail(expr.span, `subquery is only allowed on instant vector, got ${TYPE_NAMES[type]} instead`)
      }
      return 'matrix'
    }
    case 'paren':
      return check(expr.expr)
    case 'unary': {
      const type = check(expr.expr)
      if (type !== 'scalar' && type !== 'vector') {
        const allowed = 'expressions of type scalar or instant vector'
        fail(expr.span, `unary expression only allowed on ${allowed}, got "${TYPE_NAMES[type]}"`)
      }
      return type
    }
    case 'binary':
      return checkBinary(expr)
    case 'aggregate':
      return checkAggregate(expr)
    case 'call':
      return checkCall(expr)
  }
}

function checkSelector({ matchers, span }: VectorSelector): void {
  // Without this a typo would select every series there is.
  if (matchers.every((matcher) => matcher.matches(''))) {
    fail(span, 'vector selector must contain at least one non-empty matcher')
  }
}

function checkBinary(expr: Binary): ValueType {
  const { op, matching, operatorSpan, span } = expr
  const left = check(expr.left)
  const right = check(expr.right)
  if (expr.returnBool && !isComparison(op)) {
    fail(operatorSpan, 'bool modifier can only be used on comparison operators')
  }
  if (isComparison(op) && !expr.returnBool && left === 'scalar' && right === 'scalar') {
    fail(operatorSpan, 'comparisons between scalars must use BOOL modifier')
  }
  const inBoth = matching.on ? matching.include.find((label) => matching.labels.includes(label)) : undefined
  if (inBoth !== undefined) {
    fail(operatorSpan, `label ${quoteText(inBoth)} must not occur in ON and GROUP clause at once`)
  }
  for (const [type, side] of [
    [left, expr.left],
    [right, expr.right],
  ] as const) {
    if (type !== 'scalar' && type !== 'vector') {
      fail(side.span, 'binary expression must contain only scalar and instant vector types')
    }
  }
  const vectors = left === 'vector' && right === 'vector'
  if (!vectors && matching.labels.length > 0) {
    fail(span, 'vector matching only allowed between instant vectors')
  }
  if (isSetOperator(op)) {
    if (!vectors) fail(span, `set operator "${op}" not allowed in binary scalar expression`)
    if (matching.cardinality === 'many-to-one' || matching.cardinality === 'one-to-many') {
      fail(span, `no grouping allowed for "${op}" operation`)
    }
  }
  return left === 'scalar' && right === 'scalar' ? 'scalar' : 'vector'
}

function checkAggregate({ op, expr, param }: Aggregate): ValueType {
  expectType(expr, 'vector', 'aggregation expression')
  if (param !== undefined) expectType(param, op === 'count_values' ? 'string' : 'scalar', 'aggregation parameter')
  return 'vector'
}

/**
 * The function that a call names.
 *
 * @throws PromqlError of kind `parse` when there is none, or one that is refused
 */
export function functionCalled(name: string, span: Span): PromqlFunction {
  const fn = functionNamed(name)
  if (fn !== undefined) return fn
  const reason = refusedFunctions.get(name)
  fail(span, reason === undefined ? `unknown function with name ${quoteText(name)}` : `${name}() ${reason}`)
}

function checkCall({ name, args, span }: Call): ValueType {
  const fn = functionCalled(name, span)
  const { args: types, variadic = 0 } = fn
  const least = variadic === 0 ? types.length : types.length - 1
  const most = variadic < 0 ? Number.POSITIVE_INFINITY : least + variadic
  if (args.length < least || args.length > most) {
    const bound = variadic === 0 ? '' : args.length < least ? 'at least ' : 'at most '
    const count = args.length < least ? least : most
    fail(span, `expected ${bound}${count} argument(s) in call to "${name}", got ${args.length}`)
  }
  for (const [i, arg] of args.entries()) {
    const wanted = types[Math.min(i, types.length - 1)] as ValueType
    expectType(arg, wanted, `call to function "${name}"`)
  }
  return fn.returns
}

function expectType(expr: Expr, wanted: ValueType, context: string): void {
  const type = check(expr)
  if (type !== wanted) fail(expr.span, `expected type ${TYPE_NAMES[wanted]} in ${context}, got ${TYPE_NAMES[type]}`)
}

function fail(span: Span, message: string): never {
  throw new PromqlError('parse', message, span)
}
