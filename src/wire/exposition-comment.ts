import type { MetricType } from '../model/metric.ts'
import { LineError } from './exposition-error.ts'
import { excerpt, isMetricNameStart, skipBlanks, skipMetricName, skipQuoted, unquote } from './series-text.ts'

/** What a line that begins with # says. */
export type Comment =
  | { readonly entry: 'type'; readonly family: string; readonly type: MetricType }
  | { readonly entry: 'help' | 'unit'; readonly family: string; readonly text: string }
  | { readonly entry: 'end' }

const TAB = 9
const LINE_FEED = 10
const SPACE = 32
const QUOTE = 34

const TEXT_TYPES: Readonly<Record<string, MetricType>> = {
  counter: 'counter',
  gauge: 'gauge',
  histogram: 'histogram',
  summary: 'summary',
  untyped: 'unknown',
}
const OPENMETRICS_TYPES: Readonly<Record<string, MetricType>> = {
  counter: 'counter',
  gauge: 'gauge',
  histogram: 'histogram',
  // Its buckets go down as well as up, which none of our types promises.
  gaugehistogram: 'unknown',
  summary: 'summary',
  info: 'info',
  stateset: 'stateset',
  unknown: 'unknown',
}

/**
 * Reads a line of the text format whose # is at `hash`.
 *
 * @returns undefined when it is a comment for people
 * @throws LineError
 */
export function readTextComment(bytes: Buffer, hash: number, lineEnd: number): Comment | undefined {
  if (!isBlank(bytes[hash + 1])) return undefined
  const keywordAt = skipBlanks(bytes, hash + 1)
  const keyword = bytes.toString('latin1', keywordAt, keywordAt + 4)
  if ((keyword !== 'HELP' && keyword !== 'TYPE') || !isBlank(bytes[keywordAt + 4])) return undefined
  const { family, end } = readFamily(bytes, skipBlanks(bytes, keywordAt + 4))
  const rest = bytes.toString('utf8', Math.min(skipBlanks(bytes, end), lineEnd), lineEnd)
  if (keyword === 'TYPE') return { entry: 'type', family, type: typeOf(rest.trimEnd(), TEXT_TYPES) }
  return { entry: 'help', family, text: resolveEscapes(rest, /\\([\\n])/g) }
}

/**
 * Reads a line of OpenMetrics whose # is at `hash`.
 *
 * @throws LineError; comments for people are not allowed there
 */
export function readOpenMetricsComment(bytes: Buffer, hash: number, lineEnd: number): Comment {
  const head = bytes.toString('latin1', hash, Math.min(hash + 7, lineEnd))
  if (head === '# EOF') return { entry: 'end' }
  if (head !== '# HELP ' && head !== '# TYPE ' && head !== '# UNIT ') {
    throw new LineError(`a comment that is not HELP, TYPE, UNIT or EOF: ${excerpt(bytes, hash)}`)
  }
  const { family, end } = readFamily(bytes, hash + 7)
  if (bytes[end] !== SPACE) throw new LineError(`expected a space behind the metric name ${family}`)
  const text = bytes.toString('utf8', end + 1, lineEnd)
  if (head === '# TYPE ') return { entry: 'type', family, type: typeOf(text, OPENMETRICS_TYPES) }
  if (head === '# HELP ') return { entry: 'help', family, text: resolveEscapes(text, /\\([\\n"])/g) }
  if (text !== '' && !family.endsWith(`_${text}`)) {
    throw new LineError(`the unit ${JSON.stringify(text)} is not at the end of the metric's name ${family}`)
  }
  return { entry: 'unit', family, text }
}

function readFamily(bytes: Buffer, at: number): { readonly family: string; readonly end: number } {
  if (bytes[at] === QUOTE) {
    const end = skipQuoted(bytes, at)
    if (end === -1) throw new LineError('the metric name in quotes does not end on its line')
    return { family: unquote(bytes, at, end), end }
  }
  if (!isMetricNameStart(bytes[at])) throw new LineError(`expected a metric name, found ${excerpt(bytes, at)}`)
  const end = skipMetricName(bytes, at)
  if (!isBlank(bytes[end]) && bytes[end] !== LINE_FEED) {
    throw new LineError(`expected a blank behind the metric name, found ${excerpt(bytes, end)}`)
  }
  return { family: bytes.toString('latin1', at, end), end }
}

function typeOf(word: string, types: Readonly<Record<string, MetricType>>): MetricType {
  const type = Object.hasOwn(types, word) ? types[word] : undefined
  if (type !== undefined) return type
  throw new LineError(`${JSON.stringify(word)} is not a metric type; write one of ${Object.keys(types).join(', ')}`)
}

function resolveEscapes(text: string, escaped: RegExp): string {
  return text.includes('\\') ? text.replace(escaped, (_, char: string) => (char === 'n' ? '\n' : char)) : text
}

function isBlank(byte: number | undefined): boolean {
  return byte === SPACE || byte === TAB
}
