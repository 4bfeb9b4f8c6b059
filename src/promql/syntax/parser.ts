import {
  AGGREGATIONS,
  type Aggregation,
  type At,
  BINARY_OPERATORS,
  type BinaryOperator,
  type Expr,
  type Matching,
} from './ast.ts'
import { functionCalled, typeOf } from './check.ts'
import { readOffset, readRange } from './duration.ts'
import type { Token } from './lex.ts'
import { binaryOperator, isOperator, isWord, TokenReader } from './reader.ts'
import { readSelector } from './selector.ts'

/**
 * Binds tighter the larger. A sign binds as `*` does, so `-1 ^ 2` is `-(1 ^ 2)`; `offset`, `@` and `[…]` bind tightest,
 * so `a - b offset 1w` moves only `b`.
 */
const PRECEDENCE: Readonly<Record<BinaryOperator, number>> = {
  or: 1,
  and: 2,
  unless: 2,
  '==': 3,
  '!=': 3,
  '<=': 3,
  '<': 3,
  '>=': 3,
  '>': 3,
  '+': 4,
  '-': 4,
  '*': 5,
  '/': 5,
  '%': 5,
  atan2: 5,
  '^': 6,
}
/** What stands behind a sign: only `^` binds tighter. */
const OPERAND_OF_SIGN = 6

/** Words that cannot be a metric name, since a query could not tell what is meant. */
const RESERVED = new Set(['atan2', 'bool', 'group_left', 'group_right', 'ignoring', 'on'])
const AGGREGATION_NAMES = new Set<string>(AGGREGATIONS)
const OPERATOR_NAMES = new Set<string>(BINARY_OPERATORS)
/** A chain of operators is as deep a tree as it is long. */
const MAX_OPERATORS = 2000

/**
 * Reads the syntax of a query; what it means is not looked at.
 *
 * @throws PromqlError of kind `parse`
 */
export function parseSyntax(text: string): Expr {
  return new Parser(text).parse()
}

const NO_MATCHING: Matching = { cardinality: 'one-to-one', on: false, labels: [], include: [], explicit: false }

function isScalar(left: Expr, right: Expr): boolean {
  return typeOf(left) === 'scalar' || typeOf(right) === 'scalar'
}

class Parser {
  readonly #in: TokenReader
  /** Selectors and subqueries that carry an `offset` already. */
  readonly #moved = new WeakSet<Expr>()
  #operators = 0

  constructor(text: string) {
    this.#in = new TokenReader(text)
  }

