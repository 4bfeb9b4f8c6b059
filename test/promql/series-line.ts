import { Labels, METRIC_NAME } from '../../src/model/labels.ts'
import { parse } from '../../src/promql/index.ts'

export type SeriesValue =
  | { readonly kind: 'gap' }
  | { readonly kind: 'stale' }
  | { readonly kind: 'value'; readonly number: number }
  /** A native histogram, which the engine does not know: in data it is no sample, in a result nothing equals it. */
  | { readonly kind: 'histogram'; readonly text: string }

/** One line of series data: labels and values. */
export interface SeriesLine {
  readonly labels: Labels
  readonly values: readonly SeriesValue[]
}

const NUMBER = String.raw`[+-]?(?:inf|nan|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)`
const ITEM = new RegExp(String.raw`^(${NUMBER})(?:([+-](?:inf|nan|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?))?x(\d+))?$`, 'i')
const HISTOGRAM = /\{\{.*?\}\}(?:[+-]\{\{.*?\}\})?(?:x(\d+))?/y
const NAME = /[A-Za-z_:][\w:]*/y
const BRACES = /\{(?:[^"'`}]|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)*\}/y

/** A line such as `name@st -1m`: it says when a counter began and changes no value. */
export function isStartTimeLine(line: string): boolean {
  return line.startsWith('@st', readLabels(line).end)
}

/**
 * Reads `name{label="value"} 1 2+3x4 _ stale`.
 *
 * @throws Error when the line is no series
 */
export function parseSeriesLine(line: string): SeriesLine {
  const { labels, end } = readLabels(line)
  if (end < line.length && !/\s/.test(line[end] as string)) throw new Error(`cannot read ${line.slice(end)}`)
  return { labels, values: [...readValues(line.slice(end))] }
}

/** As `parseSeriesLine`, for labels alone. */
export function parseLabels(text: string): Labels {
  return readLabels(text.trim()).labels
}

function readLabels(line: string): { labels: Labels; end: number } {
  NAME.lastIndex = 0
  const name = NAME.exec(line)?.[0] ?? ''
  BRACES.lastIndex = name.length
  const braces = BRACES.exec(line)?.[0] ?? ''
  const end = name.length + braces.length
  if (end === 0) throw new Error(`cannot read the series ${line}`)
  if (braces === '') return { labels: Labels.of({ [METRIC_NAME]: name }), end }
  // The parser of selectors accepts what a label set may hold, but wants one condition that is not empty.
  const expr = parse(`{__any__=~".+",${braces.slice(1)}`)
  if (expr.kind !== 'selector') throw new Error(`cannot read the labels ${braces}`)
  const set = expr.matchers.filter(({ op }) => op === '=').map((each) => [each.name, each.value] as const)
  return { labels: Labels.of(name === '' ? set : [...set, [METRIC_NAME, name]]), end }
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
  const named = /^(_|stale)(?:x(\d+))?$/.exec(item)
  if (named !== null) {
    const [, word, count] = named
    if (word === '_') yield* times(Number(count ?? 1), { kind: 'gap' })
    else yield* times(Number(count ?? 0) + 1, { kind: 'stale' })
    return
  }
  const match = ITEM.exec(item)
  if (match === null) throw new Error(`cannot read the value ${item}`)
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
