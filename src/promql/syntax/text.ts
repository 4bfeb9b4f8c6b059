/*
 * PromQL strings are bytes. A byte that is no part of valid UTF-8 (from an escape such as `\xc5`) is carried as the lone
 * surrogate U+DC00 + byte, which no valid text contains, so that nothing is lost and `isValidText` can tell.
 */
const LONE_BYTE = 0xdc00

/** Decodes UTF-8; bytes that do not belong to it become lone surrogates. */
export function decodeBytes(bytes: readonly number[]): string {
  let text = ''
  for (let i = 0; i < bytes.length; ) {
    const length = sequenceLength(bytes, i)
    if (length === 0) {
      text += String.fromCharCode(LONE_BYTE + (bytes[i] as number))
      i++
      continue
    }
    const lead = bytes[i] as number
    let codePoint = length === 1 ? lead : lead & (0xff >> (length + 1))
    for (let k = 1; k < length; k++) codePoint = (codePoint << 6) | ((bytes[i + k] as number) & 0x3f)
    text += String.fromCodePoint(codePoint)
    i += length
  }
  return text
}

/** Length of the valid UTF-8 sequence that starts at `i`, or 0. */
function sequenceLength(bytes: readonly number[], i: number): number {
  const lead = bytes[i] as number
  if (lead < 0x80) return 1
  const length = lead >= 0xc2 && lead < 0xe0 ? 2 : lead >= 0xe0 && lead < 0xf0 ? 3 : lead >= 0xf0 && lead < 0xf5 ? 4 : 0
  if (length === 0 || i + length > bytes.length) return 0
  for (let k = 1; k < length; k++) if (((bytes[i + k] as number) & 0xc0) !== 0x80) return 0
  const second = bytes[i + 1] as number
  if (lead === 0xe0 && second < 0xa0) return 0 // overlong
  if (lead === 0xed && second >= 0xa0) return 0 // surrogates
  if (lead === 0xf0 && second < 0x90) return 0 // overlong
  if (lead === 0xf4 && second >= 0x90) return 0 // beyond U+10FFFF
  return length
}

/** True when the text is valid Unicode, that is valid UTF-8 once encoded. */
export function isValidText(text: string): boolean {
  return text.isWellFormed()
}

/** A label name as Prometheus 3 takes it: any valid, non-empty text. */
export function isLabelName(name: string): boolean {
  return name !== '' && isValidText(name)
}

/** A label name that needs no quotes in a query. */
function isPlainLabelName(name: string): boolean {
  return /^[A-Za-z_]\w*$/.test(name)
}

/** In quotes where it needs them. */
export function quoteLabelName(name: string): string {
  return isPlainLabelName(name) ? name : quoteText(name)
}

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '"': '\\"',
  '\\': '\\\\',
}
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u
const PLAIN = /^[ !#-[\]-~]*$/

/** Quotes as Go's `strconv.Quote`, the form in which Prometheus prints strings. */
export function quoteText(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`
  let quoted = '"'
  for (const char of text) {
    const short = SHORT_ESCAPES[char]
    const code = char.codePointAt(0) as number
    if (short !== undefined) quoted += short
    else if (code >= LONE_BYTE && code < LONE_BYTE + 0x100) quoted += `\\x${hex(code - LONE_BYTE, 2)}`
    else if (PRINTABLE.test(char)) quoted += char
    else if (code < 0x80) quoted += `\\x${hex(code, 2)}`
    else if (code < 0x1_0000) quoted += `\\u${hex(code, 4)}`
    else quoted += `\\U${hex(code, 8)}`
  }
  return `${quoted}"`
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0')
}
