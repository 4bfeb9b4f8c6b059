import { parseDuration } from '../../src/model/duration.ts'
import { parse } from '../../src/promql/index.ts'
import {
  isStartTimeLine,
  parseSeriesLine,
  type SeriesLine,
  toNumber,
} from '../../src/rule/unit-test/series-notation.ts'

/** What a test file tells to do, in its order. */
export type Command =
  | { readonly kind: 'clear'; readonly line: number }
  | { readonly kind: 'load'; readonly line: number; readonly stepMs: number; readonly series: readonly SeriesLine[] }
  | { readonly kind: 'eval'; readonly line: number; readonly evaluation: Evaluation }
  | { readonly kind: 'unreadable'; readonly line: number; readonly text: string; readonly message: string }

/** A condition on the text of an error, warning or info. */
export interface Message {
  readonly kind: 'msg' | 'regex'
  readonly text: string
}

export interface TimeRange {
  readonly startMs: number
  readonly endMs: number
  readonly stepMs: number
}

/** One evaluation and what it has to give. */
export interface Evaluation {
  readonly text: string
  readonly times: { readonly atMs: number } | TimeRange
  /** Undefined: it must not fail. */
  fails: Message[] | undefined
  readonly warns: Message[]
  readonly infos: Message[]
  noWarn: boolean
  noInfo: boolean
  anyWarn: boolean
  anyInfo: boolean
  ordered: boolean
  string: string | undefined
  scalar: number | undefined
  /** The result is a range vector with samples at these times. */
  range: TimeRange | undefined
  readonly series: SeriesLine[]
}

interface Line {
  readonly number: number
  readonly text: string
}

/** Reads a file in Prometheus' test language; what cannot be read becomes a command that says so. */
export function parseTestFile(content: string): Command[] {
  return blocksOf(content).map(([head, ...rest]) => {
    const { number: line, text } = head
    try {
      if (text.toLowerCase() === 'clear') return { kind: 'clear', line }
      if (/^load(?:_with_nhcb)?\s/.test(text)) return { kind: 'load', line, ...parseLoad(text, rest) }
      if (/^eval/.test(text)) return { kind: 'eval', line, evaluation: parseEval(head, rest) }
      throw new Error('unknown command')
    } catch (error) {
      return { kind: 'unreadable', line, text, message: (error as Error).message }
    }
  })
}

/**
 * Lines that belong together: a comment counts as blank, a blank line ends a block, `clear` is one by itself, and a number
 * is the last of an evaluation.
 */
function blocksOf(content: string): [Line, ...Line[]][] {
  const blocks: [Line, ...Line[]][] = []
  let open = false
  for (const [i, raw] of content.split('\n').entries()) {
    const text = raw.trim()
    const line = { number: i + 1, text }
    if (text === '' || text.startsWith('#')) open = false
    else if (open) {
      blocks.at(-1)?.push(line)
      open = !NUMBER.test(text)
    } else {
      blocks.push([line])
      open = text.toLowerCase() !== 'clear'
    }
  }
  return blocks
}

function parseLoad(head: string, rest: readonly Line[]) {
  const stepMs = durationOf(head.split(/\s+/)[1] ?? '')
  // A series that is there twice is what its last line says.
  const byKey = new Map<string, SeriesLine>()
  for (const line of rest) {
    const series = seriesOf(line)
    if (series !== undefined) byKey.set(series.labels.key, series)
  }
  return { stepMs, series: [...byKey.values()] }
}

function seriesOf({ text, number }: Line): SeriesLine | undefined {
  try {
    return isStartTimeLine(text) ? undefined : parseSeriesLine(text)
  } catch (error) {
    throw new Error(`line ${number}: ${(error as Error).message}`)
  }
}

/** A duration or seconds, with or without a sign. */
function durationOf(text: string): number {
  if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text)) return Math.round(Number(text) * 1000)
  const [, sign, length = ''] = /^([+-]?)(.*)$/.exec(text) as RegExpExecArray
  const ms = parseDuration(length)
  if (ms === undefined) throw new Error(`not a duration: ${text}`)
  return sign === '-' ? -ms : ms
}

