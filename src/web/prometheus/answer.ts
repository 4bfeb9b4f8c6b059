import type { Context } from 'hono'
import { PromqlError } from '../../promql/index.ts'
import { jsonText } from '../../wire/json-text.ts'
import type { WebEnv } from '../auth.ts'
import type { WebContext } from '../context.ts'
import { HttpProblem } from '../problem.ts'
import { sendText } from '../send-text.ts'
import { ParameterError, type Parameters, readParameters } from './parameters.ts'

/** What Prometheus calls the kinds of errors of its API. */
type ErrorType = 'bad_data' | 'execution' | 'timeout' | 'canceled' | 'not_found' | 'internal'

const STATUS = {
  bad_data: 400,
  execution: 422,
  timeout: 503,
  canceled: 503,
  not_found: 404,
  internal: 500,
} as const satisfies Record<ErrorType, number>

/** How many warnings, and how many infos, an answer has at most. */
const MAX_REMARKS = 10

/** What an address of Prometheus' API answers. */
export interface Answer {
  /** JSON in pieces, or a value that becomes JSON. */
  readonly data: { readonly pieces: Iterable<string> } | { readonly value: unknown }
  readonly warnings?: readonly string[]
  readonly infos?: readonly string[]
}

type Work = (parameters: Parameters, c: Context<WebEnv>) => Promise<Answer> | Answer

/**
 * Makes a handler that answers in Prometheus' shape, errors included.
 *
 * @see https://prometheus.io/docs/prometheus/latest/querying/api/
 */
export function answering(context: WebContext, work: Work): (c: Context<WebEnv>) => Promise<Response> {
  return async (c) => {
    try {
      const answer = await work(await readParameters(c), c)
      return await sendText(c, envelope(answer), 'application/json')
    } catch (error) {
      // Too large a body, a disk that can't be read: the same for all addresses.
      if (error instanceof HttpProblem) throw error
      const type = errorTypeOf(error)
      if (type === 'internal') {
        const about = { event: 'http.failed', trace_id: c.get('traceId'), path: c.req.path, err: error }
        context.log.error(about, 'a query failed')
      }
      const body = { status: 'error', errorType: type, error: messageOf(error) }
      return c.json(body, STATUS[type], { 'cache-control': 'no-store' })
    }
  }
}

function messageOf(error: unknown): string {
  if (error instanceof ParameterError) return error.message
  if (!(error instanceof PromqlError)) return 'midwatch itself failed; its log tells why'
  // Prometheus says where only what the text itself is to blame for.
  return error.kind === 'parse' ? error.message : error.detail
}

function* envelope({ data, warnings, infos }: Answer): Generator<string> {
  yield '{"status":"success","data":'
  if ('pieces' in data) yield* data.pieces
  else yield JSON.stringify(data.value)
  yield `${remarks('warnings', warnings)}${remarks('infos', infos)}}\n`
}

function remarks(key: 'warnings' | 'infos', texts: readonly string[] = []): string {
  if (texts.length === 0) return ''
  const omitted = texts.length - MAX_REMARKS
  const kind = key === 'warnings' ? 'warning' : 'info'
  const shown = texts.slice(0, MAX_REMARKS)
  if (omitted > 0) shown.push(`${omitted} more ${kind} annotations omitted`)
  return `,"${key}":[${shown.map(jsonText).join(',')}]`
}

function errorTypeOf(error: unknown): ErrorType {
  if (error instanceof ParameterError) return 'bad_data'
  if (!(error instanceof PromqlError)) return 'internal'
  switch (error.kind) {
    case 'parse':
      return 'bad_data'
    case 'execution':
    case 'limit':
      return 'execution'
    case 'timeout':
      return 'timeout'
    case 'canceled':
      return 'canceled'
  }
}