  parse(): Expr {
    if (this.#in.peek().kind === 'end') this.#in.fail(this.#in.peek(), 'no expression found in input')
    const expr = this.#binary(0)
    if (this.#in.peek().kind !== 'end') this.#in.unexpected('', '')
    return expr
  }

  // -- expressions ----------------------------------------------------------------------------------------------------

  #binary(atLeast: number): Expr {
    this.#in.enter()
    let left = this.#unary()
    while (true) {
      const token = this.#in.peek()
      const op = binaryOperator(token)
      if (op === undefined || PRECEDENCE[op] < atLeast) break
      this.#in.next()
      if (++this.#operators > MAX_OPERATORS) this.#in.fail(token, `expression has more than ${MAX_OPERATORS} operators`)
      const { returnBool, matching } = this.#binaryModifiers()
      const right = this.#binary(op === '^' ? PRECEDENCE[op] : PRECEDENCE[op] + 1)
      // `a > on () 2` has nothing to match by and nothing to match: it is taken, and means `a > 2`.
      const isIdle = matching.explicit && matching.labels.length === 0 && isScalar(left, right)
      const operatorSpan = this.#in.span(token.start, token.end)
      left = {
        kind: 'binary',
        op,
        left,
        right,
        returnBool,
        matching: isIdle ? NO_MATCHING : matching,
        operatorSpan,
        span: this.#in.span(left.span.start, right.span.end),
      }
    }
    this.#in.leave()
    return left
  }

  #unary(): Expr {
    const token = this.#in.peek()
    if (!isOperator(token, '+') && !isOperator(token, '-')) return this.#postfix(this.#primary())
    this.#in.next()
    const expr = this.#binary(OPERAND_OF_SIGN)
    const span = this.#in.span(token.start, expr.span.end)
    if (expr.kind === 'number') return { ...expr, value: token.text === '-' ? -expr.value : expr.value, span }
    return { kind: 'unary', op: token.text as '+' | '-', expr, span }
  }

  #binaryModifiers(): { returnBool: boolean; matching: Matching } {
    const returnBool = this.#in.takeWord('bool')
    const on = this.#in.takeWord('on')
    const explicit = on || this.#in.takeWord('ignoring')
    if (!explicit) return { returnBool, matching: NO_MATCHING }
    const labels = this.#in.labelList()
    const left = this.#in.takeWord('group_left')
    const right = !left && this.#in.takeWord('group_right')
    const cardinality = left ? 'many-to-one' : right ? 'one-to-many' : 'one-to-one'
    const include = (left || right) && isOperator(this.#in.peek(), '(') ? this.#in.labelList() : []
    const fill = this.#in.peek()
    if (isWord(fill, 'fill', 'fill_left', 'fill_right') && isOperator(this.#in.peek(1), '(')) {
      this.#in.fail(fill, `${fill.text.toLowerCase()}() is experimental and not supported`)
    }
    return { returnBool, matching: { cardinality, on, labels, include, explicit } }
  }

  #primary(): Expr {
    const token = this.#in.next()
    const span = this.#in.span(token.start, token.end)
    switch (token.kind) {
      case 'number':
      case 'duration':
        return { kind: 'number', value: this.#in.numeric(token), isDuration: token.kind === 'duration', span }
      case 'string':
        return { kind: 'string', value: token.text, span }
      case 'identifier':
        return this.#named(token)
      case 'operator':
        if (token.text === '(') {
          const expr = this.#binary(0)
          const close = this.#in.expect(')', 'parenthesized expression')
          return { kind: 'paren', expr, span: this.#in.span(token.start, close.end) }
        }
        if (token.text === '{') return readSelector(this.#in, '', token)
        break
      case 'end':
      case 'invalid':
        break
    }
    this.#in.back()
    return this.#in.unexpected('', 'an expression')
  }

  #named(token: Token): Expr {
    const word = token.text.toLowerCase()
    const next = this.#in.peek()
    const opens = isOperator(next, '(')
    if ((word === 'limitk' || word === 'limit_ratio') && (opens || isWord(next, 'by', 'without'))) {
      this.#in.fail(token, `${word}() is experimental and not supported`)
    }
    if (AGGREGATION_NAMES.has(word) && (opens || isWord(next, 'by', 'without'))) {
      return this.#aggregate(token, word as Aggregation)
    }
    if (RESERVED.has(word)) {
      this.#in.back()
      this.#in.unexpected('', 'an expression')
    }
    if (opens && !OPERATOR_NAMES.has(word)) return this.#call(token)
    return readSelector(this.#in, token.text, token)
  }

  #call(token: Token): Expr {
    // Told before anything that is wrong further right: in `maxwithout (x) (y)` it is the name.
    functionCalled(token.text, this.#in.spanOf(token))
    const { args, end } = this.#arguments()
    return { kind: 'call', name: token.text, args, span: this.#in.span(token.start, end) }
  }

  #arguments(): { args: readonly Expr[]; end: number } {
    this.#in.expect('(', 'function call')
    const args: Expr[] = []
    if (isOperator(this.#in.peek(), ')')) return { args, end: this.#in.next().end }
    while (true) {
      args.push(this.#binary(0))
      const token = this.#in.peek()
      if (isOperator(token, ',')) {
        this.#in.next()
        if (isOperator(this.#in.peek(), ')')) this.#in.fail(token, 'trailing commas not allowed in function call args')
        continue
      }
      return { args, end: this.#in.expect(')', 'function call').end }
    }
  }

  #aggregate(token: Token, op: Aggregation): Expr {
    let modifier = this.#grouping()
    const { args, end: argsEnd } = this.#arguments()
    let end = argsEnd
    if (modifier === undefined) {
      modifier = this.#grouping()
      if (modifier !== undefined) end = this.#in.lastEnd
    }
    const span = this.#in.span(token.start, end)
    const wanted = op === 'topk' || op === 'bottomk' || op === 'quantile' || op === 'count_values' ? 2 : 1
    if (args.length === 0) this.#in.failAt(span, 'no arguments for aggregate expression provided')
    if (args.length !== wanted) {
      const counts = `expected ${wanted}, got ${args.length}`
      this.#in.failAt(span, `wrong number of arguments for aggregate expression provided, ${counts}`)
    }
    const { without = false, grouping = [] } = modifier ?? {}
    const param = wanted === 2 ? args[0] : undefined
    return { kind: 'aggregate', op, expr: args[wanted - 1] as Expr, param, without, grouping, span }
  }

  #grouping(): { without: boolean; grouping: readonly string[] } | undefined {
    if (this.#in.takeWord('by')) return { without: false, grouping: this.#in.labelList() }
    if (this.#in.takeWord('without')) return { without: true, grouping: this.#in.labelList() }
    return undefined
  }

  // -- what follows an expression -------------------------------------------------------------------------------------

  #postfix(start: Expr): Expr {
    let expr = start
    while (true) {
      const token = this.#in.peek()
      if (isOperator(token, '[')) expr = this.#bracket(expr)
      else if (isOperator(token, '@')) expr = this.#atModifier(expr)
      else if (isWord(token, 'offset')) expr = this.#offset(expr)
      else if (isWord(token, 'anchored', 'smoothed')) {
        this.#in.fail(token, `the ${token.text.toLowerCase()} modifier is experimental and not supported`)
      } else return expr
    }
  }

  #bracket(expr: Expr): Expr {
    const open = this.#in.next()
    const rangeMs = readRange(this.#in, 'subquery or range')
    if (isOperator(this.#in.peek(), ':')) {
      this.#in.next()
      const stepMs = isOperator(this.#in.peek(), ']') ? undefined : readRange(this.#in, 'subquery selector')
      const { end } = this.#in.expect(']', 'subquery selector')
      const span = this.#in.span(expr.span.start, end)
      return { kind: 'subquery', expr, rangeMs, stepMs, offsetMs: 0, at: undefined, span }
    }
    const { end } = this.#in.expect(']', 'subquery or range', '":" or "]"')
    const brackets = this.#in.span(open.start, end)
    if (expr.kind !== 'selector') this.#in.failAt(brackets, 'ranges only allowed for vector selectors')
    if (this.#moved.has(expr)) this.#in.failAt(brackets, 'no offset modifiers allowed before range')
    if (expr.at !== undefined) this.#in.failAt(brackets, 'no @ modifiers allowed before range')
    return { kind: 'range', selector: expr, rangeMs, span: this.#in.span(expr.span.start, end) }
  }

  #offset(expr: Expr): Expr {
    this.#in.next()
    const offsetMs = readOffset(this.#in)
    if (expr.kind !== 'selector' && expr.kind !== 'range' && expr.kind !== 'subquery') {
      const kinds = 'an instant vector selector or range vector selector or a subquery'
      this.#in.failAt(expr.span, `offset modifier must be preceded by ${kinds}`)
    }
    if (this.#moved.has(expr)) this.#in.failAt(expr.span, 'offset may not be set multiple times')
    const moved = this.#modified(expr, { offsetMs }, this.#in.lastEnd)
    this.#moved.add(moved)
    return moved
  }

  #atModifier(expr: Expr): Expr {
    this.#in.next()
    const sign = this.#in.peekIsSign() ? this.#in.takeSign() : undefined
    const token = this.#in.next()
    let at: At
    if (token.kind === 'number' || token.kind === 'duration') {
      const seconds = (sign ?? 1) * this.#in.numeric(token)
      const ms = Math.round(seconds * 1000)
      if (!(Math.abs(ms) < 2 ** 63)) this.#in.failAt(expr.span, `timestamp out of bounds for @ modifier: ${seconds}`)
      at = { kind: 'time', ms }
    } else if (sign === undefined && isWord(token, 'start', 'end') && isOperator(this.#in.peek(), '(')) {
      this.#in.next()
      this.#in.expect(')', '@')
      at = { kind: token.text.toLowerCase() as 'start' | 'end' }
    } else {
      this.#in.back()
      return this.#in.unexpected('@', 'timestamp')
    }
    if (expr.kind !== 'selector' && expr.kind !== 'range' && expr.kind !== 'subquery') {
      const kinds = 'an instant vector selector or range vector selector or a subquery'
      this.#in.failAt(expr.span, `@ modifier must be preceded by ${kinds}`)
    }
    const before = expr.kind === 'range' ? expr.selector.at : expr.at
    if (before !== undefined) this.#in.failAt(expr.span, '@ <timestamp> may not be set multiple times')
    const fixed = this.#modified(expr, { at }, this.#in.lastEnd)
    if (this.#moved.has(expr)) this.#moved.add(fixed)
    return fixed
  }

  #modified(
    expr: Expr & { kind: 'selector' | 'range' | 'subquery' },
    change: { offsetMs: number } | { at: At },
    end: number,
  ): Expr {
    const span = this.#in.span(expr.span.start, end)
    if (expr.kind === 'range') return { ...expr, selector: { ...expr.selector, ...change }, span }
    return { ...expr, ...change, span }
  }
}
