import type { Matcher } from '../../model/matcher.ts'
import type { Span } from './position.ts'

/** What an expression yields: one number, one value per series, samples of a range per series, or a text. */
export type ValueType = 'scalar' | 'vector' | 'matrix' | 'string'

export const BINARY_OPERATORS = [
  'or',
  'and',
  'unless',
  '==',
  '!=',
  '<=',
  '<',
  '>=',
  '>',
  '+',
  '-',
  '*',
  '/',
  '%',
  'atan2',
  '^',
] as const
export type BinaryOperator = (typeof BINARY_OPERATORS)[number]

export const AGGREGATIONS = [
  'avg',
  'bottomk',
  'count',
  'count_values',
  'group',
  'max',
  'min',
  'quantile',
  'stddev',
  'stdvar',
  'sum',
  'topk',
] as const
export type Aggregation = (typeof AGGREGATIONS)[number]

/** The `@` modifier: a fixed time, or the query's start or end. */
export type At = { readonly kind: 'time'; readonly ms: number } | { readonly kind: 'start' | 'end' }

export interface NumberLiteral {
  readonly kind: 'number'
  readonly value: number
  /** Written as a duration, such as `5m` for 300. */
  readonly isDuration: boolean
  readonly span: Span
}

export interface StringLiteral {
  readonly kind: 'string'
  readonly value: string
  readonly span: Span
}

/** Picks series: `name{label="value"}`. */
export interface VectorSelector {
  readonly kind: 'selector'
  /** The metric name in front of the braces, or ''. */
  readonly name: string
  /** All conditions, that on the name included. */
  readonly matchers: readonly Matcher[]
  /** Moves the selection back by this many milliseconds; negative: forward. */
  readonly offsetMs: number
  readonly at: At | undefined
  readonly span: Span
}

/** `selector[range]`; offset and `@` are the selector's. */
export interface RangeSelector {
  readonly kind: 'range'
  readonly selector: VectorSelector
  readonly rangeMs: number
  readonly span: Span
}

/** `expr[range:step]`. */
export interface Subquery {
  readonly kind: 'subquery'
  readonly expr: Expr
  readonly rangeMs: number
  /** Undefined: the default step of whoever evaluates. */
  readonly stepMs: number | undefined
  readonly offsetMs: number
  readonly at: At | undefined
  readonly span: Span
}

export interface Paren {
  readonly kind: 'paren'
  readonly expr: Expr
  readonly span: Span
}

export interface Unary {
  readonly kind: 'unary'
  readonly op: '+' | '-'
  readonly expr: Expr
  readonly span: Span
}

/** How samples of two vectors find each other. */
export interface Matching {
  readonly cardinality: 'one-to-one' | 'many-to-one' | 'one-to-many' | 'many-to-many'
  /** True: only `labels` count; false: all but `labels`. */
  readonly on: boolean
  readonly labels: readonly string[]
  /** Labels that `group_left` or `group_right` copies from the one side. */
  readonly include: readonly string[]
  /** Whether `on` or `ignoring` was written. */
  readonly explicit: boolean
}

export interface Binary {
  readonly kind: 'binary'
  readonly op: BinaryOperator
  readonly left: Expr
  readonly right: Expr
  readonly returnBool: boolean
  readonly matching: Matching
  readonly operatorSpan: Span
  readonly span: Span
}

export interface Aggregate {
  readonly kind: 'aggregate'
  readonly op: Aggregation
  readonly expr: Expr
  /** k of topk, q of quantile, the label of count_values. */
  readonly param: Expr | undefined
  readonly without: boolean
  readonly grouping: readonly string[]
  readonly span: Span
}

export interface Call {
  readonly kind: 'call'
  readonly name: string
  readonly args: readonly Expr[]
  readonly span: Span
}

/** A parsed query: an immutable value that can be evaluated any number of times. */
export type Expr =
  | NumberLiteral
  | StringLiteral
  | VectorSelector
  | RangeSelector
  | Subquery
  | Paren
  | Unary
  | Binary
  | Aggregate
  | Call

export function isComparison(op: BinaryOperator): boolean {
  return op === '==' || op === '!=' || op === '<=' || op === '<' || op === '>=' || op === '>'
}

export function isSetOperator(op: BinaryOperator): boolean {
  return op === 'and' || op === 'or' || op === 'unless'
}

/** The expression without the parentheses around it. */
export function unwrapParens(expr: Expr): Expr {
  let inner = expr
  while (inner.kind === 'paren') inner = inner.expr
  return inner
}

/** The expressions directly inside this one. */
export function children(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case 'number':
    case 'string':
    case 'selector':
      return []
    case 'range':
      return [expr.selector]
    case 'subquery':
    case 'paren':
    case 'unary':
      return [expr.expr]
    case 'binary':
      return [expr.left, expr.right]
    case 'aggregate':
      return expr.param === undefined ? [expr.expr] : [expr.param, expr.expr]
    case 'call':
      return expr.args
  }
}

/** Every expression of the tree, this one first, outer before inner, left before right. */
export function* walk(expr: Expr): Generator<Expr> {
  yield expr
  for (const child of children(expr)) yield* walk(child)
}

/** A selector of a query with the range it looks back. */
export interface SelectorUse {
  readonly selector: VectorSelector
  /** The range in `[…]`; 0 for an instant selector. */
  readonly rangeMs: number
}

/** Every selector of a query, left to right. */
export function selectors(expr: Expr): readonly SelectorUse[] {
  if (expr.kind === 'selector') return [{ selector: expr, rangeMs: 0 }]
  if (expr.kind === 'range') return [{ selector: expr.selector, rangeMs: expr.rangeMs }]
  return children(expr).flatMap(selectors)
}
