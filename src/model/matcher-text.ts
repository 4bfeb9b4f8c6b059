import { unquoteGo } from '../lib/go-quote.ts'
import { show } from '../lib/show.ts'
import { createMatcher, type Matcher, type MatchOp } from './matcher.ts'
import { RegexError } from './regex.ts'

/** A text holds no matchers; the message says what is wrong and what to write instead. */
export class MatcherTextError extends Error {
  override readonly name = 'MatcherTextError'
}

const EXAMPLE = 'severity="critical"'

interface Parts {
  readonly name: string
  readonly op: MatchOp
  readonly value: string
}

/**
 * Reads matchers as Alertmanager does: `severity="critical", team=~"a|b"`, with or without braces around them. Its classic
 * syntax is tried first and then the one for any UTF-8 name (`"a b"="c"`), which together take what either of them takes.
 *
 * @returns in the order of the text; none for an empty text
 * @throws MatcherTextError
 * @see https://prometheus.io/docs/alerting/latest/configuration/#matcher
 */
export function parseMatchers(text: string): Matcher[] {
  const parts = classic(text) ?? new Utf8Reader(text).matchers()
  if (parts === undefined) throw new MatcherTextError(complaint(text))
  return parts.map(({ name, op, value }) => {
    try {
      return createMatcher(name, op, value)
    } catch (error) {
      if (!(error instanceof RegexError)) throw error
      throw new MatcherTextError(`${show(value)} is ${error.message}; write one such as "a|b"`, { cause: error })
    }
  })
}

/** The space characters of RE2's `\s`. */
const CLASSIC = /^[\t\n\f\r ]*([a-zA-Z_:][a-zA-Z0-9_:]*)[\t\n\f\r ]*(=~|=|!=|!~)[\t\n\f\r ]*(.*?)[\t\n\f\r ]*$/s

function classic(text: string): Parts[] | undefined {
  const tokens = splitAtCommas(text.replace(/^\{/, '').replace(/\}$/, ''))
  const parts: Parts[] = []
  for (const token of tokens) {
    const [, name = '', op, raw = ''] = CLASSIC.exec(token) ?? []
    const value = op === undefined ? undefined : classicValue(raw)
    if (value === undefined) return undefined
    parts.push({ name, op: op as MatchOp, value })
  }
  return parts
}

/** At commas outside of quotes; what is empty behind the last comma is no token. */
function splitAtCommas(text: string): string[] {
  const tokens: string[] = []
  let token = ''
  let isQuoted = false
  let isEscaped = false
  for (const sign of text) {
    if (sign === ',' && !isQuoted) {
      tokens.push(token)
      token = ''
      continue
    }
    if (sign === '"') {
      if (!isEscaped) isQuoted = !isQuoted
      isEscaped = false
    } else isEscaped = sign === '\\' && !isEscaped
    token += sign
  }
  if (token.trim() !== '') tokens.push(token)
  return tokens
}

/** Quotes may be left out; a backslash that escapes nothing is one. Undefined when a quote stands where it can't. */
function classicValue(raw: string): string | undefined {
  const isQuoted = raw.startsWith('"')
  const text = isQuoted ? raw.slice(1) : raw
  let value = ''
  for (let i = 0; i < text.length; i++) {
    const sign = text.charAt(i)
    if (sign === '"') return isQuoted && i === text.length - 1 ? value : undefined
    if (sign !== '\\' || i === text.length - 1) {
      value += sign
      continue
    }
    i++
    const next = text.charAt(i)
    value += next === 'n' ? '\n' : next === '"' || next === '\\' ? next : `\\${next}`
  }
  return isQuoted ? undefined : value
}

const SPACE = /[\s\x85]*/uy
const WORD = /[^\s\x85{}!=~,\\"'`]+/uy
const QUOTED = /"(?:[^"\\\n]|\\[^\n])*"/uy
const OPERATOR = /=~|!~|!=|=/y

/** The grammar that takes any UTF-8 text as a label's name. */
class Utf8Reader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  /** Undefined when the text is something else. */
  matchers(): Parts[] | undefined {
    const parts: Parts[] = []
    const isOpen = this.#accept('{')
    while (!this.#isAtEnd() && !this.#sees('}')) {
      const part = this.#matcher()
      if (part === undefined) return undefined
      parts.push(part)
      if (!this.#accept(',')) break
    }
    if (isOpen && !this.#accept('}')) return undefined
    return this.#isAtEnd() ? parts : undefined
  }

  #matcher(): Parts | undefined {
    const name = this.#nameOrValue()
    const op = this.#take(OPERATOR) as MatchOp | undefined
    const value = op === undefined ? undefined : this.#nameOrValue()
    if (name === undefined || name === '' || op === undefined || value === undefined) return undefined
    return { name, op, value }
  }

  #nameOrValue(): string | undefined {
    const quoted = this.#take(QUOTED)
    return quoted === undefined ? this.#take(WORD) : unquoteGo(quoted)
  }

  #take(pattern: RegExp): string | undefined {
    this.#skipSpace()
    pattern.lastIndex = this.#at
    const text = pattern.exec(this.#text)?.[0]
    this.#at += text?.length ?? 0
    return text
  }

  #accept(sign: string): boolean {
    const isThere = this.#sees(sign)
    if (isThere) this.#at++
    return isThere
  }

  #sees(sign: string): boolean {
    this.#skipSpace()
    return this.#text.startsWith(sign, this.#at)
  }

  #isAtEnd(): boolean {
    this.#skipSpace()
    return this.#at >= this.#text.length
  }

  #skipSpace(): void {
    SPACE.lastIndex = this.#at
    this.#at += SPACE.exec(this.#text)?.[0].length ?? 0
  }
}

function complaint(text: string): string {
  const [, name, value] = /^\s*\{?\s*([a-zA-Z_][\w]*)\s*(?:==|:)\s*"?([^"]*?)"?\s*\}?\s*$/.exec(text) ?? []
  if (name !== undefined) return `${show(text)} is not a matcher; write ${name}=${JSON.stringify(value)}`
  if ((text.match(/(?<!\\)"/g)?.length ?? 0) % 2 === 1)
    return `${show(text)} has a quote that is not closed; write ${EXAMPLE}`
  return `${show(text)} is not a matcher; write a name, one of = != =~ !~ and a value in quotes, such as ${EXAMPLE}`
}
