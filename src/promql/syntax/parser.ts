import { METRIC_NAME } from '../../model/labels.ts'
import { createMatcher, type Matcher, type MatchOp } from '../../model/matcher.ts'
import { RegexError } from '../../model/regex.ts'
import { PromqlError } from '../error.ts'
import {
  AGGREGATIONS,
  type Aggregation,
  type At,
  BINARY_OPERATORS,
  type BinaryOperator,
  type Expr,
  type Matching,
} from './ast.ts'
import { lex, type Token } from './lex.ts'
import { MAX_DURATION_MS, parseDurationLiteral, parseNumber } from './number.ts'
import { Positions, type Span } from './position.ts'
import { isLabelName, quoteText } from './text.ts'

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
const MATCH_OPERATORS = new Set<string>(['=', '!=', '=~', '!~'])
/** Deep enough for any query a person writes, shallow enough for every stack. */
const MAX_DEPTH = 500
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

class Parser {
  readonly #tokens: readonly Token[]
  readonly #positions: Positions
  /** Selectors and subqueries that carry an `offset` already. */
  readonly #moved = new WeakSet<Expr>()
  #at = 0
  #depth = 0
  #operators = 0

  constructor(text: string) {
    this.#tokens = lex(text)
    this.#positions = new Positions(text)
  }

