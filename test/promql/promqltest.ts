import type { Labels } from '../../src/model/labels.ts'
import { compareLabels } from '../../src/model/labels.ts'
import {
  type At,
  type Expr,
  evaluate,
  functions,
  type MatrixSeries,
  PromqlError,
  parse,
  print,
  type QueryResult,
  walk,
} from '../../src/promql/index.ts'
import type { SeriesLine } from '../../src/rule/unit-test/series-notation.ts'
import { type Evaluation, type Message, parseTestFile } from './test-language.ts'
import { TestStorage } from './test-storage.ts'

/** One evaluation of a test file that did not give what the file expects, or a command that could not be read. */
export interface Failure {
  readonly file: string
  readonly line: number
  readonly expression: string
  readonly message: string
}

export interface Report {
  /** Evaluations. */
  readonly passed: number
  readonly failures: readonly Failure[]
}

/** Runs the evaluations of one file in Prometheus' test language. */
export async function runTestFile(file: string, content: string): Promise<Report> {
  const storage = new TestStorage()
  const failures: Failure[] = []
  let passed = 0
  for (const command of parseTestFile(content)) {
    const fail = (expression: string, message: string) =>
      failures.push({ file, line: command.line, expression, message })
    switch (command.kind) {
      case 'clear':
        storage.clear()
        break
      case 'load':
        for (const series of command.series) storage.append(series, command.stepMs)
        break
      case 'unreadable':
        fail(command.text, command.message)
        break
      case 'eval': {
        const { evaluation } = command
        const message = await problemOf(evaluation, storage)
        if (message === undefined) passed++
        else fail(evaluation.text, message)
      }
    }
  }
  return { passed, failures }
}

async function problemOf(evaluation: Evaluation, storage: TestStorage): Promise<string | undefined> {
  try {
    const expr = parse(evaluation.text)
    const { times } = evaluation
    if ('stepMs' in times) return await attempt(evaluation, expr, times, storage)
    return (await instant(evaluation, expr, times.atMs, storage)) ?? (await atOtherTimes(evaluation, storage, expr))
  } catch (error) {
    // A query that cannot be parsed is no failure that a file may expect: those are failures of the evaluation.
    return error instanceof PromqlError ? `cannot be parsed: ${error.message}` : `crashed: ${(error as Error).stack}`
  }
}

/** At one time, and as the middle of a range query, which must give the same. */
async function instant(evaluation: Evaluation, expr: Expr, atMs: number, storage: TestStorage) {
  const problem = await attempt(evaluation, expr, { atMs }, storage)
  return problem ?? (await insideRange(evaluation, expr, atMs, storage))
}

type Times = Evaluation['times']

async function attempt(
  evaluation: Evaluation,
  expr: Expr,
  times: Times,
  storage: TestStorage,
): Promise<string | undefined> {
  let result: QueryResult
  try {
    result = await evaluate({ expr, ...times }, storage)
  } catch (error) {
    return checkFailure(evaluation, error)
  }
  if (evaluation.fails !== undefined) return 'expected to fail, but did not'
  return checkAnnotations(evaluation, result) ?? checkValue(evaluation, times, result)
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

function checkValue(evaluation: Evaluation, times: Times, { value }: QueryResult): string | undefined {
  const { scalar, string, series, ordered, range } = evaluation
  switch (value.type) {
    case 'string':
      return value.value === string ? undefined : `expected string ${string}, got ${JSON.stringify(value.value)}`
    case 'scalar':
      if (scalar === undefined) return `got scalar ${value.value}`
      return almostEqual(scalar, value.value) ? undefined : `expected ${scalar}, got ${value.value}`
    case 'vector': {
      if (string !== undefined) return `expected string ${string}, got a vector`
      if (scalar !== undefined) return `expected scalar ${scalar}, got a vector`
      const { timeMs } = value
      const actual = value.samples.map((sample) => point(sample.labels, timeMs, sample.value))
      return checkSeries(series, actual, { startMs: timeMs, stepMs: 1 }, ordered)
    }
    case 'matrix': {
      if (ordered) return 'expected an ordered result, got a matrix'
      if (scalar !== undefined && !('stepMs' in times)) return `expected scalar ${scalar}, got a matrix`
      const isSorted = value.series.every(
        ({ labels }, i) => i === 0 || compareLabels((value.series[i - 1] as MatrixSeries).labels, labels) <= 0,
      )
      if (!isSorted) return 'series are not ordered by labels'
      const from = range ?? ('stepMs' in times ? times : { startMs: times.atMs, stepMs: 1 })
      return checkSeries(series, value.series, from, false)
    }
  }
}

function point(labels: Labels, timeMs: number, value: number): MatrixSeries {
  return { labels, timesMs: Float64Array.of(timeMs), values: Float64Array.of(value) }
}

function checkSeries(
  expected: readonly SeriesLine[],
  actual: readonly MatrixSeries[],
  { startMs, stepMs }: { readonly startMs: number; readonly stepMs: number },
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
      if (value.kind === 'gap' && got === undefined) continue
      if (value.kind === 'value' && got !== undefined && almostEqual(value.number, got)) continue
      const want = value.kind === 'value' ? value.number : value.kind === 'histogram' ? value.text : value.kind
      return `${labels} at ${time} ms: expected ${want}, got ${got ?? 'nothing'}`
    }
    if (points.size > 0) return `${labels}: unexpected values at ${[...points.keys()].join(', ')} ms`
  }
  return undefined
}

