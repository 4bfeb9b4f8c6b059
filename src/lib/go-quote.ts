const ESCAPES: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
}

/** What Go calls printable: letters, marks, numbers, punctuation, symbols and the ASCII space. */
export function isPrintable(character: string): boolean {
  return /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(character)
}

/**
 * Writes a text as Go's `strconv.Quote` does, in double quotes.
 *
 * @param options.ascii everything beyond ASCII becomes `\u…`, as `%+q` does
 * @param options.quote `'` for a single character, as `%q` writes an integer
 */
export function quoteGo(text: string, options: { readonly ascii?: boolean; readonly quote?: '"' | "'" } = {}): string {
  const { ascii = false, quote = '"' } = options
  let quoted = quote as string
  for (const character of text) {
    const code = character.codePointAt(0) as number
    if (character === quote) quoted += `\\${quote}`
    else if (ESCAPES[character] !== undefined) quoted += ESCAPES[character]
    else if (code < 0x80 || !ascii ? isPrintable(character) : false) quoted += character
    else if (code < 0x20 || code === 0x7f) quoted += `\\x${hex(code, 2)}`
    else if (code < 0x10000) quoted += `\\u${hex(code, 4)}`
    else quoted += `\\U${hex(code, 8)}`
  }
  return quoted + quote
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0')
}

const PLAIN: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
}
const NUMERIC = /^(?:x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))/

/**
 * Reads a Go literal with its quotes: `"…"` or `'…'` with escapes, or a raw one in back quotes.
 *
 * @returns undefined when the literal is not valid Go
 */
export function unquoteGo(literal: string): string | undefined {
  const quote = literal[0]
  const inner = literal.slice(1, -1)
  if (literal.length < 2 || literal.at(-1) !== quote) return undefined
  if (quote === '`') return inner.includes('`') ? undefined : inner.replaceAll('\r', '')
  if ((quote !== '"' && quote !== "'") || inner.includes('\n')) return undefined
  const parts: Buffer[] = []
  for (let i = 0; i < inner.length; ) {
    const character = String.fromCodePoint(inner.codePointAt(i) as number)
    if (character === quote) return undefined
    if (character !== '\\') {
      parts.push(Buffer.from(character))
      i += character.length
      continue
    }
    const escaped = readEscape(inner.slice(i + 1, i + 10), quote)
    if (escaped === undefined) return undefined
    parts.push(escaped.bytes)
    i += 1 + escaped.length
  }
  return Buffer.concat(parts).toString('utf8')
}

/** Bytes and not text, since `"\xc3\xa4"` is one letter. */
function readEscape(rest: string, quote: string): { bytes: Buffer; length: number } | undefined {
  const first = rest[0] ?? ''
  const plain = first === quote ? quote : PLAIN[first]
  if (plain !== undefined) return { bytes: Buffer.from(plain), length: 1 }
  const match = NUMERIC.exec(rest)
  if (match === null) return undefined
  const [{ length }, byte, octal, short, long] = match
  if (byte !== undefined) return { bytes: Buffer.of(Number.parseInt(byte, 16)), length }
  if (octal !== undefined) {
    const value = Number.parseInt(octal, 8)
    return value > 0xff ? undefined : { bytes: Buffer.of(value), length }
  }
  const code = Number.parseInt((short ?? long) as string, 16)
  if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return undefined
  return { bytes: Buffer.from(String.fromCodePoint(code)), length }
}
