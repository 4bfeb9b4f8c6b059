import { Semaphore } from '../../lib/semaphore.ts'
import { version } from '../../lib/version.ts'
import {
  type EvaluateOptions,
  type Expr,
  evaluate,
  PromqlError,
  parse,
  prettyPrint,
  type Query,
  typeOf,
} from '../../promql/index.ts'
import { TYPE_NAMES } from '../../promql/syntax/check.ts'
import { requireScope } from '../auth.ts'
import { type Answer, answering } from '../prometheus/answer.ts'
import {
  invalidParameter,
  MAX_TIME_MS,
  MIN_TIME_MS,
  ParameterError,
  type Parameters,
} from '../prometheus/parameters.ts'
import { queryJson, seriesCount } from '../prometheus/query-json.ts'
import { syntaxTree } from '../prometheus/syntax-tree.ts'
import type { Api } from '../registry.ts'

/** As Prometheus' `--query.max-concurrency` and `--query.timeout`. */
const MAX_QUERIES = 20
const TIMEOUT_MS = 120_000
const MAX_POINTS = 11_000
/** Whose language and API this is; clients choose their requests by it. */
const PROMETHEUS_VERSION = '3.0.0'

/** Prometheus' query API, for Grafana, promtool and the like. */
export const queryApi: Api = (web, context) => {
  const read = requireScope(context, 'read')
  const places = new Semaphore(MAX_QUERIES)
  const both = ['GET', 'POST']

  const answer = async (query: Query, parameters: Parameters, signal: AbortSignal): Promise<Answer> => {
    const limit = parameters.limit()
    const options = { ...evaluateOptions(parameters), defaultSubqueryStepMs: context.tickMs(), signal }
    const { value, warnings, infos } = await places.run(() => evaluate(query, context.store.series, options))
    const isCut = limit !== undefined && seriesCount(value) > limit
    return {
      data: { pieces: queryJson(value, limit) },
      warnings: isCut ? [...warnings, 'results truncated due to limit'] : warnings,
      infos,
    }
  }

  web.on(
    both,
    '/api/v1/query',
    read,
    answering(context, (parameters, c) => {
      const atMs = parameters.time('time') ?? context.clock.now()
      return answer({ expr: expressionOf(parameters), atMs }, parameters, c.req.raw.signal)
    }),
  )
  web.on(
    both,
    '/api/v1/query_range',
    read,
    answering(context, (parameters, c) => {
      const range = rangeOf(parameters)
      const expr = expressionOf(parameters)
      const type = typeOf(expr)
      if (type === 'matrix' || type === 'string') {
        const why = `invalid expression type "${TYPE_NAMES[type]}" for range query, must be Scalar or instant Vector`
        throw invalidParameter('query', why)
      }
      return answer({ expr, ...range }, parameters, c.req.raw.signal)
    }),
  )
  web.on(
    both,
    '/api/v1/query_exemplars',
    read,
    answering(context, (parameters) => {
      const { start = MIN_TIME_MS, end = MAX_TIME_MS } = {
        start: parameters.time('start'),
        end: parameters.time('end'),
      }
      if (end < start) throw new ParameterError('end timestamp must not be before start timestamp')
      parse(parameters.get('query'))
      return { data: { value: [] } }
    }),
  )
  web.on(
    both,
    '/api/v1/format_query',
    read,
    answering(context, (parameters) => ({ data: { value: prettyPrint(expressionOf(parameters)) } })),
  )
  web.on(
    both,
    '/api/v1/parse_query',
    read,
    answering(context, (parameters) => ({ data: { value: syntaxTree(expressionOf(parameters)) } })),
  )
  web.get('/api/v1/status/buildinfo', read, answering(context, buildInfo))
}

function buildInfo(): Answer {
  const revision = `midwatch ${version}`
  return {
    data: {
      value: { version: PROMETHEUS_VERSION, revision, branch: '', buildUser: '', buildDate: '', goVersion: '' },
    },
  }
}

function expressionOf(parameters: Parameters): Expr {
  try {
    return parse(parameters.get('query'))
  } catch (error) {
    if (error instanceof PromqlError) throw invalidParameter('query', error.message)
    throw error
  }
}

function rangeOf(parameters: Parameters) {
  const startMs = parameters.requiredTime('start')
  const endMs = parameters.requiredTime('end')
  if (endMs < startMs) throw invalidParameter('end', 'end timestamp must not be before start time')
  const stepMs = parameters.requiredDuration('step')
  if (stepMs <= 0) {
    const why = 'zero or negative query resolution step widths are not accepted. Try a positive integer'
    throw invalidParameter('step', why)
  }
  if (Math.floor((endMs - startMs) / stepMs) > MAX_POINTS) {
    throw new ParameterError(
      'exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)',
    )
  }
  return { startMs, endMs, stepMs }
}

function evaluateOptions(parameters: Parameters): EvaluateOptions {
  const timeMs = Math.min(parameters.duration('timeout') ?? TIMEOUT_MS, TIMEOUT_MS)
  const lookbackMs = parameters.duration('lookback_delta')
  return { limits: { timeMs }, ...(lookbackMs === undefined || lookbackMs <= 0 ? {} : { lookbackMs }) }
}