const SMALLEST_NORMAL = 2.2250738585072014e-308
const TOLERANCE = 1e-6

function almostEqual(a: number, b: number): boolean {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) && Number.isNaN(b)
  if (a === b) return true
  const size = Math.abs(a) + Math.abs(b)
  const difference = Math.abs(a - b)
  if (a === 0 || b === 0 || size < SMALLEST_NORMAL) return difference < TOLERANCE * SMALLEST_NORMAL
  return difference / Math.min(size, Number.MAX_VALUE) < TOLERANCE
}

// -- the extra checks of every instant evaluation -------------------------------------------------------------------------

/** Functions whose result depends on the evaluation time whatever `@` says. */
const TIME_DEPENDENT = new Set(functions.filter((fn) => fn.timeDependent === true).map((fn) => fn.name))

/** With `@` on every selector the evaluation time must not matter. */
async function atOtherTimes(evaluation: Evaluation, storage: TestStorage, expr: Expr): Promise<string | undefined> {
  for (const node of walk(expr)) if (node.kind === 'call' && TIME_DEPENDENT.has(node.name)) return undefined
  const { atMs } = evaluation.times as { atMs: number }
  const fixed = print(pin(expr, atMs))
  const reparsed = parse(fixed)
  const moved = { ...evaluation, warns: evaluation.warns.map(anywhere), infos: evaluation.infos.map(anywhere) }
  const others = atMs === 0 ? [-1000, 0, 1000] : [-10 * atMs, 0, Math.trunc(atMs / 5), atMs, 10 * atMs]
  for (const otherMs of others) {
    const problem = await instant(moved, reparsed, otherMs, storage)
    if (problem !== undefined) return `as ${fixed} at ${otherMs} ms: ${problem}`
  }
  return undefined
}

/** A printed query has its parts in other columns. */
function anywhere({ kind, text }: Message): Message {
  const start = kind === 'msg' ? text.replace(/ \(\d+:\d+\)$/, '').replace(/[.*+?^${}()|[\]\\]/g, '\\$&') : undefined
  return { kind: 'regex', text: start === undefined ? text.replace(/\s*\\\(.*$/, '') : `^${start}` }
}

/** `@` on every selector and subquery that has no fixed time; what is inside a subquery is left alone. */
function pin(expr: Expr, ms: number): Expr {
  const pinned = (at: At | undefined): At => (at?.kind === 'time' ? at : { kind: 'time', ms })
  switch (expr.kind) {
    case 'selector':
      return { ...expr, at: pinned(expr.at) }
    case 'range':
      return { ...expr, selector: { ...expr.selector, at: pinned(expr.selector.at) } }
    case 'subquery':
      return { ...expr, at: pinned(expr.at) }
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

async function insideRange(
  evaluation: Evaluation,
  expr: Expr,
  atMs: number,
  storage: TestStorage,
): Promise<string | undefined> {
  const { ordered, range, string, fails, scalar, series } = evaluation
  if (range !== undefined || string !== undefined || fails !== undefined || dependsOnRange(expr)) return undefined
  let result: QueryResult
  try {
    result = await evaluate({ expr, startMs: atMs - 60_000, endMs: atMs + 60_000, stepMs: 60_000 }, storage)
  } catch (error) {
    if (!(error instanceof PromqlError)) throw error
    return `as a range query: ${error.message}`
  }
  // A range query has no order but that of the labels.
  if (ordered) return undefined
  if (result.value.type !== 'matrix') return 'as a range query: no matrix'
  const middle = result.value.series.flatMap(({ labels, timesMs, values }) => {
    const i = timesMs.indexOf(atMs)
    return i < 0 ? [] : [point(labels, atMs, values[i] as number)]
  })
  if (scalar !== undefined) {
    const value = middle[0]?.values[0]
    if (value !== undefined && almostEqual(scalar, value)) return undefined
    return `as a range query: expected ${scalar}, got ${value}`
  }
  const problem = checkSeries(series, middle, { startMs: atMs, stepMs: 1 }, false)
  return problem === undefined ? undefined : `as a range query: ${problem}`
}

/** `start()` and `end()` mean other times in a range query. */
function dependsOnRange(expr: Expr): boolean {
  for (const node of walk(expr)) {
    const at = node.kind === 'selector' || node.kind === 'subquery' ? node.at : undefined
    if (at !== undefined && at.kind !== 'time') return true
  }
  return false
}
