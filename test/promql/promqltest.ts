import { parseDuration } from '../../src/model/duration.ts'
import type { Labels } from '../../src/model/labels.ts'
import {
  type Expr,
  evaluate,
  functions,
  type MatrixSeries,
  PromqlError,
  parse,
  type QueryResult,
  walk,
} from '../../src/promql/index.ts'
import { print } from '../../src/promql/syntax/print.ts'
import { parseSeriesLine, type SeriesLine } from './series-line.ts'
import { TestStorage } from './test-storage.ts'

/** One evaluation of a test file that did not give what the file expects. */
export interface Failure {
  readonly file: string
  readonly line: number
  readonly expression: string
  readonly message: string
}

export interface Report {
  readonly passed: number
  readonly failures: readonly Failure[]
}

interface Line {
  readonly number: number
  readonly text: string
}

/** Runs the evaluations of one file in Prometheus' test language. */
export async function runTestFile(file: string, content: string): Promise<Report> {
  const storage = new TestStorage()
  const failures: Failure[] = []
  let passed = 0
  for (const block of blocksOf(content)) {
    const [head, ...rest] = block as [Line, ...Line[]]
    if (head.text === 'clear') storage.clear()
    else if (/^load(?:_with_nhcb)?\s/.test(head.text)) load(storage, head, rest)
    else if (/^eval/.test(head.text)) {
      const evaluation = parseEval(head, rest)
      const message = await problemOf(evaluation, storage)
      if (message === undefined) passed++
      else failures.push({ file, line: head.number, expression: evaluation.text, message })
    } else throw new Error(`${file}:${head.number}: unknown command: ${head.text}`)
  }
  return { passed, failures }
}

/** Lines that belong together; a comment counts as blank, and a blank line ends a block. */
function blocksOf(content: string): Line[][] {
  const blocks: Line[][] = []
  let block: Line[] | undefined
  for (const [i, raw] of content.split('\n').entries()) {
    const text = raw.trim()
    if (text === '' || text.startsWith('#')) {
      block = undefined
      continue
    }
    const startsCommand = /^(?:load|load_with_nhcb|clear|eval\w*)\b/.test(text)
    if (block === undefined || startsCommand) {
      block = []
      blocks.push(block)
    }
    block.push({ number: i + 1, text })
  }
  return blocks
}

function load(storage: TestStorage, head: Line, rest: readonly Line[]): void {
  const stepMs = durationOf(head.text.split(/\s+/)[1] ?? '')
  const byKey = new Map<string, SeriesLine>()
  for (const { text, number } of rest) {
    if (text.startsWith('{{')) throw new Error(`line ${number}: native histograms are not supported`)
    const series = parseSeriesLine(text)
    byKey.set(series.labels.key, series)
  }
  for (const series of byKey.values()) storage.append(series, stepMs)
}

function durationOf(text: string): number {
  if (/^-?[\d.]+$/.test(text)) return Number(text) * 1000
  const negative = text.startsWith('-')
  const ms = parseDuration(negative ? text.slice(1) : text)
  if (ms === undefined) throw new Error(`not a duration: ${text}`)
  return negative ? -ms : ms
}

interface Message {
  readonly kind: 'msg' | 'regex'
  readonly text: string
}

interface Evaluation {
  readonly text: string
  readonly times: { atMs: number } | { startMs: number; endMs: number; stepMs: number }
  fails: Message[] | undefined
  warns: Message[]
  infos: Message[]
  noWarn: boolean
  noInfo: boolean
  anyWarn: boolean
  anyInfo: boolean
  ordered: boolean
  string: string | undefined
  scalar: number | undefined
  range: { startMs: number; endMs: number; stepMs: number } | undefined
  readonly series: SeriesLine[]
}

const INSTANT = /^eval(?:_(fail|warn|info|ordered))?\s+instant\s+(?:at\s+)?(\S+)\s+(.*)$/
const RANGE = /^eval(?:_(fail|warn|info|ordered))?\s+range\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)\s+(.*)$/
const EXPECT_RANGE = /^expect\s+range\s+vector\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)$/
const EXPECT = /^expect\s+(fail|warn|info|no_warn|no_info|ordered)(?:\s+(msg|regex)\s*:\s*(.*))?$/

