import { decodeBytes } from './text.ts'

export type TokenKind = 'number' | 'duration' | 'string' | 'identifier' | 'operator' | 'end' | 'invalid'

/** One word of a query. */
export interface Token {
  readonly kind: TokenKind
  /** As written; for a string its content; for what is `invalid` the reason. */
  readonly text: string
  readonly start: number
  readonly end: number
}

const SPACE = /[ \t\r\n]+/y
const COMMENT = /#[^\r\n]*/y
const HEXADECIMAL = /0[xX]_?[0-9a-fA-F](?:_?[0-9a-fA-F])*/y
const DECIMAL = /(?:\d(?:_?\d)*(?:\.(?:\d(?:_?\d)*)?)?|\.\d(?:_?\d)*)(?:[eE][+-]?\d(?:_?\d)*)?/y
const DURATION = /(?:\d+(?:ms|[smhdwy]))+/y
const METRIC = /[A-Za-z_:][\w:]*/y
const NAME = /[A-Za-z_]\w*/y
const OPERATOR = /==|!=|<=|>=|=~|!~|[-+*/%^<>=@,(){}[\]:]/y
const WORD_CHARACTER = /\w/

/**
 * Splits a query into words, without comments and white space. The last one is `end`, or `invalid` where the text cannot
 * be read on: what is wrong further left is for the parser to tell first.
 */
export function lex(text: string): readonly Token[] {
  return new Lexer(text).run()
}

class InvalidText extends Error {
  readonly at: number

  constructor(at: number, message: string) {
    super(message)
    this.at = at
  }
}

class Lexer {
  readonly #text: string
  readonly #tokens: Token[] = []
  readonly #open: string[] = []
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  run(): readonly Token[] {
    try {
      this.#words()
    } catch (error) {
      if (!(error instanceof InvalidText)) throw error
      this.#tokens.push({ kind: 'invalid', text: error.message, start: error.at, end: error.at })
    }
    return this.#tokens
  }

  #words(): void {
    const text = this.#text
    while (true) {
      this.#match(SPACE)
      if (this.#at >= text.length) break
      const char = text[this.#at] as string
      const next = text[this.#at + 1] ?? ''
      if (char === '#') this.#match(COMMENT)
      else if (char === '"' || char === "'" || char === '`') this.#string(char)
      else if (isDigit(char) || (char === '.' && isDigit(next))) this.#number()
      else if (!this.#word(char)) this.#operator(char)
    }
    const unclosed = this.#open.at(-1)
    if (unclosed !== undefined) this.#fail(text.length, `unclosed left ${BRACKET_NAMES[unclosed]}`)
    this.#tokens.push({ kind: 'end', text: '', start: text.length, end: text.length })
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0]
    if (found !== undefined) this.#at += found.length
    return found
  }

  #push(kind: TokenKind, start: number, text = this.#text.slice(start, this.#at)): void {
    this.#tokens.push({ kind, text, start, end: this.#at })
  }

  #fail(at: number, message: string): never {
    throw new InvalidText(at, message)
  }

