import { METRIC_NAME } from '../model/labels.ts'
import { LineError } from './exposition-error.ts'
import type { TextTable } from './text-table.ts'

const QUOTE = 34
const COMMA = 44
const EQUALS = 61
const OPEN = 123
const CLOSE = 125
const BACKSLASH = 92
const LINE_FEED = 10

const IN_METRIC_NAME = 1
const IN_LABEL_NAME = 2
const DIGIT = 4
/** What each byte may be part of, as a sum of the three. */
const NAME_BYTES = nameBytes()

export function isMetricNameStart(byte: number | undefined): boolean {
  const kind = NAME_BYTES[byte ?? 0] as number
  return (kind & IN_METRIC_NAME) !== 0 && (kind & DIGIT) === 0
}

/** The first offset from `at` on that can't belong to an unquoted metric name. */
export function skipMetricName(bytes: Uint8Array, at: number): number {
  let end = at
  while (((NAME_BYTES[bytes[end] as number] as number) & IN_METRIC_NAME) !== 0) end++
  return end
}

export function skipBlanks(bytes: Uint8Array, at: number): number {
  let end = at
  while (bytes[end] === 32 || bytes[end] === 9) end++
  return end
}

/** The offset behind a quoted text that begins at `at`, or -1 when it does not end on its line. */
export function skipQuoted(bytes: Uint8Array, at: number): number {
  for (let end = at + 1; ; end++) {
    const byte = bytes[end]
    if (byte === QUOTE) return end + 1
    if (byte === BACKSLASH) end++
    if (byte === LINE_FEED || byte === undefined || bytes[end] === LINE_FEED) return -1
  }
}

/**
 * The offset behind the closing brace of a label list whose opening brace is at `at`, or -1 when the line ends before;
 * looks no closer than is needed for that.
 */
export function skipLabelList(bytes: Uint8Array, at: number): number {
  for (let end = at + 1; ; ) {
    const byte = bytes[end]
    if (byte === CLOSE) return end + 1
    if (byte === LINE_FEED || byte === undefined) return -1
    if (byte === QUOTE) {
      end = skipQuoted(bytes, end)
      if (end === -1) return -1
    } else end++
  }
}

