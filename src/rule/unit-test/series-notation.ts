import { Labels, METRIC_NAME } from '../../model/labels.ts'
import { PromqlError, parse } from '../../promql/index.ts'

export type SeriesValue =
  | { readonly kind: 'gap' }
  | { readonly kind: 'stale' }
  | { readonly kind: 'value'; readonly number: number }
  /** A native histogram, which the engine does not know. */
  | { readonly kind: 'histogram'; readonly text: string }

/** Labels and values of one series, as unit tests of rules and Prometheus' own test language write them. */
export interface SeriesLine {
  readonly labels: Labels
  readonly values: readonly SeriesValue[]
}

/** A series, its labels or its values can't be read. */
export class NotationError extends Error {
  override readonly name = 'NotationError'
}

const NUMBER = String.raw`(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?`
/** `a`, `axn`, `a+bxn`. */
const ITEM = new RegExp(String.raw`^([+-]?${NUMBER})(?:([+-]${NUMBER})?x(\d+))?$`, 'i')
/** Words stand alone: Prometheus reads `infx3` as one word, and knows none like it. */
const WORD = /^([+-]?)(inf|nan)$/i
const HISTOGRAM = /\{\{.*?\}\}(?:[+-]\{\{.*?\}\})?(?:x(\d+))?/y
const NAME = /[A-Za-z_:][\w:]*/y
const BRACES = /\{(?:[^"'`}]|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)*\}/y
/** A series with more is a slip of the hand; a year of minutes has half as many. */
const MAX_VALUES = 1_000_000

/** A line such as `name@st -1m`, or `@st -1m` for all: it says when a counter began and changes no value. */
export function isStartTimeLine(line: string): boolean {
  return line.startsWith('@st') || line.startsWith('@st', readLabels(line).end)
}

/**
 * Reads `name{label="value"} 1 2+3x4 _ stale`.
 *
 * @throws NotationError when the line is no series
 */
export function parseSeriesLine(line: string): SeriesLine {
  const { labels, end } = readLabels(line)
  if (end < line.length && !/\s/.test(line[end] as string)) throw new NotationError(`cannot read ${line.slice(end)}`)
  return { labels, values: parseSeriesValues(line.slice(end)) }
}

/**
 * As `parseSeriesLine`, for labels alone.
 *
 * @throws NotationError
 */
export function parseLabels(text: string): Labels {
  const trimmed = text.trim()
  const { labels, end } = readLabels(trimmed)
  if (end < trimmed.length) throw new NotationError(`cannot read ${trimmed.slice(end)}`)
  return labels
}

function readLabels(line: string): { labels: Labels; end: number } {
  NAME.lastIndex = 0
  const name = NAME.exec(line)?.[0] ?? ''
  BRACES.lastIndex = name.length
  const braces = BRACES.exec(line)?.[0] ?? ''
  const end = name.length + braces.length
  if (end === 0) throw new NotationError(`cannot read the series ${line}; write it like up{job="shop"}`)
  if (braces === '') return { labels: Labels.of({ [METRIC_NAME]: name }), end }
  const set = readBraces(braces)
  return { labels: Labels.of(name === '' ? set : [...set, [METRIC_NAME, name]]), end }
}

function readBraces(braces: string): (readonly [string, string])[] {
  // The parser of selectors takes what a label set may hold, but wants one condition that is not empty.
  const expr = parsed(`{__any__=~".+",${braces.slice(1)}`, braces)
  if (expr.kind !== 'selector') throw new NotationError(`cannot read the labels ${braces}`)
  return expr.matchers
    .filter(({ name }) => name !== '__any__')
    .map(({ name, op, value }) => {
      if (op === '=') return [name, value] as const
      throw new NotationError(`${name}${op} is a condition; the labels of a series are written ${name}="…"`)
    })
}

function parsed(selector: string, braces: string) {
  try {
    return parse(selector)
  } catch (error) {
    if (error instanceof PromqlError) throw new NotationError(`cannot read the labels ${braces}`, { cause: error })
    throw error
  }
}

/** @throws NotationError */
export function parseSeriesValues(text: string): SeriesValue[] {
  const values: SeriesValue[] = []
  for (const value of readValues(text)) {
    if (values.length === MAX_VALUES) throw new NotationError(`has more than ${MAX_VALUES} values`)
    values.push(value)
  }
  return values
}

function* readValues(text: string): Generator<SeriesValue> {
  for (let at = 0; at < text.length; ) {
    if (/\s/.test(text[at] as string)) {
      at++
      continue
    }
    HISTOGRAM.lastIndex = at
    const histogram = HISTOGRAM.exec(text)
    const item = histogram?.[0] ?? (/\S+/.exec(text.slice(at))?.[0] as string)
    at += item.length
    if (histogram !== null) yield* times(Number(histogram[1] ?? 0) + 1, { kind: 'histogram', text: item })
    else yield* readItem(item)
  }
}

function* readItem(item: string): Generator<SeriesValue> {
  const gaps = /^_(?:x(\d+))?$/.exec(item)
  if (gaps !== null) {
    yield* times(Number(gaps[1] ?? 1), { kind: 'gap' })
    return
  }
  if (item === 'stale') {
    yield { kind: 'stale' }
    return
  }
  if (WORD.test(item)) {
    yield { kind: 'value', number: toNumber(item) }
    return
  }
  const match = ITEM.exec(item)
  if (match === null) {
    throw new NotationError(`cannot read the value ${item}; write numbers, 1+2x3, 1x3, _, _x3 or stale`)
  }
  const [, first = '', step = '0', count = '0'] = match
  const change = toNumber(step)
  let number = toNumber(first)
  for (let i = 0; i <= Number(count); i++) {
    yield { kind: 'value', number }
    number += change
  }
}

function* times(count: number, value: SeriesValue): Generator<SeriesValue> {
  for (let i = 0; i < count; i++) yield value
}

/** A number as the test language writes it: `1_000`, `0x1f`, `-Inf`, `nan`. In series `0x1` is 0, twice. */
export function toNumber(text: string): number {
  const [, sign = '', digits = ''] = /^([+-]?)(.*)$/.exec(text.toLowerCase().replaceAll('_', '')) as RegExpExecArray
  const size = digits === 'inf' ? Number.POSITIVE_INFINITY : digits === 'nan' ? Number.NaN : Number(digits)
  return sign === '-' ? -size : size
}
