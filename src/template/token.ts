import { TemplateError } from './error.ts'

export type TokenKind =
  | 'text'
  | 'open' // {{
  | 'close' // }}
  | 'space'
  | 'keyword'
  | 'identifier'
  | 'field' // .name
  | 'variable' // $ or $name
  | 'dot'
  | 'string'
  | 'character'
  | 'number'
  | 'bool'
  | 'nil'
  | 'declare' // :=
  | 'assign' // =
  | 'pipe'
  | 'left' // (
  | 'right' // )
  | 'comma'
  | 'end of text'

/** A piece of the source; `text` is as written. */
export interface Token {
  readonly kind: TokenKind
  readonly text: string
  /** Offset into the source. */
  readonly at: number
}

const KEYWORDS = new Set(['block', 'break', 'continue', 'define', 'else', 'end', 'if', 'range', 'template', 'with'])
const SPACE = /[ \t\r\n]+/y
const WORD = /[_\p{L}\p{Nd}]+/uy
const NUMBER =
  /[-+]?(?:0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][-+]?[0-9_]+)?|0[oO][0-7_]+|0[bB][01_]+|[0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9_]+)?)i?/y
const STRING = /"(?:[^"\\\n]|\\[^\n])*"/y
const RAW_STRING = /`[^`]*`/y
const CHARACTER = /'(?:[^'\\\n]|\\[^\n])*'/y

/** Cuts a template into pieces as Go's text/template does, trim markers and comments taken out. */
export function tokenize(source: string): Token[] {
  return new Lexer(source).run()
}

class Lexer {
  readonly #source: string
  readonly #tokens: Token[] = []
  #at = 0

  constructor(source: string) {
    this.#source = source
  }

  run(): Token[] {
    let trimsNext = false
    for (;;) {
      const open = this.#source.indexOf('{{', this.#at)
      const trimsThis = open !== -1 && /^-[ \t\r\n]/.test(this.#source.slice(open + 2, open + 4))
      let text = this.#source.slice(this.#at, open === -1 ? undefined : open)
      const start = trimsNext ? this.#at + text.length - trimStart(text).length : this.#at
      if (trimsNext) text = trimStart(text)
      if (trimsThis) text = trimEnd(text)
      if (text !== '') this.#tokens.push({ kind: 'text', text, at: start })
      if (open === -1) break
      this.#at = open + (trimsThis ? 4 : 2)
      trimsNext = this.#comment(open) ?? this.#action(open)
    }
    this.#tokens.push({ kind: 'end of text', text: '', at: this.#source.length })
    return this.#tokens
  }

  /** True when the comment trims what follows, undefined when there is none. */
  #comment(open: number): boolean | undefined {
    if (!this.#source.startsWith('/*', this.#at)) return undefined
    const end = this.#source.indexOf('*/', this.#at + 2)
    if (end === -1) throw this.#error(open, 'the comment is not closed; end it with */}}')
    const close = /^(?:[ \t\r\n]-)?\}\}/.exec(this.#source.slice(end + 2, end + 6))
    if (close === null) throw this.#error(end, 'a comment has to end with */}}')
    this.#at = end + 2 + close[0].length
    return close[0].length > 2
  }

  #action(open: number): boolean {
    this.#tokens.push({ kind: 'open', text: '{{', at: open })
    let depth = 0
    for (;;) {
      const at = this.#at
      const trims = /^[ \t\r\n]-\}\}/.test(this.#source.slice(at, at + 4))
      if (trims || this.#source.startsWith('}}', at)) {
        if (depth > 0) throw this.#error(at, 'a "(" is not closed')
        this.#tokens.push({ kind: 'close', text: '}}', at })
        this.#at += trims ? 4 : 2
        return trims
      }
      const token = this.#token(open)
      if (token.kind === 'left') depth++
      if (token.kind === 'right' && --depth < 0) throw this.#error(at, 'unexpected ")"')
      this.#tokens.push(token)
      this.#at = at + token.text.length
    }
  }

  #token(open: number): Token {
    const source = this.#source
    const at = this.#at
    const token = (kind: TokenKind, text: string): Token => ({ kind, text, at })
    const character = source[at]
    const next = source[at + 1] ?? ''
    switch (character) {
      case undefined:
        throw this.#error(open, 'this {{ is not closed with }}')
      case ' ':
      case '\t':
      case '\r':
      case '\n':
        return this.#space(at)
      case ':':
        if (next !== '=') throw this.#error(at, 'expected :=')
        return token('declare', ':=')
      case '=':
        return token('assign', '=')
      case '|':
        return token('pipe', '|')
      case ',':
        return token('comma', ',')
      case '(':
        return token('left', '(')
      case ')':
        return token('right', ')')
      case '"':
        return token('string', this.#must(STRING, at, 'the text in quotes is not closed'))
      case '`':
        return token('string', this.#must(RAW_STRING, at, 'the text in back quotes is not closed'))
      case "'":
        return token('character', this.#must(CHARACTER, at, 'the character constant is not closed'))
      case '$':
        return this.#name('variable', at)
      case '.':
        return /[0-9]/.test(next) ? this.#number(at) : this.#name('field', at)
    }
    if (/[-+0-9]/.test(character)) return this.#number(at)
    const word = this.#match(WORD, at)
    if (word === undefined) {
      const shown = String.fromCodePoint(source.codePointAt(at) as number)
      throw this.#error(at, `${JSON.stringify(shown)} does not belong into {{ }}`)
    }
    this.#checkEnd(at + word.length)
    if (KEYWORDS.has(word)) return token('keyword', word)
    return token(word === 'true' || word === 'false' ? 'bool' : word === 'nil' ? 'nil' : 'identifier', word)
  }

  /** The last space before a trim marker belongs to the marker. */
  #space(at: number): Token {
    const text = this.#match(SPACE, at) as string
    const belongs = this.#source.startsWith('-}}', at + text.length) && text.length > 1
    return { kind: 'space', text: belongs ? text.slice(0, -1) : text, at }
  }

  /** `.name` and `$name`, or the sign alone. */
  #name(kind: 'field' | 'variable', at: number): Token {
    const word = this.#match(WORD, at + 1)
    this.#checkEnd(at + 1 + (word?.length ?? 0))
    const text = this.#source.charAt(at) + (word ?? '')
    return { kind: kind === 'field' && word === undefined ? 'dot' : kind, text, at }
  }

  #number(at: number): Token {
    const text = this.#match(NUMBER, at) ?? ''
    const rest = this.#match(WORD, at + text.length)
    if (!/[0-9]/.test(text) || rest !== undefined) {
      throw this.#error(at, `${JSON.stringify(text + (rest ?? ''))} is not a number`)
    }
    return { kind: 'number', text, at }
  }

  /** A name ends at a space, a bracket, a separator or the end of the action. */
  #checkEnd(at: number): void {
    const rest = this.#source.slice(at, at + 2)
    if (rest === '' || rest === '}}' || /^[ \t\r\n.,|:()]/.test(rest)) return
    throw this.#error(at, `unexpected ${JSON.stringify(String.fromCodePoint(rest.codePointAt(0) as number))}`)
  }

  #must(pattern: RegExp, at: number, otherwise: string): string {
    const text = this.#match(pattern, at)
    if (text === undefined) throw this.#error(at, otherwise)
    return text
  }

  #match(pattern: RegExp, at: number): string | undefined {
    pattern.lastIndex = at
    return pattern.exec(this.#source)?.[0]
  }

  #error(at: number, message: string): TemplateError {
    return new TemplateError(this.#source, at, message)
  }
}

const SPACES = ' \t\r\n'

function trimStart(text: string): string {
  let start = 0
  while (start < text.length && SPACES.includes(text.charAt(start))) start++
  return text.slice(start)
}

function trimEnd(text: string): string {
  let end = text.length
  while (end > 0 && SPACES.includes(text.charAt(end - 1))) end--
  return text.slice(0, end)
}