/** The text between quotes at `[start, end)` with `\\`, `\"` and `\n` resolved; any other backslash stands for itself. */
export function unquote(bytes: Buffer, start: number, end: number): string {
  const text = bytes.toString('utf8', start + 1, end - 1)
  return text.includes('\\')
    ? text.replace(/\\([\\"n])/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped))
    : text
}

/**
 * Reads `name{a="b"}`, `{"name.in.quotes", "a.b"="c"}` or, with `withName` false, only the braces.
 *
 * @param nameAsLabel whether the name may stand as the label `__name__`, which is how `promtool tsdb dump` writes it and what
 * no target may do
 * @param texts where names and values come from that stood in another series already
 * @returns names and values in turn, in the order of the text, the metric name as `__name__`; empty values included
 * @throws LineError
 */
export function parseSeriesText(
  bytes: Buffer,
  start: number,
  end: number,
  {
    strict = false,
    withName = true,
    nameAsLabel = false,
    texts,
  }: { strict?: boolean; withName?: boolean; nameAsLabel?: boolean; texts?: TextTable | undefined } = {},
): string[] {
  const skip = strict ? (at: number) => at : (at: number) => skipBlanks(bytes, at)
  const nameText = (from: number, to: number) => texts?.text(bytes, from, to, plain) ?? plain(bytes, from, to)
  const quotedText = (from: number, to: number) => texts?.text(bytes, from, to, unquote) ?? unquote(bytes, from, to)
  const pairs: string[] = []
  let at = start
  let hasName = !withName
  if (withName && bytes[at] !== OPEN) {
    const nameEnd = skipMetricName(bytes, at)
    pairs.push(METRIC_NAME, nameText(at, nameEnd))
    hasName = true
    at = skip(nameEnd)
  }
  if (at < end) {
    at = skip(at + 1)
    for (let labels = 0; bytes[at] !== CLOSE; ) {
      const labelStart = at
      const againEnd = texts?.labelEnd(bytes, labels, at) ?? -1
      let name: string
      let value: string | undefined
      if (texts !== undefined && againEnd !== -1) {
        name = texts.nameAt(labels)
        value = texts.valueAt(labels)
        at = againEnd
      } else {
        const quoted = bytes[at] === QUOTE
        at = quoted ? skipQuoted(bytes, at) : skipLabelName(bytes, at)
        if (at === labelStart) {
          throw new LineError(
            `expected a label name, found ${excerpt(bytes, at)}; write name="value" pairs with commas between them`,
          )
        }
        name = quoted ? quotedText(labelStart, at) : nameText(labelStart, at)
        at = skip(at)
        if (!quoted || bytes[at] === EQUALS) {
          if (bytes[at] !== EQUALS) {
            throw new LineError(`expected = after the label name ${name}, found ${excerpt(bytes, at)}`)
          }
          if (name === '') throw new LineError('a label name in quotes is empty')
          at = skip(at + 1)
          if (bytes[at] !== QUOTE) {
            throw new LineError(`the value of label ${name} is not in double quotes: ${excerpt(bytes, at)}`)
          }
          const valueStart = at
          at = skipQuoted(bytes, at)
          value = quotedText(valueStart, at)
          texts?.noteLabel(labels, labelStart, at, name, value)
        }
      }
      if (value === undefined) {
        if (hasName) throw new LineError(`${JSON.stringify(name)} has no value, and the metric has a name already`)
        if (name === '') throw new LineError('the metric name in quotes is empty')
        hasName = true
        pairs.push(METRIC_NAME, name)
      } else {
        labels++
        if (holdsName(pairs, name)) throw new LineError(`label ${name} stands twice in one series`)
        if (nameAsLabel && name === METRIC_NAME) hasName = true
        pairs.push(name, value)
        at = skip(at)
      }
      if (bytes[at] === COMMA) at = skip(at + 1)
      else if (bytes[at] !== CLOSE) {
        throw new LineError(`expected a comma or } after a label, found ${excerpt(bytes, at)}`)
      }
    }
  }
  if (!hasName) throw new LineError('the series has no metric name')
  return pairs
}

function plain(bytes: Buffer, start: number, end: number): string {
  return bytes.toString('latin1', start, end)
}

/** What stands there, short enough for a message. */
export function excerpt(bytes: Buffer, at: number): string {
  const lineEnd = bytes.indexOf(LINE_FEED, at)
  const end = Math.min(lineEnd === -1 ? bytes.length : lineEnd, at + 40)
  return at >= end ? 'the end of the line' : JSON.stringify(bytes.toString('utf8', at, end))
}

function skipLabelName(bytes: Uint8Array, at: number): number {
  if (((NAME_BYTES[bytes[at] as number] as number) & DIGIT) !== 0) return at
  let end = at
  while (((NAME_BYTES[bytes[end] as number] as number) & IN_LABEL_NAME) !== 0) end++
  return end
}

function holdsName(pairs: readonly string[], name: string): boolean {
  for (let i = 0; i < pairs.length; i += 2) if (pairs[i] === name) return true
  return false
}

function nameBytes(): Uint8Array {
  const kinds = new Uint8Array(256)
  for (let byte = 0; byte < 256; byte++) {
    const char = String.fromCharCode(byte)
    if (/[A-Za-z_]/.test(char)) kinds[byte] = IN_METRIC_NAME | IN_LABEL_NAME
    else if (/[0-9]/.test(char)) kinds[byte] = IN_METRIC_NAME | IN_LABEL_NAME | DIGIT
    else if (char === ':') kinds[byte] = IN_METRIC_NAME
  }
  return kinds
}

/** The offset of the blank or line break that ends the word at `at`. */
export function skipWord(bytes: Uint8Array, at: number): number {
  let end = at
  while (bytes[end] !== 32 && bytes[end] !== 9 && bytes[end] !== LINE_FEED) end++
  return end
}