function parseEval(head: Line, rest: readonly Line[]): Evaluation {
  const range = RANGE.exec(head.text)
  const instant = range === null ? INSTANT.exec(head.text) : null
  if (range === null && instant === null) throw new Error(`line ${head.number}: cannot read: ${head.text}`)
  const old = (range ?? instant)?.[1]
  const times =
    range === null
      ? { atMs: durationOf(instant?.[2] ?? '') }
      : {
          startMs: durationOf(range[2] ?? ''),
          endMs: durationOf(range[3] ?? ''),
          stepMs: durationOf(range[4] ?? ''),
        }
  const evaluation: Evaluation = {
    text: (range === null ? instant?.[3] : range[5]) ?? '',
    times,
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

function expectation(evaluation: Evaluation, { text, number }: Line): void {
  const range = EXPECT_RANGE.exec(text)
  if (range !== null) {
    const [startMs, endMs, stepMs] = range.slice(1).map(durationOf) as [number, number, number]
    evaluation.range = { startMs, endMs, stepMs }
    return
  }
  const quoted = /^expect\s+string\s+(.*)$/.exec(text)
  if (quoted !== null) {
    const literal = parse(quoted[1] as string)
    evaluation.string = literal.kind === 'string' ? literal.value : ''
    return
  }
  const old = /^expected_fail_(message|regexp)\s+(.*)$/.exec(text)
  if (old !== null) {
    const kind = old[1] === 'message' ? 'msg' : 'regex'
    evaluation.fails = [...(evaluation.fails ?? []), { kind, text: old[2] as string }]
    return
  }
  if (text.startsWith('expect')) {
    const found = EXPECT.exec(text)
    if (found === null) throw new Error(`line ${number}: cannot read: ${text}`)
    const [, what, kind, content = ''] = found
    const messages: Message[] = kind === undefined ? [] : [{ kind: kind as Message['kind'], text: content.trim() }]
    if (what === 'fail') evaluation.fails = [...(evaluation.fails ?? []), ...messages]
    else if (what === 'warn') {
      evaluation.anyWarn = true
      evaluation.warns.push(...messages)
    } else if (what === 'info') {
      evaluation.anyInfo = true
      evaluation.infos.push(...messages)
    } else if (what === 'no_warn') evaluation.noWarn = true
    else if (what === 'no_info') evaluation.noInfo = true
    else evaluation.ordered = true
    return
  }
  const number_ = /^[+-]?(?:inf|nan|[\d.][\w.+-]*)$/i.test(text) ? Number(text.replace(/inf/i, 'Infinity')) : undefined
  if (number_ !== undefined) evaluation.scalar = number_
  else evaluation.series.push(parseSeriesLine(text))
}

// -- running ------------------------------------------------------------------------------------------------------------

async function problemOf(evaluation: Evaluation, storage: TestStorage): Promise<string | undefined> {
  let expr: Expr
  try {
    expr = parse(evaluation.text)
  } catch (error) {
    return checkFailure(evaluation, error)
  }
  const main = await attempt(evaluation, expr, storage)
  if (main !== undefined || 'stepMs' in evaluation.times) return main
  return (await atOtherTimes(evaluation, storage, expr)) ?? (await insideRange(evaluation, storage, expr))
}

async function attempt(evaluation: Evaluation, expr: Expr, storage: TestStorage): Promise<string | undefined> {
  const { range } = evaluation
  const times = range === undefined ? evaluation.times : { atMs: range.endMs }
  let result: QueryResult
  try {
    result = await evaluate({ expr, ...times }, storage)
  } catch (error) {
    return checkFailure(evaluation, error)
  }
  if (evaluation.fails !== undefined) return 'expected to fail, but did not'
  return checkAnnotations(evaluation, result) ?? checkValue(evaluation, result)
}

function checkFailure({ fails }: Evaluation, error: unknown): string | undefined {
  if (!(error instanceof PromqlError)) throw error
  if (fails === undefined) return `failed: ${error.message}`
  const unmet = fails.find((message) => !meets(message, error.message) && !meets(message, error.detail))
  return unmet === undefined ? undefined : `failed with ${JSON.stringify(error.message)}, not with ${unmet.text}`
}

function meets({ kind, text }: Message, actual: string): boolean {
  return kind === 'msg' ? actual === text : new RegExp(text).test(actual)
}

function checkAnnotations(evaluation: Evaluation, { warnings, infos }: QueryResult): string | undefined {
  for (const [name, actual, none, any, wanted] of [
    ['warning', warnings, evaluation.noWarn, evaluation.anyWarn, evaluation.warns],
    ['info', infos, evaluation.noInfo, evaluation.anyInfo, evaluation.infos],
  ] as const) {
    if (none && actual.length > 0) return `unexpected ${name}: ${actual.join(' | ')}`
    if (any && actual.length === 0) return `expected a ${name}`
    if (wanted.length === 0) continue
    const strange = actual.find((text) => !wanted.some((message) => meets(message, text)))
    if (strange !== undefined) return `${name} not expected: ${strange}`
    const missing = wanted.find((message) => !actual.some((text) => meets(message, text)))
    if (missing !== undefined) return `missing ${name} ${missing.text}, got ${actual.join(' | ')}`
  }
  return undefined
}

function checkValue(evaluation: Evaluation, { value }: QueryResult): string | undefined {
  const { scalar, string, series, times, range } = evaluation
  switch (value.type) {
    case 'string':
      return value.value === string ? undefined : `expected string ${string}, got ${JSON.stringify(value.value)}`
    case 'scalar':
      if (scalar === undefined) return `got scalar ${value.value}`
      return almostEqual(scalar, value.value) ? undefined : `expected ${scalar}, got ${value.value}`
    case 'vector': {
      if (scalar !== undefined) return `expected scalar ${scalar}, got a vector`
      const { atMs: timeMs } = times as { atMs: number }
      const actual = value.samples.map(({ labels, value }) => point(labels, timeMs, value))
      return checkSeries(series, actual, { startMs: timeMs, stepMs: 1 }, evaluation.ordered)
    }
    case 'matrix': {
      const from = range ?? ('stepMs' in times ? times : { startMs: times.atMs, stepMs: 1 })
      const sorted = value.series.every(
        ({ labels }, i) => i === 0 || compare((value.series[i - 1] as MatrixSeries).labels, labels) <= 0,
      )
      if (!sorted) return 'series are not ordered by labels'
      return checkSeries(series, value.series, from, false)
    }
  }
}

function compare(a: Labels, b: Labels): number {
  return a.key === b.key ? 0 : a.pairs.join('\0') < b.pairs.join('\0') ? -1 : 1
}

function point(labels: Labels, timeMs: number, value: number): MatrixSeries {
  return { labels, timesMs: Float64Array.of(timeMs), values: Float64Array.of(value) }
}

function checkSeries(
  expected: readonly SeriesLine[],
  actual: readonly MatrixSeries[],
  { startMs, stepMs }: { startMs: number; stepMs: number },
  ordered: boolean,
): string | undefined {
  // A series of gaps only is one that must not be there.
  const wanted = expected.filter(({ values }) => values.some((value) => value.kind !== 'gap'))
  const shown = () => `got ${actual.map((s) => `${s.labels} ${[...s.values].join(' ')}`).join('; ') || 'nothing'}`
  if (wanted.length !== actual.length) return `expected ${wanted.length} series, ${shown()}`
  for (const [i, { labels, values }] of wanted.entries()) {
    const found = ordered ? actual[i] : actual.find((series) => series.labels.key === labels.key)
    if (found === undefined || found.labels.key !== labels.key) return `expected ${labels}, ${shown()}`
    const points = new Map(Array.from(found.timesMs, (time, k) => [time, found.values[k] as number] as const))
    for (const [k, value] of values.entries()) {
      const time = startMs + k * stepMs
      const got = points.get(time)
      points.delete(time)
      const want = value.kind === 'value' ? value.number : undefined
      if (want === undefined ? got === undefined : got !== undefined && almostEqual(want, got)) continue
      return `${labels} at ${time} ms: expected ${want ?? 'nothing'}, got ${got ?? 'nothing'}`
    }
    if (points.size > 0) return `${labels}: unexpected values at ${[...points.keys()].join(', ')} ms`
  }
  return undefined
}

function almostEqual(a: number, b: number): boolean {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) && Number.isNaN(b)
  if (a === b) return true
  const size = Math.abs(a) + Math.abs(b)
  const difference = Math.abs(a - b)
  if (a === 0 || b === 0 || size < 2.2250738585072014e-308) return difference < 1e-6 * 2.2250738585072014e-308
  return difference / Math.min(size, Number.MAX_VALUE) < 1e-6
}

// -- the extra checks of every instant evaluation -------------------------------------------------------------------------

/** Functions whose result depends on the evaluation time whatever `@` says. */
const TIME_DEPENDENT = new Set(functions.filter((fn) => fn.timeDependent === true).map((fn) => fn.name))

/** With `@` on every selector the evaluation time must not matter. */
async function atOtherTimes(evaluation: Evaluation, storage: TestStorage, expr: Expr): Promise<string | undefined> {
  if (evaluation.range !== undefined || typeof evaluation.string === 'string') return undefined
  for (const node of walk(expr)) if (node.kind === 'call' && TIME_DEPENDENT.has(node.name)) return undefined
  const { atMs } = evaluation.times as { atMs: number }
  const fixed = pin(expr, atMs)
  // What is printed must be the same query.
  const reparsed = parse(print(fixed))
  for (const otherMs of [-10 * atMs, 0, Math.trunc(atMs / 5), atMs, 10 * atMs]) {
    const moved = { ...evaluation, warns: [], infos: [], times: { atMs: otherMs } }
    const message = await attempt(moved, reparsed, storage)
    if (message !== undefined) return `as ${print(fixed)} at ${otherMs} ms: ${message}`
  }
  return undefined
}

/** `@` on every selector and subquery that has none; what is inside a subquery keeps its own time. */
function pin(expr: Expr, ms: number): Expr {
  const at = { kind: 'time', ms } as const
  switch (expr.kind) {
    case 'selector':
      return { ...expr, at: expr.at ?? at }
    case 'range':
      return { ...expr, selector: { ...expr.selector, at: expr.selector.at ?? at } }
    case 'subquery':
      return { ...expr, at: expr.at ?? at }
    case 'paren':
    case 'unary':
      return { ...expr, expr: pin(expr.expr, ms) }
    case 'binary':
      return { ...expr, left: pin(expr.left, ms), right: pin(expr.right, ms) }
    case 'aggregate':
      return { ...expr, expr: pin(expr.expr, ms), param: expr.param === undefined ? undefined : pin(expr.param, ms) }
    case 'call':
      return { ...expr, args: expr.args.map((arg) => pin(arg, ms)) }
    case 'number':
    case 'string':
      return expr
  }
}

/** As the middle of a range query the result must be the same. */
async function insideRange(evaluation: Evaluation, storage: TestStorage, expr: Expr): Promise<string | undefined> {
  const { ordered, range, string, fails } = evaluation
  if (ordered || range !== undefined || string !== undefined || fails !== undefined) return undefined
  for (const node of walk(expr)) {
    if (node.kind === 'string' && node === expr) return undefined
    const at = node.kind === 'selector' || node.kind === 'subquery' ? node.at : undefined
    if (at !== undefined && at.kind !== 'time') return undefined
  }
  const { atMs } = evaluation.times as { atMs: number }
  let result: QueryResult
  try {
    result = await evaluate({ expr, startMs: atMs - 60_000, endMs: atMs + 60_000, stepMs: 60_000 }, storage)
  } catch (error) {
    if (!(error instanceof PromqlError)) throw error
    return `as a range query: ${error.message}`
  }
  if (result.value.type !== 'matrix') return 'as a range query: no matrix'
  const middle = result.value.series.flatMap(({ labels, timesMs, values }) => {
    const i = timesMs.indexOf(atMs)
    return i < 0 ? [] : [point(labels, atMs, values[i] as number)]
  })
  if (evaluation.scalar !== undefined) {
    const value = middle[0]?.values[0]
    const same = value !== undefined && almostEqual(evaluation.scalar, value)
    return same ? undefined : `as a range query: expected ${evaluation.scalar}, got ${value}`
  }
  const message = checkSeries(evaluation.series, middle, { startMs: atMs, stepMs: 1 }, false)
  return message === undefined ? undefined : `as a range query: ${message}`
}