const INSTANT = /^eval(?:_(fail|warn|info|ordered))?\s+instant\s+(?:at\s+(\S+)\s+)?(.+)$/
const RANGE = /^eval(?:_(fail|warn|info|ordered))?\s+range\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)\s+(.+)$/
const EXPECT_RANGE = /^expect\s+range\s+vector\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)$/
const EXPECT_STRING = /^expect\s+string\s+(.+)$/
const EXPECT = /^expect\s+(fail|warn|info|no_warn|no_info|ordered)(?:\s+(msg|regex)\s*:(.*))?$/
const OLD_FAILURE = /^expected_fail_(message|regexp)\s+(.+)$/
const NUMBER = /^[+-]?(?:inf|nan|0x[\da-f_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:e[+-]?\d+)?)$/i

function parseEval(head: Line, rest: readonly Line[]): Evaluation {
  const range = RANGE.exec(head.text)
  const instant = range === null ? INSTANT.exec(head.text) : null
  const found = range ?? instant
  if (found === null) throw new Error('cannot read this evaluation')
  const old = found[1]
  const evaluation: Evaluation = {
    text: found.at(-1) as string,
    times: range === null ? { atMs: durationOf(found[2] ?? '0') } : timeRange(range.slice(2, 5)),
    fails: old === 'fail' ? [] : undefined,
    warns: [],
    infos: [],
    noWarn: false,
    noInfo: false,
    anyWarn: old === 'warn',
    anyInfo: old === 'info',
    ordered: old === 'ordered',
    string: undefined,
    scalar: undefined,
    range: undefined,
    series: [],
  }
  for (const line of rest) expectation(evaluation, line)
  return evaluation
}

function timeRange(texts: readonly string[]): TimeRange {
  const [startMs, endMs, stepMs] = texts.map(durationOf) as [number, number, number]
  return { startMs, endMs, stepMs }
}

function expectation(evaluation: Evaluation, line: Line): void {
  const { text, number } = line
  const old = OLD_FAILURE.exec(text)
  if (old !== null) {
    evaluation.fails ??= []
    evaluation.fails.push({ kind: old[1] === 'message' ? 'msg' : 'regex', text: (old[2] as string).trim() })
  } else if (/^expect\s/.test(text)) {
    expectLine(evaluation, line)
  } else if (NUMBER.test(text)) {
    evaluation.scalar = toNumber(text)
  } else {
    const series = seriesOf({ text, number })
    if (series !== undefined) evaluation.series.push(series)
  }
}

function expectLine(evaluation: Evaluation, { text, number }: Line): void {
  const range = EXPECT_RANGE.exec(text)
  if (range !== null) {
    evaluation.range = timeRange(range.slice(1, 4))
    return
  }
  const string = EXPECT_STRING.exec(text)
  if (string !== null) {
    const literal = parse(string[1] as string)
    if (literal.kind !== 'string') throw new Error(`line ${number}: not a string: ${string[1]}`)
    evaluation.string = literal.value
    return
  }
  const found = EXPECT.exec(text)
  if (found === null) throw new Error(`line ${number}: cannot read: ${text}`)
  const [, what, kind, content = ''] = found
  const messages: Message[] = kind === undefined ? [] : [{ kind: kind as Message['kind'], text: content.trim() }]
  switch (what) {
    case 'fail':
      evaluation.fails = [...(evaluation.fails ?? []), ...messages]
      break
    case 'warn':
      evaluation.anyWarn = true
      evaluation.warns.push(...messages)
      break
    case 'info':
      evaluation.anyInfo = true
      evaluation.infos.push(...messages)
      break
    case 'no_warn':
      evaluation.noWarn = true
      break
    case 'no_info':
      evaluation.noInfo = true
      break
    default:
      evaluation.ordered = true
  }
}