  #word(char: string): boolean {
    const start = this.#at
    const inside = this.#open.at(-1)
    if (inside === '[' && char === ':') return false
    const word = this.#match(inside === '{' || inside === '[' ? NAME : METRIC)
    if (word === undefined) return false
    // Inside braces `inf` is a label name like any other.
    const isNumber = inside !== '{' && /^(?:inf|nan)$/i.test(word)
    this.#push(isNumber ? 'number' : 'identifier', start)
    return true
  }

  #number(): void {
    const start = this.#at
    for (const [kind, pattern] of [
      ['number', HEXADECIMAL],
      ['number', DECIMAL],
      ['duration', DURATION],
    ] as const) {
      if (this.#match(pattern) !== undefined && !WORD_CHARACTER.test(this.#text[this.#at] ?? ' ')) {
        this.#push(kind, start)
        return
      }
      this.#at = start
    }
    const written = /^[\w.]+/.exec(this.#text.slice(start))?.[0] ?? ''
    this.#fail(start, `bad number or duration syntax: "${written}"`)
  }

  #operator(char: string): void {
    const start = this.#at
    const operator = this.#match(OPERATOR)
    if (operator === undefined) this.#fail(start, `unexpected character: ${JSON.stringify(char)}`)
    if (operator === '(' || operator === '[' || operator === '{') this.#open.push(operator)
    else if (operator === ')' || operator === ']' || operator === '}') {
      const opened = this.#open.pop()
      if (opened !== CLOSES[operator]) {
        this.#fail(start, `unexpected right ${BRACKET_NAMES[CLOSES[operator]]} "${operator}"`)
      }
    }
    this.#push('operator', start)
  }

  #string(quote: string): void {
    const text = this.#text
    const start = this.#at
    const content = new StringContent()
    for (let i = start + 1; ; ) {
      const char = text[i]
      if (char === undefined || (char === '\n' && quote !== '`')) {
        this.#fail(start, quote === '`' ? 'unterminated raw string' : 'unterminated quoted string')
      }
      if (char === quote) {
        this.#at = i + 1
        break
      }
      if (char === '\\' && quote !== '`') {
        i = this.#escape(i, quote, content)
        continue
      }
      const codePoint = text.codePointAt(i) as number
      if (codePoint === 0xfffd || (codePoint >= 0xd800 && codePoint < 0xe000)) this.#fail(i, 'invalid UTF-8 rune')
      const width = codePoint > 0xffff ? 2 : 1
      // In a raw string a carriage return counts as written; Go drops it.
      if (!(char === '\r' && quote === '`')) content.addText(text.slice(i, i + width))
      i += width
    }
    this.#push('string', start, content.toString())
  }

  /** Reads the escape at `start` into `content` and returns the offset behind it. */
  #escape(start: number, quote: string, content: StringContent): number {
    const text = this.#text
    const char = text[start + 1]
    if (char === undefined) this.#fail(start, 'escape sequence not terminated')
    if (char === quote || char === '\\') {
      content.addText(char)
      return start + 2
    }
    const simple = SIMPLE_ESCAPES[char]
    if (simple !== undefined) {
      content.addText(simple)
      return start + 2
    }
    const form = NUMERIC_ESCAPES.find(([lead]) => lead.test(char))
    if (form === undefined) this.#fail(start, `unknown escape sequence \\${char}`)
    const [, skip, digits, base] = form
    const from = start + 1 + skip
    const written = text.slice(from, from + digits)
    const valid = base === 8 ? /^[0-7]*$/ : /^[0-9a-fA-F]*$/
    if (!valid.test(written) || written.length < digits) {
      this.#fail(start, `illegal or missing digit in escape sequence \\${char}`)
    }
    const value = Number.parseInt(written, base)
    if (skip === 1 && digits > 2) {
      if (value > 0x10ffff || (value >= 0xd800 && value < 0xe000)) {
        this.#fail(start, 'escape sequence is an invalid Unicode code point')
      }
      content.addText(String.fromCodePoint(value))
    } else {
      if (value > 255) this.#fail(start, 'octal escape above \\377')
      content.addByte(value)
    }
    return from + digits
  }
}

/** A string under construction: text until the first escaped byte from 0x80 on, bytes from then on. */
class StringContent {
  #text = ''
  #bytes: number[] | undefined

  addText(text: string): void {
    if (this.#bytes === undefined) this.#text += text
    else this.#bytes.push(...new TextEncoder().encode(text))
  }

  addByte(byte: number): void {
    if (byte < 0x80) {
      this.addText(String.fromCharCode(byte))
      return
    }
    this.#bytes ??= [...new TextEncoder().encode(this.#text)]
    this.#bytes.push(byte)
  }

  toString(): string {
    return this.#bytes === undefined ? this.#text : decodeBytes(this.#bytes)
  }
}

const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
}

/** First character, characters to skip, digits, base. */
const NUMERIC_ESCAPES = [
  [/[0-7]/, 0, 3, 8],
  [/x/, 1, 2, 16],
  [/u/, 1, 4, 16],
  [/U/, 1, 8, 16],
] as const

const CLOSES = { ')': '(', ']': '[', '}': '{' } as const
const BRACKET_NAMES: Readonly<Record<string, string>> = { '(': 'parenthesis', '[': 'bracket', '{': 'brace' }

function isDigit(char: string): boolean {
  return char >= '0' && char <= '9'
}
