import { defineCommand } from 'citty'
import { loadConfig } from '../config/load.ts'
import { cronSpacingMs } from '../lib/cron-spacing.ts'
import { parseDuration } from '../model/duration.ts'
import { Labels } from '../model/labels.ts'
import { evaluate, PromqlError, parse, type Query, type Queryable } from '../promql/index.ts'
import { queryJson } from '../web/prometheus/query-json.ts'
import { goTime } from '../web/prometheus/time.ts'
import { CommandError } from './command-error.ts'
import { askOrOpen } from './offline.ts'
import { plain, printJson, table } from './print.ts'
import { serverArgs } from './server-args.ts'

type Point = readonly [seconds: number, value: string]
type Metric = Readonly<Record<string, string>>

/** `data` of Prometheus' query API. */
type Result =
  | { readonly resultType: 'scalar' | 'string'; readonly result: Point }
  | { readonly resultType: 'vector'; readonly result: readonly { readonly metric: Metric; readonly value: Point }[] }
  | {
      readonly resultType: 'matrix'
      readonly result: readonly { readonly metric: Metric; readonly values: readonly Point[] }[]
    }

interface Answer {
  readonly data: Result
  readonly warnings?: readonly string[]
  readonly infos?: readonly string[]
}

const DEFAULT_RANGE_MS = 3_600_000
/** As many steps as a terminal shows well. */
const DEFAULT_STEPS = 30
const RFC3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/
const MOMENT = 'Unix seconds, RFC 3339, or how long ago, such as 1h'

export const query = defineCommand({
  args: {
    expr: { type: 'positional', required: true, description: 'A PromQL expression', valueHint: 'EXPR' },
    time: { type: 'string', description: `The time of evaluation (now): ${MOMENT}`, valueHint: 'TIME' },
    start: { type: 'string', description: 'For a range: its first moment (1h before its end)', valueHint: 'TIME' },
    end: { type: 'string', description: 'For a range: its last moment (now)', valueHint: 'TIME' },
    step: { type: 'string', description: 'For a range: the time between its moments, such as 30s', valueHint: 'SPAN' },
    json: { type: 'boolean', description: "Print the result as JSON, as in Prometheus' API" },
    ...serverArgs,
  },
  async run({ args }) {
    const asked = questionOf(args, Date.now())
    const {
      data,
      warnings = [],
      infos = [],
    } = await askOrOpen(
      args,
      async (server) => (await server.ask('GET', addressOf(args.expr, asked))) as Answer,
      ({ store }) => evaluateHere({ text: args.expr, ...asked }, store.series, tickMsOf(args.config)),
    )
    for (const remark of [...warnings, ...infos]) process.stderr.write(`${plain(remark)}\n`)
    if (args.json) printJson(data)
    else process.stdout.write(shown(data))
  },
})

interface QuestionArgs {
  readonly expr: string
  readonly time?: string | undefined
  readonly start?: string | undefined
  readonly end?: string | undefined
  readonly step?: string | undefined
}

type Question =
  | { readonly atMs: number }
  | { readonly startMs: number; readonly endMs: number; readonly stepMs: number }

/** @throws CommandError 2 when the expression is none, or the times are none */
function questionOf({ expr, time, start, end, step }: QuestionArgs, nowMs: number): Question {
  try {
    parse(expr)
  } catch (error) {
    if (error instanceof PromqlError) throw new CommandError(2, `${plain(expr)}\n${plain(error.message)}`)
    throw error
  }
  if (start === undefined && end === undefined && step === undefined)
    return { atMs: moment('--time', time, nowMs) ?? nowMs }
  if (time !== undefined) throw new CommandError(2, '--time is for one moment; a range has --start, --end and --step')
  const endMs = moment('--end', end, nowMs) ?? nowMs
  const startMs = moment('--start', start, nowMs) ?? endMs - DEFAULT_RANGE_MS
  if (endMs < startMs) throw new CommandError(2, '--end is before --start')
  return { startMs, endMs, stepMs: span('--step', step) ?? defaultStepMs(endMs - startMs) }
}

function defaultStepMs(rangeMs: number): number {
  return Math.max(Math.ceil(rangeMs / DEFAULT_STEPS / 1000), 1) * 1000
}

function moment(name: string, text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined) return undefined
  if (/^-?\d+(?:\.\d+)?$/.test(text)) return Math.round(Number(text) * 1000)
  const agoMs = parseDuration(text)
  if (agoMs !== undefined) return nowMs - agoMs
  const ms = RFC3339.test(text) ? Date.parse(text) : Number.NaN
  if (!Number.isNaN(ms)) return ms
  throw new CommandError(2, `${name} ${plain(text)} is not a time; write ${MOMENT}`)
}

function span(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const ms = /^\d+(?:\.\d+)?$/.test(text) ? Math.round(Number(text) * 1000) : parseDuration(text)
  if (ms !== undefined && ms > 0) return ms
  throw new CommandError(2, `${name} ${plain(text)} is not a time span above 0; write one such as 30s or 5m`)
}

function addressOf(expr: string, question: Question): string {
  const times =
    'atMs' in question
      ? { time: question.atMs }
      : { start: question.startMs, end: question.endMs, step: question.stepMs }
  const parameters = Object.entries(times).map(([name, ms]) => [name, String(ms / 1000)])
  const path = 'atMs' in question ? 'query' : 'query_range'
  return `/api/v1/${path}?${new URLSearchParams([['query', expr], ...parameters])}`
}

/** The same on the data itself, while no midwatch runs. */
async function evaluateHere(asked: Query, series: Queryable, defaultSubqueryStepMs?: number): Promise<Answer> {
  try {
    const { value, warnings, infos } = await evaluate(asked, series, { defaultSubqueryStepMs })
    return { data: JSON.parse([...queryJson(value)].join('')) as Result, warnings, infos }
  } catch (error) {
    if (error instanceof PromqlError) throw new CommandError(1, plain(error.message))
    throw error
  }
}

/** The time between evaluations, as the config has it. */
function tickMsOf(file: string | undefined): number | undefined {
  const evaluation = loadConfig({ file, env: process.env }).config?.evaluation
  return evaluation && cronSpacingMs(evaluation.cron, evaluation.timezone, Date.now())
}

function shown(data: Result): string {
  switch (data.resultType) {
    case 'scalar':
    case 'string':
      return `${plain(data.result[1])}\n`
    case 'vector':
      if (data.result.length === 0) return NOTHING
      return table(data.result.map(({ metric, value: [, value] }) => [seriesText(metric), value]))
    case 'matrix':
      if (data.result.length === 0) return NOTHING
      return data.result
        .map(({ metric, values }) => {
          const lines = values.map(([seconds, value]) => ['', goTime(Math.round(seconds * 1000)), value])
          return `${seriesText(metric)}\n${table(lines)}`
        })
        .join('')
  }
}

const NOTHING = '(no series)\n'

function seriesText(metric: Metric): string {
  return plain(Labels.of(metric).toString())
}
