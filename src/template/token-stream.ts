import { unquoteGo } from '../lib/go-quote.ts'
import { TemplateError } from './error.ts'
import { type Token, type TokenKind, tokenize } from './token.ts'

/** Brackets and blocks inside of each other; far beyond what anybody writes by hand. */
const MAX_NESTING = 100

/** The tokens of a template, read from the first to the last. */
export class TokenStream {
  readonly source: string
  readonly #tokens: readonly Token[]
  #at = 0
  #nesting = 0

  constructor(source: string) {
    this.source = source
    this.#tokens = tokenize(source)
  }

  /** Where the next token can be read again from. */
  get position(): number {
    return this.#at
  }

  rewind(position: number): void {
    this.#at = position
  }

  /** Where the token before this one ends. */
  get lastEnd(): number {
    const last = this.#tokens[this.#at - 1]
    return last === undefined ? 0 : last.at + last.text.length
  }

  expect(kind: TokenKind, context: string): void {
    this.skipSpace()
    const token = this.next()
    if (token.kind !== kind) throw this.error(token, `unexpected ${show(token)} in ${context}`)
  }

  peek(): Token {
    return this.#tokens[this.#at] as Token
  }

  next(): Token {
    const token = this.#tokens[this.#at] as Token
    if (token.kind !== 'end of text') this.#at++
    return token
  }

  skipSpace(): void {
    while (this.peek().kind === 'space') this.#at++
  }

  /** The text that a quoted token stands for. */
  unquote(token: Token): string {
    const text = unquoteGo(token.text)
    if (text === undefined) throw this.error(token, `${token.text} has an escape that Go does not know`)
    return text
  }

  /** Reads something that can hold more of its kind. */
  nested<T>(token: Token, read: () => T): T {
    if (this.#nesting >= MAX_NESTING) throw this.error(token, `more than ${MAX_NESTING} levels of nesting`)
    this.#nesting++
    const result = read()
    this.#nesting--
    return result
  }

  error({ at }: { readonly at: number }, message: string): TemplateError {
    return new TemplateError(this.source, at, message)
  }
}

/** A token as errors show it. */
export function show({ kind, text }: Token): string {
  return kind === 'end of text' ? 'the end of the text' : JSON.stringify(text)
}
