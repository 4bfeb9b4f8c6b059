import { PromqlError } from '../error.ts'
import { BINARY_OPERATORS, type BinaryOperator } from './ast.ts'
import { lex, type Token } from './lex.ts'
import { parseDurationLiteral, parseNumber } from './number.ts'
import { Positions, type Span } from './position.ts'
import { isLabelName, quoteText } from './text.ts'

/** Deep enough for any query a person writes, shallow enough for every stack. */
const MAX_DEPTH = 500
const OPERATOR_NAMES = new Set<string>(BINARY_OPERATORS)

/** Walks over the words of a query; what is not as expected ends with an error that says where and what instead. */
export class TokenReader {
  readonly #tokens: readonly Token[]
  readonly #positions: Positions
  #at = 0
  #depth = 0

  constructor(text: string) {
    this.#tokens = lex(text)
    this.#positions = new Positions(text)
  }

  /** The end of the word read last. */
  get lastEnd(): number {
    return (this.#tokens[this.#at - 1] as Token).end
  }

  /** To be called where an expression begins; `leave` where it ends. */
  enter(): void {
    if (++this.#depth > MAX_DEPTH) this.fail(this.peek(), `expression is nested more than ${MAX_DEPTH} levels deep`)
  }

  leave(): void {
    this.#depth--
  }

  /** Unreads one word. */
  back(): void {
    this.#at--
  }

  span(start: number, end: number): Span {
    return this.#positions.span(start, end)
  }

  spanOf(token: Token): Span {
    return this.#positions.span(token.start, token.end)
  }

  /** Seconds for a duration. */
  numeric(token: Token): number {
    if (token.kind === 'duration') {
      const ms = parseDurationLiteral(token.text)
      if (typeof ms === 'string') this.fail(token, ms)
      return ms / 1000
    }
    const value = parseNumber(token.text)
    if (value === undefined) this.fail(token, `error parsing number: ${quoteText(token.text)}: value out of range`)
    return value
  }

  peekIsSign(): boolean {
    return isOperator(this.peek(), '+') || isOperator(this.peek(), '-')
  }

  takeSign(): 1 | -1 {
    if (!this.peekIsSign()) return 1
    return this.next().text === '-' ? -1 : 1
  }

  peek(ahead = 0): Token {
    return (this.#tokens[this.#at + ahead] ?? this.#tokens.at(-1)) as Token
  }

  next(): Token {
    const token = this.peek()
    this.#at++
    return token
  }

  takeWord(word: string): boolean {
    if (!isWord(this.peek(), word)) return false
    this.#at++
    return true
  }

  expect(operator: string, context: string, wanted = `"${operator}"`): Token {
    if (!isOperator(this.peek(), operator)) this.unexpected(context, wanted)
    return this.next()
  }

  unexpected(context: string, expected: string): never {
    const token = this.peek()
    if (token.kind === 'invalid') this.fail(token, token.text)
    const inContext = context === '' ? '' : ` in ${context}`
    const wanted = expected === '' ? '' : `, expected ${expected}`
    return this.fail(token, `unexpected ${describe(token)}${inContext}${wanted}`)
  }

  fail(token: Token, message: string): never {
    return this.failAt(this.span(token.start, token.end), message)
  }

  failAt(span: Span, message: string): never {
    throw new PromqlError('parse', message, span)
  }

  /** Reads `(a, b)`, names of labels. */
  labelList(): readonly string[] {
    this.expect('(', 'grouping opts')
    const labels: string[] = []
    while (!isOperator(this.peek(), ')')) {
      const token = this.next()
      // A colon is allowed without quotes here, though not inside braces: `sum by (a:b) (x)`.
      if (token.kind !== 'identifier' && token.kind !== 'string') {
        this.back()
        this.unexpected('grouping opts', 'label')
      }
      if (!isLabelName(token.text)) {
        this.fail(token, `invalid label name for grouping: ${quoteText(token.text)}`)
      }
      labels.push(token.text)
      if (isOperator(this.peek(), ',')) this.next()
      else if (!isOperator(this.peek(), ')')) this.unexpected('grouping opts', '"," or ")"')
    }
    this.next()
    return labels
  }
}

export function isOperator(token: Token, text: string): boolean {
  return token.kind === 'operator' && token.text === text
}

export function isWord(token: Token, ...words: readonly string[]): boolean {
  return token.kind === 'identifier' && words.includes(token.text.toLowerCase())
}

export function binaryOperator(token: Token): BinaryOperator | undefined {
  if (token.kind !== 'operator' && token.kind !== 'identifier') return undefined
  const name = token.text.toLowerCase()
  return OPERATOR_NAMES.has(name) ? (name as BinaryOperator) : undefined
}

function describe(token: Token): string {
  if (token.kind === 'end') return 'end of input'
  if (token.kind === 'operator') return OPERATOR_NAMES.has(token.text) ? `<op:${token.text}>` : `"${token.text}"`
  return `${token.kind} ${quoteText(token.text)}`
}
