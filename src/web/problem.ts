import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'

/** One thing wrong with a request's content. */
export interface FieldError {
  /** Where: `[0].labels.model`, a parameter's name. */
  readonly field: string
  readonly message: string
}

/**
 * A request that can't be answered as it wishes; becomes problem JSON.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9457
 */
export class HttpProblem extends Error {
  override readonly name = 'HttpProblem'
  readonly status: ContentfulStatusCode
  readonly title: string
  readonly errors: readonly FieldError[]
  readonly retryAfterSeconds: number | undefined

  constructor(
    status: ContentfulStatusCode,
    title: string,
    detail: string,
    { errors = [], retryAfterSeconds }: { errors?: readonly FieldError[]; retryAfterSeconds?: number } = {},
  ) {
    super(detail)
    this.status = status
    this.title = title
    this.errors = errors
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/** The one error shape of our own addresses. */
export function problemResponse(c: Context, problem: HttpProblem, traceId: string): Response {
  const { status, title, message, errors, retryAfterSeconds } = problem
  const body = {
    type: 'about:blank',
    title,
    status,
    detail: message,
    instance: new URL(c.req.url).pathname,
    trace_id: traceId,
    ...(errors.length === 0 ? {} : { errors }),
  }
  return c.body(JSON.stringify(body), status, {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
  })
}