  parse(): Expr {
    if (this.#peek().kind === 'end') this.#fail(this.#peek(), 'no expression found in input')
    const expr = this.#binary(0)
    if (this.#peek().kind !== 'end') this.#unexpected('', '')
    return expr
  }

  // -- expressions ----------------------------------------------------------------------------------------------------

  #binary(atLeast: number): Expr {
    if (++this.#depth > MAX_DEPTH) this.#fail(this.#peek(), `expression is nested more than ${MAX_DEPTH} levels deep`)
    let left = this.#unary()
    while (true) {
      const token = this.#peek()
      const op = binaryOperator(token)
      if (op === undefined || PRECEDENCE[op] < atLeast) break
      this.#next()
      if (++this.#operators > MAX_OPERATORS) this.#fail(token, `expression has more than ${MAX_OPERATORS} operators`)
      const modifiers = this.#binaryModifiers()
      const right = this.#binary(op === '^' ? PRECEDENCE[op] : PRECEDENCE[op] + 1)
      const operatorSpan = this.#positions.span(token.start, token.end)
      left = { kind: 'binary', op, left, right, ...modifiers, operatorSpan, span: this.#between(left, right) }
    }
    this.#depth--
    return left
  }

  #unary(): Expr {
    const token = this.#peek()
    if (!isOperator(token, '+') && !isOperator(token, '-')) return this.#postfix(this.#primary())
    this.#next()
    const expr = this.#binary(OPERAND_OF_SIGN)
    const span = this.#positions.span(token.start, expr.span.end)
    if (expr.kind === 'number') return { ...expr, value: token.text === '-' ? -expr.value : expr.value, span }
    return { kind: 'unary', op: token.text as '+' | '-', expr, span }
  }

  #binaryModifiers(): { returnBool: boolean; matching: Matching } {
    const returnBool = this.#takeWord('bool')
    const on = this.#takeWord('on')
    const explicit = on || this.#takeWord('ignoring')
    if (!explicit) {
      return { returnBool, matching: { cardinality: 'one-to-one', on: false, labels: [], include: [], explicit } }
    }
    const labels = this.#labelList()
    const left = this.#takeWord('group_left')
    const right = !left && this.#takeWord('group_right')
    const cardinality = left ? 'many-to-one' : right ? 'one-to-many' : 'one-to-one'
    const include = (left || right) && isOperator(this.#peek(), '(') ? this.#labelList() : []
    const fill = this.#peek()
    if (isWord(fill, 'fill', 'fill_left', 'fill_right') && isOperator(this.#peek(1), '(')) {
      this.#fail(fill, `${fill.text.toLowerCase()}() is experimental and not supported`)
    }
    return { returnBool, matching: { cardinality, on, labels, include, explicit } }
  }

  #primary(): Expr {
    const token = this.#next()
    const span = this.#positions.span(token.start, token.end)
    switch (token.kind) {
      case 'number':
      case 'duration':
        return { kind: 'number', value: this.#numeric(token), isDuration: token.kind === 'duration', span }
      case 'string':
        return { kind: 'string', value: token.text, span }
      case 'identifier':
        return this.#named(token)
      case 'operator':
        if (token.text === '(') {
          const expr = this.#binary(0)
          const close = this.#expect(')', 'parenthesized expression')
          return { kind: 'paren', expr, span: this.#positions.span(token.start, close.end) }
        }
        if (token.text === '{') return this.#selector('', token)
        break
      case 'end':
      case 'invalid':
        break
    }
    this.#at--
    return this.#unexpected('', 'an expression')
  }

  #named(token: Token): Expr {
    const word = token.text.toLowerCase()
    const next = this.#peek()
    const opens = isOperator(next, '(')
    if ((word === 'limitk' || word === 'limit_ratio') && (opens || isWord(next, 'by', 'without'))) {
      this.#fail(token, `${word}() is experimental and not supported`)
    }
    if (AGGREGATION_NAMES.has(word) && (opens || isWord(next, 'by', 'without'))) {
      return this.#aggregate(token, word as Aggregation)
    }
    if (RESERVED.has(word)) {
      this.#at--
      this.#unexpected('', 'an expression')
    }
    if (opens && !OPERATOR_NAMES.has(word)) return this.#call(token)
    return this.#selector(token.text, token)
  }

  #call(token: Token): Expr {
    if (token.text.includes(':')) this.#fail(token, `unknown function with name ${quoteText(token.text)}`)
    const { args, end } = this.#arguments()
    return { kind: 'call', name: token.text, args, span: this.#positions.span(token.start, end) }
  }

  #arguments(): { args: readonly Expr[]; end: number } {
    this.#expect('(', 'function call')
    const args: Expr[] = []
    if (isOperator(this.#peek(), ')')) return { args, end: this.#next().end }
    while (true) {
      args.push(this.#binary(0))
      const token = this.#peek()
      if (isOperator(token, ',')) {
        this.#next()
        if (isOperator(this.#peek(), ')')) this.#fail(token, 'trailing commas not allowed in function call args')
        continue
      }
      return { args, end: this.#expect(')', 'function call').end }
    }
  }

  #aggregate(token: Token, op: Aggregation): Expr {
    let modifier = this.#grouping()
    const { args, end: argsEnd } = this.#arguments()
    let end = argsEnd
    if (modifier === undefined) {
      modifier = this.#grouping()
      if (modifier !== undefined) end = (this.#tokens[this.#at - 1] as Token).end
    }
    const span = this.#positions.span(token.start, end)
    const wanted = op === 'topk' || op === 'bottomk' || op === 'quantile' || op === 'count_values' ? 2 : 1
    if (args.length === 0) this.#failAt(span, 'no arguments for aggregate expression provided')
    if (args.length !== wanted) {
      const counts = `expected ${wanted}, got ${args.length}`
      this.#failAt(span, `wrong number of arguments for aggregate expression provided, ${counts}`)
    }
    const { without = false, grouping = [] } = modifier ?? {}
    const param = wanted === 2 ? args[0] : undefined
    return { kind: 'aggregate', op, expr: args[wanted - 1] as Expr, param, without, grouping, span }
  }

  #grouping(): { without: boolean; grouping: readonly string[] } | undefined {
    if (this.#takeWord('by')) return { without: false, grouping: this.#labelList() }
    if (this.#takeWord('without')) return { without: true, grouping: this.#labelList() }
    return undefined
  }

  #labelList(): readonly string[] {
    this.#expect('(', 'grouping opts')
    const labels: string[] = []
    while (!isOperator(this.#peek(), ')')) {
      const token = this.#next()
      const isName = token.kind === 'identifier' ? !token.text.includes(':') : token.kind === 'string'
      if (!isName && !(token.kind === 'number' && /^[a-z]/i.test(token.text))) {
        this.#at--
        this.#unexpected('grouping opts', 'label')
      }
      if (!isLabelName(token.text)) {
        this.#fail(token, `invalid label name for grouping: ${quoteText(token.text)}`)
      }
      labels.push(token.text)
      if (isOperator(this.#peek(), ',')) this.#next()
      else if (!isOperator(this.#peek(), ')')) this.#unexpected('grouping opts', '"," or ")"')
    }
    this.#next()
    return labels
  }

  // -- selectors ------------------------------------------------------------------------------------------------------

  #selector(name: string, first: Token): Expr {
    const matchers: Matcher[] = []
    let end = first.end
    if (name === '' || isOperator(this.#peek(), '{')) {
      if (name !== '') this.#next()
      while (!isOperator(this.#peek(), '}')) {
        matchers.push(this.#matcher(name, matchers))
        if (isOperator(this.#peek(), ',')) this.#next()
        else if (!isOperator(this.#peek(), '}')) this.#unexpected('label matching', '"," or "}"')
      }
      end = this.#next().end
    }
    const span = this.#positions.span(first.start, end)
    if (name !== '') {
      const twice = matchers.find((matcher) => matcher.name === METRIC_NAME)
      if (twice !== undefined) {
        this.#failAt(span, `metric name must not be set twice: ${quoteText(name)} or ${quoteText(twice.value)}`)
      }
      matchers.push(createMatcher(METRIC_NAME, '=', name))
    }
    return { kind: 'selector', name, matchers, offsetMs: 0, at: undefined, span }
  }

  #matcher(name: string, before: readonly Matcher[]): Matcher {
    const label = this.#next()
    if (label.kind !== 'identifier' && label.kind !== 'string') {
      this.#at--
      this.#unexpected('label matching', 'identifier or "}"')
    }
    const op = this.#peek()
    if (op.kind !== 'operator' || !MATCH_OPERATORS.has(op.text)) {
      if (label.kind !== 'string') this.#unexpected('label matching', 'label matching operator')
      // A string alone is the metric's name: {"http.requests"}.
      const set = name !== '' ? name : before.find((matcher) => matcher.name === METRIC_NAME)?.value
      if (set !== undefined) {
        this.#fail(label, `metric name must not be set twice: ${quoteText(set)} or ${quoteText(label.text)}`)
      }
      return createMatcher(METRIC_NAME, '=', label.text)
    }
    this.#next()
    const value = this.#next()
    if (value.kind !== 'string') {
      this.#at--
      this.#unexpected('label matching', 'string')
    }
    if (!isLabelName(label.text)) this.#fail(label, `invalid label name: ${quoteText(label.text)}`)
    try {
      return createMatcher(label.text, op.text as MatchOp, value.text)
    } catch (error) {
      if (error instanceof RegexError) this.#fail(label, error.message)
      throw error
    }
  }

  // -- what follows an expression -------------------------------------------------------------------------------------

  #postfix(start: Expr): Expr {
    let expr = start
    while (true) {
      const token = this.#peek()
      if (isOperator(token, '[')) expr = this.#bracket(expr)
      else if (isOperator(token, '@')) expr = this.#atModifier(expr)
      else if (isWord(token, 'offset')) expr = this.#offset(expr)
      else if (isWord(token, 'anchored', 'smoothed')) {
        this.#fail(token, `the ${token.text.toLowerCase()} modifier is experimental and not supported`)
      } else return expr
    }
  }

  #bracket(expr: Expr): Expr {
    const open = this.#next()
    const rangeMs = this.#positiveDuration('subquery or range')
    if (isOperator(this.#peek(), ':')) {
      this.#next()
      const stepMs = isOperator(this.#peek(), ']') ? undefined : this.#positiveDuration('subquery selector')
      const { end } = this.#expect(']', 'subquery selector')
      const span = this.#positions.span(expr.span.start, end)
      return { kind: 'subquery', expr, rangeMs, stepMs, offsetMs: 0, at: undefined, span }
    }
    const { end } = this.#expect(']', 'subquery or range', '":" or "]"')
    const brackets = this.#positions.span(open.start, end)
    if (expr.kind !== 'selector') this.#failAt(brackets, 'ranges only allowed for vector selectors')
    if (this.#moved.has(expr)) this.#failAt(brackets, 'no offset modifiers allowed before range')
    if (expr.at !== undefined) this.#failAt(brackets, 'no @ modifiers allowed before range')
    return { kind: 'range', selector: expr, rangeMs, span: this.#positions.span(expr.span.start, end) }
  }

  #offset(expr: Expr): Expr {
    this.#next()
    const sign = this.#takeSign()
    const token = this.#next()
    if (token.kind !== 'number' && token.kind !== 'duration') {
      this.#at--
      this.#unexpected('offset', 'duration')
    }
    const offsetMs = sign * this.#milliseconds(token)
    if (expr.kind !== 'selector' && expr.kind !== 'range' && expr.kind !== 'subquery') {
      const kinds = 'an instant vector selector or range vector selector or a subquery'
      this.#failAt(expr.span, `offset modifier must be preceded by ${kinds}`)
    }
    if (this.#moved.has(expr)) this.#failAt(expr.span, 'offset may not be set multiple times')
    const moved = this.#modified(expr, { offsetMs }, token.end)
    this.#moved.add(moved)
    return moved
  }

  #atModifier(expr: Expr): Expr {
    this.#next()
    const sign = this.#peekIsSign() ? this.#takeSign() : undefined
    const token = this.#next()
    let at: At
    if (token.kind === 'number' || token.kind === 'duration') {
      const seconds = (sign ?? 1) * this.#numeric(token)
      const ms = Math.round(seconds * 1000)
      if (!(Math.abs(ms) < 2 ** 63)) this.#failAt(expr.span, `timestamp out of bounds for @ modifier: ${seconds}`)
      at = { kind: 'time', ms }
    } else if (sign === undefined && isWord(token, 'start', 'end') && isOperator(this.#peek(), '(')) {
      this.#next()
      this.#expect(')', '@')
      at = { kind: token.text.toLowerCase() as 'start' | 'end' }
    } else {
      this.#at--
      return this.#unexpected('@', 'timestamp')
    }
    if (expr.kind !== 'selector' && expr.kind !== 'range' && expr.kind !== 'subquery') {
      const kinds = 'an instant vector selector or range vector selector or a subquery'
      this.#failAt(expr.span, `@ modifier must be preceded by ${kinds}`)
    }
    const before = expr.kind === 'range' ? expr.selector.at : expr.at
    if (before !== undefined) this.#failAt(expr.span, '@ <timestamp> may not be set multiple times')
    const fixed = this.#modified(expr, { at }, (this.#tokens[this.#at - 1] as Token).end)
    if (this.#moved.has(expr)) this.#moved.add(fixed)
    return fixed
  }

  #modified(
    expr: Expr & { kind: 'selector' | 'range' | 'subquery' },
    change: { offsetMs: number } | { at: At },
    end: number,
  ): Expr {
    const span = this.#positions.span(expr.span.start, end)
    if (expr.kind === 'range') return { ...expr, selector: { ...expr.selector, ...change }, span }
    return { ...expr, ...change, span }
  }

  // -- numbers --------------------------------------------------------------------------------------------------------

  /** Seconds for a duration. */
  #numeric(token: Token): number {
    if (token.kind === 'duration') {
      const ms = parseDurationLiteral(token.text)
      if (typeof ms === 'string') this.#fail(token, ms)
      return ms / 1000
    }
    const value = parseNumber(token.text)
    if (value === undefined) this.#fail(token, `error parsing number: ${quoteText(token.text)}: value out of range`)
    return value
  }

  #milliseconds(token: Token): number {
    const ms = this.#numeric(token) * 1000
    if (!(Math.abs(ms) <= MAX_DURATION_MS)) this.#fail(token, 'duration out of range')
    return Math.trunc(Math.round(ms * 1e6) / 1e6)
  }

  #positiveDuration(context: string): number {
    const negative = this.#peekIsSign() && this.#takeSign() < 0
    const token = this.#next()
    if (token.kind !== 'number' && token.kind !== 'duration') {
      this.#at--
      if (isOperator(token, '(') || token.kind === 'identifier') {
        this.#fail(token, 'experimental duration expression is not supported; write a duration such as 5m')
      }
      this.#unexpected(context, 'number or duration')
    }
    const value = this.#numeric(token)
    if (negative || !(value > 0)) this.#fail(token, 'duration must be greater than 0')
    const operator = this.#peek()
    if (operator.kind === 'operator' && '+-*/%^'.includes(operator.text)) {
      this.#fail(operator, 'experimental duration expression is not supported; write a duration such as 5m')
    }
    return this.#milliseconds(token)
  }

  #peekIsSign(): boolean {
    return isOperator(this.#peek(), '+') || isOperator(this.#peek(), '-')
  }

  #takeSign(): 1 | -1 {
    if (!this.#peekIsSign()) return 1
    return this.#next().text === '-' ? -1 : 1
  }

  // -- tokens ---------------------------------------------------------------------------------------------------------

  #peek(ahead = 0): Token {
    return (this.#tokens[this.#at + ahead] ?? this.#tokens.at(-1)) as Token
  }

  #next(): Token {
    const token = this.#peek()
    this.#at++
    return token
  }

  #takeWord(word: string): boolean {
    if (!isWord(this.#peek(), word)) return false
    this.#at++
    return true
  }

  #expect(operator: string, context: string, wanted = `"${operator}"`): Token {
    if (!isOperator(this.#peek(), operator)) this.#unexpected(context, wanted)
    return this.#next()
  }

  #between(left: Expr, right: Expr): Span {
    return this.#positions.span(left.span.start, right.span.end)
  }

  #unexpected(context: string, expected: string): never {
    const token = this.#peek()
    if (token.kind === 'invalid') this.#fail(token, token.text)
    const inContext = context === '' ? '' : ` in ${context}`
    const wanted = expected === '' ? '' : `, expected ${expected}`
    return this.#fail(token, `unexpected ${describe(token)}${inContext}${wanted}`)
  }

  #fail(token: Token, message: string): never {
    return this.#failAt(this.#positions.span(token.start, token.end), message)
  }

  #failAt(span: Span, message: string): never {
    throw new PromqlError('parse', message, span)
  }
}

function isOperator(token: Token, text: string): boolean {
  return token.kind === 'operator' && token.text === text
}

function isWord(token: Token, ...words: readonly string[]): boolean {
  return token.kind === 'identifier' && words.includes(token.text.toLowerCase())
}

function binaryOperator(token: Token): BinaryOperator | undefined {
  if (token.kind !== 'operator' && token.kind !== 'identifier') return undefined
  const name = token.text.toLowerCase()
  return OPERATOR_NAMES.has(name) ? (name as BinaryOperator) : undefined
}

function describe(token: Token): string {
  if (token.kind === 'end') return 'end of input'
  if (token.kind === 'operator') return OPERATOR_NAMES.has(token.text) ? `<op:${token.text}>` : `"${token.text}"`
  return `${token.kind} ${quoteText(token.text)}`
}
